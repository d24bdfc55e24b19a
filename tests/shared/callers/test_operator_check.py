"""The operator check: the header of a request becomes an operator with the role, or a refusal."""

import asyncio

import azure.functions as func
import pytest

from shared.callers.assertion import AssertionVerifier, Principal
from shared.callers.errors import RoleMissing
from shared.callers.operator_check import OperatorCheck
from shared.errors import AssertionMissing
from shared.pool import Pool
from shared.settings import read_settings
from tests.shared.samples import ENVIRONMENT, HomeTenant
from tests.token_http.samples import CALLER_ID


def checked(home: HomeTenant, authorization: str | None, role: str) -> Principal:
    verifier = AssertionVerifier(read_settings(ENVIRONMENT), home.keys)
    headers = {} if authorization is None else {"Authorization": authorization}
    req = func.HttpRequest(method="GET", url="/api/consents", headers=headers, body=b"")
    return asyncio.run(OperatorCheck(verifier=verifier, pool=Pool("assertions", threads=2))(req, role))


def test_an_operator_needs_the_role_that_is_asked_for(home: HomeTenant) -> None:
    operator = home.token(roles=["Consent.Read"], oid=CALLER_ID, sub=CALLER_ID)
    assert checked(home, f"Bearer {operator}", "Consent.Read").object_id == CALLER_ID
    with pytest.raises(RoleMissing):
        checked(home, f"Bearer {operator}", "Consent.Manage")
    with pytest.raises(RoleMissing):
        checked(home, f"Bearer {home.token()}", "Consent.Read")


def test_a_request_without_an_assertion_is_nobodys(home: HomeTenant) -> None:
    with pytest.raises(AssertionMissing):
        checked(home, None, "Consent.Read")
