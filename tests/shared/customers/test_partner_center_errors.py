"""Each refusal of Partner Center's is one error with a remedy of its own, whatever stands in its body."""

import json

import pytest
import requests

from shared.customers.errors import (
    CustomerUnknown,
    PartnerCenterMfaMissing,
    PartnerCenterRefused,
    PartnerCenterRejected,
    PartnerCenterTokenRefused,
)
from shared.customers.partner_center_errors import already_exists, refusal
from shared.errors import BrokerError

BODIES = {
    "empty": b"",
    "HTML": b"<html><body>Sorry</body></html>",
    "an unknown code": json.dumps({"code": 4711, "description": "Sorry"}).encode(),
    "no object": b"[1]",
    "no text": b"\xff\xfe\x00",
}


def answered(method: str, status: int, body: bytes) -> requests.Response:
    answer = requests.Response()
    answer.status_code, answer._content = status, body
    answer.request = requests.Request(method, "https://partner.example/v1/customers").prepare()
    return answer


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize(
    ("method", "status", "error"),
    [
        ("GET", 401, PartnerCenterTokenRefused),
        ("GET", 403, PartnerCenterRefused),
        ("GET", 404, PartnerCenterRefused),
        ("POST", 400, PartnerCenterRejected),
        ("POST", 401, PartnerCenterTokenRefused),
        ("POST", 403, PartnerCenterRefused),
        ("POST", 404, CustomerUnknown),
        ("POST", 409, PartnerCenterRejected),
        ("DELETE", 404, CustomerUnknown),
    ],
)
def test_the_status_decides_and_nothing_of_the_text_is_told(
    method: str, status: int, error: type[BrokerError], body: bytes
) -> None:
    found = refusal(answered(method, status, body))
    assert (type(found), bool(found.remedy)) == (error, True)
    assert f"HTTP {status}" in found.detail
    assert "Sorry" not in found.description
    assert not already_exists(answered(method, status, body))


def test_a_sign_in_without_mfa_is_known_by_its_code() -> None:
    assert type(refusal(answered("GET", 401, b'{"code": 900421}'))) is PartnerCenterMfaMissing


@pytest.mark.parametrize("status", [400, 409])
@pytest.mark.parametrize("field", ["description", "message"])
def test_that_a_consent_is_there_is_known_by_the_sentence(status: int, field: str) -> None:
    body = json.dumps({"code": 600, field: "Permission entry already exists."}).encode()
    assert already_exists(answered("POST", status, body))
