"""What a request asks for: by a body or by a query, by known names alone, and nothing that is not heard."""

import json
from typing import Any
from urllib.parse import urlencode

import azure.functions as func
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import BodyTooLarge, InvalidRequest, LengthRequired
from shared.request_fields import MAX_BODY, body_or_query, checked_parameters, json_body, require_no_body

SECRET = "1.A-refresh-token"
FIELDS: dict[str, type] = {"tenant": str, "seconds": int, "dry_run": bool, "pairs": list, "claims": str}
BODY_ALONE = ("claims",)
MANY = settings(max_examples=200, deadline=None)


def request(body: bytes = b"", **parameters: str) -> func.HttpRequest:
    return func.HttpRequest(
        method="POST", url=f"https://broker.example/api/token?{urlencode(parameters)}", params=parameters, body=body
    )


def asked(body: bytes = b"", **parameters: str) -> dict[str, Any]:
    return dict(body_or_query(request(body, **parameters), FIELDS, body_alone=BODY_ALONE))


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"{}", {}),
        (b' {"tenant": "t"} ', {"tenant": "t"}),
        ('{"tenant": "é"}'.encode(), {"tenant": "é"}),
        (
            b'{"seconds": 5, "dry_run": true, "pairs": [{"a": 1}]}',
            {"seconds": 5, "dry_run": True, "pairs": [{"a": 1}]},
        ),
    ],
)
def test_the_fields_of_a_body_are_read(body: bytes, fields: dict[str, Any]) -> None:
    assert json_body(request(body), FIELDS) == fields


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "The body is absent. Send JSON; {} names no field."),
        (b"tenant=t", "The body is not JSON in UTF-8."),
        (b"[" * MAX_BODY, "The body is nested deeper than 32 levels."),
        (b"null", "The body is not a JSON object."),
        (b"[]", "The body is not a JSON object."),
        (b'"text"', "The body is not a JSON object."),
        (b"1", "The body is not a JSON object."),
        (b'[["tenant", "t"]]', "The body is not a JSON object."),
        (b'{"tenant": "t", "tenant": "u"}', "The body has a field twice: 'tenant'."),
        (b'{"pairs": [{"a": 1, "a": 2}]}', "The body has a field twice: 'a'."),
        (b'{"Tenant": "t"}', "Unknown field: 'Tenant'; this route takes tenant, seconds, dry_run, pairs, claims."),
        (b'{"__proto__": {}}', "Unknown field: '__proto__'; this route takes"),
        (b'{"a": 1, "tenant": "t", "b": 1, "c": 1, "d": 1, "e": 1}', "Unknown field: 'a', 'b', 'c' and 2 more;"),
        (b'{"' + b"x" * 99 + b'": 1}', f"Unknown field: '{'x' * 40}'; this route takes"),
        (b'{"a\\u001b\\n": 1}', "Unknown field: 'a??'; this route takes"),
        (b'{"tenant": null}', "tenant: it should be a string."),
        (b'{"tenant": ["t"]}', "tenant: it should be a string."),
        (b'{"tenant": 1}', "tenant: it should be a string."),
        (b'{"seconds": true}', "seconds: it should be a whole number."),
        (b'{"seconds": 1.0}', "seconds: it should be a whole number."),
        (b'{"seconds": "1"}', "seconds: it should be a whole number."),
        (b'{"seconds": NaN}', "The body holds a number"),
        (b'{"dry_run": 1}', "dry_run: it should be true or false."),
        (b'{"dry_run": "false"}', "dry_run: it should be true or false."),
        (b'{"pairs": {}}', "pairs: it should be a list."),
        (f'{{"pairs": "{SECRET}"}}'.encode(), "pairs: it should be a list."),
        (f'{{"unknown": "{SECRET}"}}'.encode(), "Unknown field: 'unknown';"),
        (f'{{"tenant": "{SECRET}", "tenant": "{SECRET}"}}'.encode(), "The body has a field twice: 'tenant'."),
    ],
)
def test_a_bad_body_is_refused_with_what_is_wrong_and_no_value_is_repeated(body: bytes, says: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        json_body(request(body), FIELDS)
    assert refused.value.detail.startswith(says)
    assert SECRET not in refused.value.description
    assert refused.value.__cause__ is None


def test_a_route_without_fields_says_so() -> None:
    with pytest.raises(InvalidRequest, match="Unknown field: 'a'; this route takes none"):
        json_body(request(b'{"a": 1}'), {})


def test_a_body_that_is_too_large_is_refused_before_it_is_read() -> None:
    assert json_body(request(b" " * (MAX_BODY - 2) + b"{}"), FIELDS) == {}
    with pytest.raises(BodyTooLarge):
        json_body(request(b" " * (MAX_BODY - 1) + b"{}"), FIELDS)


def test_a_body_that_is_too_large_is_refused_where_it_should_say_nothing_too() -> None:
    require_no_body(request(b" " * MAX_BODY))
    with pytest.raises(BodyTooLarge):
        require_no_body(request(b" " * (MAX_BODY + 1)))
    with pytest.raises(BodyTooLarge):
        asked(b" " * (MAX_BODY + 1), tenant="t")


@pytest.mark.parametrize("body", [b"{}", b'{"tenant": "t"}', b""])
def test_what_is_asked_in_the_query_of_a_route_that_reads_bodies_is_not_overheard(body: bytes) -> None:
    with pytest.raises(InvalidRequest, match="Unknown parameter: 'person'; this route takes none"):
        json_body(request(body, person="ada"), FIELDS)


@MANY
@given(st.binary(max_size=60) | st.text('{}[]":,tenant1 \\u', max_size=30).map(str.encode))
def test_any_body_is_fields_or_an_invalid_request(body: bytes) -> None:
    try:
        fields = json_body(request(body), FIELDS)
    except InvalidRequest:
        return
    assert fields.keys() <= FIELDS.keys()


@MANY
@given(st.dictionaries(st.text(max_size=60), st.integers() | st.text(), min_size=1))
def test_of_fields_that_nobody_knows_at_most_three_are_named_and_shortly(content: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        json_body(request(json.dumps(content).encode()), {})
    named, _, taken = refused.value.detail.rpartition("; ")
    assert taken == "this route takes none."
    assert len(named) <= len("Unknown field: ") + 3 * 44 + len(" and 9999 more")
    assert named.isprintable()


@pytest.mark.parametrize("body", [b"", b"{}", b" {} ", b"\r\n"])
def test_a_body_that_says_nothing_is_none(body: bytes) -> None:
    require_no_body(request(body))


@pytest.mark.parametrize("body", [b'{"dry_run": true}', b"[]", b"null", b"{", b"person=ada", b"\0"])
def test_a_body_that_nobody_reads_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest, match="This route takes no body"):
        require_no_body(request(body))


def test_known_parameters_are_handed_on() -> None:
    assert checked_parameters({"tenant": "contoso"}, ("tenant", "consent")) == {"tenant": "contoso"}
    assert checked_parameters({}, ()) == {}


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"tenat": SECRET}, "Unknown parameter: 'tenat'; this route takes tenant, consent."),
        ({"Tenant": "contoso"}, "Unknown parameter: 'Tenant'; this route takes tenant, consent."),
        ({"a": "1", "b": "2", "c": "3", "d": "4"}, "Unknown parameter: 'a', 'b', 'c' and 1 more;"),
        ({"tenant": f"contoso,{SECRET}"}, "tenant: it is there twice, or has a comma."),
        ({"tenant": ","}, "tenant: it is there twice, or has a comma."),
    ],
)
def test_an_unknown_or_repeated_parameter_is_refused_and_its_value_not_repeated(
    parameters: dict[str, str], says: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        checked_parameters(parameters, ("tenant", "consent"))
    assert refused.value.detail.startswith(says)
    assert SECRET not in refused.value.description


def test_a_query_says_the_same_as_a_body() -> None:
    assert asked(tenant="contoso", seconds="60") == asked(b'{"tenant": "contoso", "seconds": 60}')


@pytest.mark.parametrize(
    ("body", "parameters", "says"),
    [
        (b"", {}, "The body is absent."),
        (b"{}", {"tenant": "t"}, "There are a body and parameters: send one of them."),
        (b'{"tenant": "t"}', {"tenant": "t"}, "There are a body and parameters: send one of them."),
        (b" ", {"nobody": "knows"}, "There are a body and parameters: send one of them."),
        (b"", {"claims": "{}"}, "claims: in a body alone."),
        (b"", {"tenant": "t", "claims": "{}"}, "claims: in a body alone."),
        (b"", {"tenat": "t"}, "Unknown parameter: 'tenat'; this route takes tenant, seconds, dry_run, pairs."),
        (b"", {"tenant": "t,t"}, "tenant: it is there twice, or has a comma."),
        (b"", {"seconds": "60,60"}, "seconds: it is there twice, or has a comma."),
        (b"", {"seconds": "many"}, "seconds: it should be a whole number."),
        (b"", {"seconds": "6.0"}, "seconds: it should be a whole number."),
        (b"", {"seconds": " 60"}, "seconds: it should be a whole number."),
        (b"", {"seconds": "1e3"}, "seconds: it should be a whole number."),
        (b"", {"seconds": "٦٠"}, "seconds: it should be a whole number."),
        (b"", {"seconds": "9" * 5000}, "seconds: it should be a whole number."),
        (b"", {"pairs": "[]"}, "pairs: it should be a list."),
    ],
)
def test_fields_come_in_one_way_or_not_at_all(body: bytes, parameters: dict[str, str], says: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        asked(body, **parameters)
    assert refused.value.detail.startswith(says)


@MANY
@given(
    st.dictionaries(
        st.sampled_from(["tenant", "seconds", "claims", "Tenant"]) | st.text(max_size=8), st.text(max_size=8)
    ),
    st.sampled_from([b"", b"{}", b'{"tenant": "t"}']),
)
def test_any_query_and_body_are_the_fields_of_one_of_them_or_refused(query: dict[str, str], body: bytes) -> None:
    try:
        fields = body_or_query(
            func.HttpRequest(method="POST", url="/", params=query, body=body), FIELDS, body_alone=BODY_ALONE
        )
    except InvalidRequest:
        return
    if not query:
        assert fields == json.loads(body)
        return
    assert body == b""
    assert {name: str(value) for name, value in fields.items()} == {
        name: value if name == "tenant" else str(int(value)) for name, value in query.items()
    }
    assert not [value for value in query.values() if "," in value]
    assert query.keys() <= {"tenant", "seconds"}


def chunked(body: bytes = b"", coding: str = "chunked", parameters: dict[str, str] | None = None) -> func.HttpRequest:
    url, headers = "https://broker.example/api/token", {"Transfer-Encoding": coding}
    return func.HttpRequest(method="POST", url=url, params=parameters or {}, body=body, headers=headers)


def test_a_chunked_body_that_arrives_is_read() -> None:
    assert json_body(chunked(b'{"tenant": "t"}'), FIELDS) == {"tenant": "t"}


@pytest.mark.parametrize("coding", ["chunked", "Chunked", "gzip, chunked"])
@pytest.mark.parametrize("parameters", [{}, {"tenant": "t"}], ids=["body", "query"])
def test_a_chunked_body_that_arrives_empty_is_refused_with_how_to_send_it(
    coding: str, parameters: dict[str, str]
) -> None:
    """Whatever it said is lost: neither every default, nor the query beside it, nor a deletion without it."""
    lost = chunked(coding=coding, parameters=parameters)
    for read in (
        lambda: json_body(chunked(coding=coding), FIELDS),
        lambda: body_or_query(lost, FIELDS, body_alone=BODY_ALONE),
        lambda: require_no_body(lost),
    ):
        with pytest.raises(LengthRequired) as refused:
            read()
    assert refused.value.status == 411
    assert "Content-Length" in refused.value.remedy
