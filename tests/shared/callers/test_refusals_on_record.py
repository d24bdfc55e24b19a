"""An operator's request that is refused: on record with who asked, if that was verified, with what and why."""

import asyncio
import json
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, cast

import azure.functions as func
import pytest

from local.world import AZURE_CLI
from shared.bursts import MINUTE, Bursts
from shared.callers.assertion import CONSENT_MANAGE, AssertionVerifier
from shared.callers.operator_check import LONGEST_TARGET, OperatorCheck
from shared.errors import InvalidRequest
from shared.pool import Pool
from shared.responses import json_response
from shared.routes import Routes
from shared.settings import read_settings
from tests.shared.samples import ENVIRONMENT, PERSON, WORKLOAD, WORKLOAD_CLIENT, HomeTenant

NOBODY = {"operator": None, "operator_application": None}
ADA = {"operator": PERSON, "operator_application": AZURE_CLI}
SPOOFED = "198.51.100.1, 203.0.113.7:52811"


@dataclass(frozen=True)
class Invocation:
    invocation_id: str = "the-invocation"


class Broker:
    """One operators' route over real keys; `serves` is what it does for an operator."""

    def __init__(self, home: HomeTenant, *, tells_address: bool = False) -> None:
        self.home, self.now = home, 1000.0
        bursts = Bursts(monotonic=lambda: self.now)
        check = OperatorCheck(
            verifier=AssertionVerifier(read_settings(ENVIRONMENT), home.keys),
            pool=Pool("operators", threads=1),
            fetching_pool=Pool("assertions", threads=1),
            bursts=bursts,
            tells_address=tells_address,
        )
        routes = Routes(bursts=bursts)
        self.serves: Exception | None = None

        @routes.delete("consents/{name}")
        async def consents_withdraw(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:  # noqa: ARG001 - as bound
            await check(req, CONSENT_MANAGE)
            if self.serves is not None:
                raise self.serves
            return json_response({}, correlation="the-id")

        @routes.get("open")
        async def an_open_route(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:  # noqa: ARG001 - as bound
            raise InvalidRequest

        app = func.FunctionApp()
        app.register_functions(routes.blueprint())
        self._functions = {str(one.get_function_name()): one.get_user_function() for one in app.get_functions()}

    def withdraw(self, token: str | None, name: str = "partner") -> int:
        bearer = {} if token is None else {"Authorization": f"Bearer {token}"}
        req = func.HttpRequest(
            method="DELETE",
            url="https://broker.example",
            headers={**bearer, "X-Forwarded-For": SPOOFED},
            route_params={"name": name},
            body=b"",
        )
        return self._call("consents_withdraw", req)

    def ask_what_is_open(self) -> int:
        return self._call("an_open_route", func.HttpRequest(method="GET", url="https://broker.example", body=b""))

    def _call(self, name: str, req: func.HttpRequest) -> int:
        answer = asyncio.run(cast("Coroutine[None, None, func.HttpResponse]", self._functions[name](req, Invocation())))
        return int(answer.status_code)


@pytest.fixture
def broker(home: HomeTenant) -> Broker:
    return Broker(home)


@pytest.fixture
def audit(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level("INFO", "broker.audit")
    return caplog


def records(audit: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [json.loads(found.getMessage()) for found in audit.records if found.name == "broker.audit"]


def test_an_operator_who_lacks_the_role_is_on_record_by_the_verified_name(
    broker: Broker, audit: pytest.LogCaptureFixture
) -> None:
    assert broker.withdraw(broker.home.of_a_person(roles=["Consent.Read"])) == 403
    assert records(audit) == [
        {
            "event": "operator.refused",
            **ADA,
            "route": "consents_withdraw",
            "role": CONSENT_MANAGE,
            "target": "partner",
            "outcome": "role_missing",
            "authority_code": None,
            "address": None,
            "correlation_id": "the-invocation",
            "count": 1,
        }
    ]


def test_a_token_of_another_kind_is_on_record_by_the_verified_name(
    broker: Broker, audit: pytest.LogCaptureFixture
) -> None:
    assert broker.withdraw(broker.home.of_a_person(azp=WORKLOAD_CLIENT)) == 401
    (found,) = records(audit)
    assert found.items() >= {"operator": PERSON, "operator_application": WORKLOAD_CLIENT}.items()
    assert found["outcome"] == "assertion_of_another_kind"


def test_what_a_token_claims_and_nobody_verified_is_no_name(broker: Broker, audit: pytest.LogCaptureFixture) -> None:
    forged = broker.home.of_a_person()[:-8] + "AAAAAAAA"
    for token, outcome in (
        (None, "assertion_missing"),
        (forged, "assertion_invalid"),
        (broker.home.of_a_person(exp=1), "assertion_expired"),
    ):
        assert broker.withdraw(token) == 401
        assert records(audit)[-1].items() >= {**NOBODY, "outcome": outcome}.items()
    assert PERSON not in json.dumps(records(audit))


def test_an_act_that_is_refused_later_is_on_record_with_who_asked_and_why(
    broker: Broker, audit: pytest.LogCaptureFixture
) -> None:
    operator = broker.home.token(roles=[CONSENT_MANAGE])
    for refusal, outcome in (
        (InvalidRequest("no", authority_code=50076), "invalid_request"),
        (TypeError("it choked on a secret"), "internal_error"),
    ):
        broker.serves = refusal
        broker.withdraw(operator)
        found = records(audit)[-1]
        assert (found["operator"], found["operator_application"]) == (WORKLOAD, WORKLOAD_CLIENT)
        assert (found["outcome"], found["route"]) == (outcome, "consents_withdraw")
    assert [found["authority_code"] for found in records(audit)] == [50076, None]
    assert "choked" not in audit.text


def test_what_is_done_and_what_is_everybodys_leaves_no_refusal(broker: Broker, audit: pytest.LogCaptureFixture) -> None:
    assert broker.withdraw(broker.home.token(roles=[CONSENT_MANAGE])) == 200
    assert broker.ask_what_is_open() == 400
    assert records(audit) == []


def test_one_requests_operator_is_not_taken_for_the_next_ones(broker: Broker, audit: pytest.LogCaptureFixture) -> None:
    broker.serves = InvalidRequest()
    broker.withdraw(broker.home.token(roles=[CONSENT_MANAGE]))
    broker.withdraw(None)
    assert [found["operator"] for found in records(audit)] == [WORKLOAD, None]


def test_the_address_is_told_by_a_setting_and_is_the_last_that_was_forwarded(
    home: HomeTenant, audit: pytest.LogCaptureFixture
) -> None:
    Broker(home).withdraw(None)
    Broker(home, tells_address=True).withdraw(None)
    assert [found["address"] for found in records(audit)] == [None, "203.0.113.7"]


def test_a_target_is_as_it_was_written_and_short(broker: Broker, audit: pytest.LogCaptureFixture) -> None:
    broker.withdraw(None, name="x\n" * 5000)
    (found,) = records(audit)
    assert found["target"] == ("x\n" * 5000)[:LONGEST_TARGET]
    assert "\n" not in audit.messages[0]


def test_a_flood_is_few_records_and_its_rest_comes_with_any_later_request(
    broker: Broker, audit: pytest.LogCaptureFixture
) -> None:
    for _ in range(150):
        broker.withdraw(None)
    assert [found["count"] for found in records(audit)] == [1, 19]
    broker.now += MINUTE
    broker.ask_what_is_open()
    assert [found["count"] for found in records(audit)] == [1, 19, 130]
