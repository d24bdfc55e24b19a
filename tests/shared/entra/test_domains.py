"""Whose a domain is: only this cloud's own document of the expected shape says so."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.entra.domains import DomainDirectory, is_domain
from shared.errors import AuthorityUnavailable

HOST = "https://login.microsoftonline.com"
TENANT = "bbbb0000-0000-4000-8000-000000000001"
OTHER = "bbbb0000-0000-4000-8000-000000000002"


class Answers:
    """An authority with one answer."""

    def __init__(self, status: int, body: str) -> None:
        self.status, self.body = status, body
        self.asked: list[str] = []

    def get(self, url: str) -> requests.Response:
        self.asked.append(url)
        answer = requests.Response()
        answer.status_code = self.status
        answer._content = self.body.encode()
        return answer


def owner(status: int, body: str) -> str | None:
    answers: Any = Answers(status, body)
    found = DomainDirectory(answers, authority_host=HOST).owner("contoso.example").tenant_id
    assert answers.asked == [f"{HOST}/contoso.example/v2.0/.well-known/openid-configuration"]
    return found


def document(**changed: object) -> Mapping[str, object]:
    usual = {"issuer": f"{HOST}/{TENANT}/v2.0", "token_endpoint": f"{HOST}/{TENANT}/oauth2/v2.0/token"}
    return {**usual, "tenant_region_scope": "EU", **changed}


def test_the_tenant_is_the_one_in_the_endpoints() -> None:
    assert owner(200, json.dumps(document())) == TENANT
    assert owner(200, json.dumps(document()).upper().replace("ISSUER", "issuer").replace("TOKEN_ENDPOINT", "x")) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": f"https://login.microsoftonline.us/{TENANT}/v2.0"},
        {"token_endpoint": f"https://login.microsoftonline.us/{TENANT}/oauth2/v2.0/token"},
        {"token_endpoint": f"{HOST}.example/{TENANT}/oauth2/v2.0/token"},
        {"token_endpoint": f"{HOST}/{OTHER}/oauth2/v2.0/token"},
        {"token_endpoint": f"{HOST}/{TENANT}/oauth2/v2.0/token?x"},
        {"issuer": f"{HOST}/{OTHER}/v2.0"},
        {"issuer": f"{HOST}/common/v2.0"},
        {"issuer": f"{HOST}/{{tenantid}}/v2.0"},
        {"issuer": f"{HOST}/{TENANT}/v1.0"},
        {"issuer": f"{HOST}/{TENANT}/{TENANT}/v2.0"},
        {"issuer": None},
        {"issuer": 7},
        {"token_endpoint": None},
        {"token_endpoint": [f"{HOST}/{TENANT}/oauth2/v2.0/token"]},
    ],
    ids=str,
)
def test_a_document_of_another_cloud_or_of_another_shape_gives_no_tenant(changed: dict[str, object]) -> None:
    assert owner(200, json.dumps(document(**changed))) is None


@pytest.mark.parametrize("status", [400, 404])
def test_a_domain_that_is_nobodys_is_said_in_oauths_words(status: int) -> None:
    assert owner(status, '{"error": "invalid_tenant", "error_codes": [90002]}') is None


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, "{}"),
        (400, "<html>"),
        (302, "{}"),
        (429, '{"error": "x"}'),
        (500, '{"error": "x"}'),
        (200, "[]"),
        (200, ""),
    ],
)
def test_any_other_answer_is_none(status: int, body: str) -> None:
    with pytest.raises(AuthorityUnavailable):
        owner(status, body)


@settings(max_examples=300, deadline=None)
@given(name=st.text(max_size=30) | st.from_regex(r"[a-z0-9._/%?#@:é-]{1,30}", fullmatch=True))
def test_whatever_counts_as_a_domain_is_one_segment_of_an_address(name: str) -> None:
    if is_domain(name):
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")
        assert "." in name.strip(".")
        assert ".." not in name
