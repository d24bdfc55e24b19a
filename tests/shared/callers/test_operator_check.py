"""The operator check: the header of a request becomes an operator with the role, or a refusal."""

import asyncio
import base64
import threading

import azure.functions as func
import pytest

from shared.bursts import Bursts
from shared.callers.assertion import AssertionVerifier, Principal
from shared.callers.errors import RoleMissing
from shared.callers.operator_check import OperatorCheck
from shared.errors import AssertionMissing
from shared.keys.errors import AssertionInvalid
from shared.pool import Pool
from shared.settings import read_settings
from tests.shared.samples import ENVIRONMENT, HomeTenant
from tests.token_http.samples import CALLER_ID


def checked(home: HomeTenant, authorization: str | None, role: str) -> Principal:
    verifier = AssertionVerifier(read_settings(ENVIRONMENT), home.keys)
    check = OperatorCheck(
        verifier=verifier,
        pool=Pool("operators", threads=1),
        fetching_pool=Pool("assertions", threads=1),
        bursts=Bursts(),
    )
    return asyncio.run(check(request(authorization), role))


def request(authorization: str | None) -> func.HttpRequest:
    headers = {} if authorization is None else {"Authorization": authorization}
    return func.HttpRequest(method="GET", url="/api/consents", headers=headers, body=b"")


def test_an_operator_needs_the_role_that_is_asked_for(home: HomeTenant) -> None:
    operator = home.token(roles=["Consent.Read"], oid=CALLER_ID, sub=CALLER_ID)
    assert checked(home, f"Bearer {operator}", "Consent.Read").object_id == CALLER_ID
    with pytest.raises(RoleMissing):
        checked(home, f"Bearer {operator}", "Consent.Manage")
    with pytest.raises(RoleMissing):
        checked(home, f"Bearer {home.token()}", "Consent.Read")


def test_an_operator_whose_key_is_known_waits_behind_no_key_that_is_being_fetched(home: HomeTenant) -> None:
    """Whoever makes up key ids while the authority is slow fills the threads that fetch keys."""
    verifier = AssertionVerifier(read_settings(ENVIRONMENT), home.keys)
    operator = home.token(roles=["Consent.Manage"])
    verifier.verify(home.token())
    gate = threading.Event()

    async def scenario() -> None:
        fetching = Pool("assertions", threads=1)
        check = OperatorCheck(
            verifier=verifier, pool=Pool("operators", threads=1), fetching_pool=fetching, bursts=Bursts()
        )
        stuck = asyncio.create_task(fetching.run(lambda: gate.wait(20)))
        header = base64.urlsafe_b64encode(b'{"alg": "RS256", "kid": "made-up"}').decode().rstrip("=")
        behind = asyncio.create_task(check(request(f"Bearer {header}.e30.AAAA"), "Consent.Manage"))
        await asyncio.sleep(0)
        assert (await check(request(f"Bearer {operator}"), "Consent.Manage")).roles == {"Consent.Manage"}
        assert not stuck.done()
        assert not behind.done()
        gate.set()
        with pytest.raises(AssertionInvalid):
            await behind
        await stuck

    asyncio.run(scenario())


def test_a_request_without_an_assertion_is_nobodys(home: HomeTenant) -> None:
    with pytest.raises(AssertionMissing):
        checked(home, None, "Consent.Read")
