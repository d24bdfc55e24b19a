"""The service behind every dialect: whoever is refused is on record, however early, and messages succeed as a whole."""

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from local.signing import SigningKeys as StackKeys
from local.world import AZURE_CLI
from shared.callers.assertion import AssertionVerifier, Principal, bearer
from shared.callers.errors import AssertionOfAnotherKind, RoleMissing
from shared.entra.errors import CustomerTenantRefused
from shared.errors import AssertionMissing, AuthorityUnavailable, BrokerError, InvalidRequest
from shared.keys.errors import AssertionExpired, AssertionInvalid
from shared.pool import Pool
from shared.settings import read_settings
from tests.shared.samples import ENVIRONMENT, PERSON, WORKLOAD, WORKLOAD_CLIENT, HomeTenant
from tests.token_http.samples import CONTOSO_ID, Scene, request, row
from token_http.message import Issued, TokenRequest
from token_http.refusals import NotPermitted
from token_http.service import TokenService
from token_http.trail import Trail

UNKNOWN_CALLER = {"caller": None, "caller_application": None}
UNKNOWN_REQUEST = dict.fromkeys(("consent", "tenant_asked", "resource", "permission", "tenant"))


class Desk:
    """A token service over fakes, whose callers' tokens are really signed."""

    def __init__(self, home: HomeTenant) -> None:
        self.home, self.scene = home, Scene()
        self.scene.write_policy(row(caller=WORKLOAD, resources=["graph", "arm"]))
        verifier = AssertionVerifier(read_settings(ENVIRONMENT), home.keys)
        self.service = TokenService(
            verifier=verifier,
            issuer=self.scene.issuer,
            pool=Pool("assertions", threads=2),
            clock=self.scene.clock,
            watch=lambda: None,
        )

    def ask(
        self, assertion: str | None, *requests: TokenRequest, read: Callable[[], Sequence[TokenRequest]] | None = None
    ) -> list[Issued]:
        def requests_of(_caller: Principal) -> Sequence[TokenRequest]:
            return read() if read else requests

        header = None if assertion is None else f"Bearer {assertion}"
        trail = Trail(dialect="plain", correlation="correlation-1")
        return asyncio.run(self.service.issue(trail, lambda: bearer(header), requests_of))


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a signing key of the home tenant."""
    folder = tmp_path_factory.mktemp("keys")
    StackKeys(folder).rotate()
    return folder


@pytest.fixture
def desk(keys: Path, caplog: pytest.LogCaptureFixture) -> Desk:
    caplog.set_level(logging.INFO, "broker.audit")
    return Desk(HomeTenant(keys))


def records(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [json.loads(line) for line in caplog.messages]


WORKLOADS = {"caller": WORKLOAD, "caller_application": WORKLOAD_CLIENT}
A_PERSONS = {"caller": PERSON, "caller_application": AZURE_CLI}
type Asserted = Callable[[HomeTenant], str | None]
EARLY: list[tuple[Asserted, type[BrokerError], dict[str, Any]]] = [
    (lambda _home: None, AssertionMissing, UNKNOWN_CALLER),
    (lambda _home: "not-a-token", AssertionInvalid, UNKNOWN_CALLER),
    (lambda home: home.token()[:-8] + "AAAAAAAA", AssertionInvalid, UNKNOWN_CALLER),
    (lambda home: home.token(exp=1), AssertionExpired, UNKNOWN_CALLER),
    (lambda home: home.token(roles=[]), RoleMissing, WORKLOADS),
    (lambda home: home.of_a_person(), AssertionOfAnotherKind, A_PERSONS),
]


@pytest.mark.parametrize(("assertion", "refusal", "who"), EARLY)
def test_who_is_refused_before_asking_is_on_record_by_name_if_the_name_was_verified(
    desk: Desk,
    caplog: pytest.LogCaptureFixture,
    *,
    assertion: Asserted,
    refusal: type[BrokerError],
    who: dict[str, Any],
) -> None:
    """Somebody who tries tokens until one fits must show in the trail; what a token claims is nobody's name."""
    unverified = assertion(desk.home)
    with pytest.raises(refusal):
        desk.ask(unverified, request())
    (found,) = records(caplog)
    assert (found["event"], found["outcome"]) == ("token.refused", refusal.code)
    assert (found["dialect"], found["correlation_id"]) == ("plain", "correlation-1")
    assert found.items() >= (who | UNKNOWN_REQUEST).items()
    assert unverified is None or unverified not in caplog.text
    assert desk.scene.authority.asked == []


