"""Forms: each field once, blank ones left out, unknown ones let through, and no other kind of body."""

from urllib.parse import urlencode

import azure.functions as func
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import BodyTooLarge, InvalidRequest, LengthRequired
from shared.form_fields import FORM, MOST_FIELDS, form_fields
from shared.request_fields import MAX_BODY


def read(body: bytes, **headers: str) -> dict[str, str]:
    given_headers = {"Content-Type": FORM, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return form_fields(func.HttpRequest(method="POST", url="/api/x", headers=given_headers, body=body))


@settings(deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(min_size=1, max_size=8), max_size=10))
def test_what_a_client_puts_into_a_form_comes_out_of_it(fields: dict[str, str]) -> None:
    assert read(urlencode(fields).encode()) == fields


@pytest.mark.parametrize("kind", [FORM, f"{FORM}; charset=utf-8", FORM.upper()])
def test_the_kind_of_body_may_name_its_characters(kind: str) -> None:
    assert read(b"a=1", Content_Type=kind) == {"a": "1"}


@pytest.mark.parametrize("body", [b"", b"  ", b"a=", b"a=&a="])
def test_a_field_without_a_value_is_left_out(body: bytes) -> None:
    assert read(body) == {}
    assert read(body + b"&b=1&a=2" if body.strip() else b"b=1&a=2") == {"b": "1", "a": "2"}


@pytest.mark.parametrize(
    ("body", "kind", "named"),
    [
        (b"scope=a&scope=a", FORM, "twice: 'scope'"),
        (b"secret=1&%73ecret=2", FORM, "twice: 'secret'"),
        (b'{"a": 1}', "application/json", FORM),
        (b"a=1", "", FORM),
        (b"--b\r\n", "multipart/form-data; boundary=b", FORM),
        (b"a=%ff", FORM, "malformed"),
        ("a=ö".encode(), FORM, "malformed"),
        (b"&".join(b"a%d=1" % number for number in range(MOST_FIELDS + 1)), FORM, "malformed"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(body: bytes, kind: str, named: str) -> None:
    with pytest.raises(InvalidRequest, match=named):
        read(body, Content_Type=kind)


def test_a_body_that_is_too_large_or_was_lost_is_refused() -> None:
    with pytest.raises(BodyTooLarge):
        read(b"a=" + b"1" * MAX_BODY)
    with pytest.raises(LengthRequired):
        read(b"", Transfer_Encoding="chunked")