def test_a_malformed_message_is_on_record_with_the_caller_who_sent_it(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    def malformed() -> Sequence[TokenRequest]:
        raise InvalidRequest("tenant: missing.")

    with pytest.raises(InvalidRequest):
        desk.ask(desk.home.token(), read=malformed)
    (found,) = records(caplog)
    assert (found["event"], found["outcome"]) == ("token.refused", "invalid_request")
    assert (found["caller"], found["caller_application"]) == (WORKLOAD, WORKLOAD_CLIENT)
    assert found.items() >= UNKNOWN_REQUEST.items()


def test_a_failure_that_nobody_foresaw_is_on_record_as_the_brokers_own_and_quotes_nothing(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    def choke() -> Sequence[TokenRequest]:
        raise TypeError("what-it-choked-on")

    with pytest.raises(TypeError):
        desk.ask(desk.home.token(), read=choke)
    desk.scene.authority.refuse = lambda asked: (_ for _ in ()).throw(TypeError(asked.refresh_token))
    with pytest.raises(TypeError):
        desk.ask(desk.home.token(), request())
    assert [found["outcome"] for found in records(caplog)] == ["internal_error"] * 2
    assert "what-it-choked-on" not in caplog.text
    assert "refresh-token-1" not in caplog.text


def test_who_may_not_ask_at_all_has_no_message_read(desk: Desk) -> None:
    read: list[int] = []

    def requests_of() -> Sequence[TokenRequest]:
        read.append(1)
        return [request()]

    with pytest.raises(RoleMissing):
        desk.ask(desk.home.token(roles=[]), read=requests_of)
    assert read == []


def test_a_message_for_two_tokens_gets_both_in_order_with_a_record_each(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    issued = desk.ask(desk.home.token(), request(resource="arm"), request(resource="graph"))
    resources = ["https://management.azure.com", "https://graph.microsoft.com"]
    assert [one.resource for one in issued] == resources
    found = records(caplog)
    assert [(one["event"], one["resource"], one["tenant"]) for one in found] == [
        ("token.issued", resource, CONTOSO_ID) for resource in resources
    ]


@pytest.mark.parametrize("first", ["graph", "keyvault"])
def test_a_message_of_which_one_part_is_not_permitted_is_refused_and_nothing_counts_as_issued(
    desk: Desk, caplog: pytest.LogCaptureFixture, first: str
) -> None:
    """A record of a token that went out, where none did, would send an investigation astray."""
    second = "keyvault" if first == "graph" else "graph"
    with pytest.raises(NotPermitted):
        desk.ask(desk.home.token(), request(resource=first), request(resource=second))
    (found,) = records(caplog)
    assert (found["event"], found["outcome"]) == ("token.refused", "not_permitted")
    assert found["resource"] == "https://vault.azure.net"
    assert found["permission"] is None


@pytest.mark.parametrize("error", [CustomerTenantRefused(authority_code=65001), AuthorityUnavailable()])
def test_a_message_of_which_one_part_fails_is_refused_as_a_whole(
    desk: Desk, caplog: pytest.LogCaptureFixture, error: BrokerError
) -> None:
    desk.scene.authority.refuse = lambda asked: error.afresh() if "graph" in asked.scope else None
    with pytest.raises(type(error)):
        desk.ask(desk.home.token(), request(resource="arm"), request(resource="graph"))
    (found,) = records(caplog)
    assert (found["event"], found["outcome"], found["authority_code"]) == (
        "token.refused",
        error.code,
        error.authority_code,
    )
    assert found["permission"] == "policy-1[0]"
