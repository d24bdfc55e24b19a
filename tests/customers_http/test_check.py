"""The check over HTTP: each outcome by the authority's own refusal, with what to do, in the order it was asked."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from local.person import Person
from local.stack import running_stack
from local.state import StackState
from local.workload import Workload
from local.world import ADMIN, CONTOSO, NORTHWIND, PARTNER_TENANT, TAILSPIN, WINGTIP
from shared.errors import kind_of
from tests.consent_http.rig import old_token
from tests.local_control import Controls

# Long enough to see the exchange wait, and to withdraw.
HELD_SECONDS, GLIMPSE = 3.0, 0.02
NOBODY = "99990000-1111-4222-8333-444444440001"
GRAPH = {"tenant": CONTOSO, "resource": "graph"}


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackState]:
    """A stack of one's own with Ada's consent: refusals are ordered at its Entra ID."""
    with running_stack(tmp_path_factory.mktemp("check") / "state", keeps_ledger=True) as running, Person() as person:
        assert person.consent(Workload(state=running, name="operator").link(), ADMIN).is_success
        yield running


@pytest.fixture(autouse=True)
def entra(state: StackState) -> Iterator[Controls]:
    controls = Controls(state, state.entra)
    yield controls
    controls.clear("errors")
    controls.clear("faults")


def check(state: StackState, pairs: object, consent: str = "partner", who: str = "operator") -> httpx.Response:
    return Workload(state=state, name=who).call("POST", f"consents/{consent}/check", {"pairs": pairs})


def outcomes(state: StackState, *pairs: dict[str, str]) -> list[dict[str, Any]]:
    answer = check(state, list(pairs))
    assert answer.is_success, answer.json()
    found: list[dict[str, Any]] = answer.json()["pairs"]
    return found


def test_what_works_says_what_was_granted_and_shows_no_token(state: StackState) -> None:
    answer = check(state, [GRAPH, {"tenant": "home", "scope": "https://api.partnercenter.microsoft.com/.default"}])
    content = answer.json()
    assert content["works"] is True
    graph, partner_center = content["pairs"]
    assert (graph["tenant"], graph["resource"], graph["outcome"]) == (CONTOSO, "https://graph.microsoft.com", "works")
    assert "Directory.Read.All" in graph["granted"]
    assert partner_center["tenant"] == PARTNER_TENANT
    secrets = [line.split(" ", 1)[1] for line in state.ledger_file.read_text().splitlines()]
    assert not [secret for secret in secrets if len(secret) > 20 and secret in answer.text]


@pytest.mark.parametrize(
    ("pair", "outcome"),
    [
        ({"tenant": TAILSPIN, "resource": "graph"}, "application_not_consented"),
        ({"tenant": WINGTIP, "resource": "graph"}, "delegated_rights_missing"),
        ({"tenant": NOBODY, "resource": "graph"}, "tenant_unknown"),
        ({"tenant": CONTOSO, "resource": NOBODY}, "service_missing"),
        ({"tenant": CONTOSO, "scope": "https://graph.microsoft.com/Mail.Send"}, "application_not_consented"),
    ],
)
def test_what_does_not_work_is_told_with_its_remedy(state: StackState, pair: dict[str, str], outcome: str) -> None:
    (found,) = outcomes(state, pair)
    assert (found["outcome"], found["remedy"]) == (outcome, getattr(kind_of(outcome), "remedy", ""))
    assert found["error_codes"]
    assert found["says"]


@pytest.mark.parametrize(
    "word",
    [
        (53003, CONTOSO, "blocked_by_tenant_policy"),
        (50076, CONTOSO, "blocked_by_tenant_policy"),
        (530034, CONTOSO, "account_refused"),
        (90099, CONTOSO, "application_not_consented"),
        (650052, CONTOSO, "service_missing"),
        (70011, CONTOSO, "scope_refused"),
        (50173, CONTOSO, "new_consent_needed"),
        (70043, CONTOSO, "blocked_by_tenant_policy"),
        (7000112, CONTOSO, "application_disabled"),
        (99999999, CONTOSO, "customer_tenant_refused"),
        (99999999, PARTNER_TENANT, "new_consent_needed"),
        (53003, PARTNER_TENANT, "blocked_by_home_policy"),
        (65001, PARTNER_TENANT, "home_consent_missing"),
        (50105, PARTNER_TENANT, "person_not_assigned"),
        (50034, PARTNER_TENANT, "account_refused"),
        (90002, PARTNER_TENANT, "home_tenant_unknown"),
        (7000222, CONTOSO, "application_misconfigured"),
        (90055, CONTOSO, "authority_unavailable"),
    ],
    ids=str,
)
def test_each_word_of_the_authority_has_its_outcome(
    state: StackState, entra: Controls, word: tuple[int, str, str]
) -> None:
    code, tenant, outcome = word
    entra.post("errors", {"code": code, "tenant": tenant, "times": -1})
    (found,) = outcomes(state, {"tenant": tenant, "resource": "graph"})
    assert (found["outcome"], found["error_codes"]) == (outcome, [code])
    assert found["remedy"] == getattr(kind_of(outcome), "remedy", "")


def test_what_a_number_says_beyond_its_outcome_is_told_too(state: StackState, entra: Controls) -> None:
    entra.post("errors", {"code": 50177, "tenant": CONTOSO})
    (found,) = outcomes(state, GRAPH)
    assert found["outcome"] == "delegated_rights_missing"
    assert CONTOSO in found["says"]
    assert "guest" in found["says"]


def test_one_that_fails_does_not_hide_the_others_and_order_is_kept(state: StackState) -> None:
    pairs = [{"tenant": tenant, "resource": "graph"} for tenant in (TAILSPIN, CONTOSO, WINGTIP, NORTHWIND)]
    answer = check(state, pairs).json()
    assert answer["works"] is False
    assert [found["tenant"] for found in answer["pairs"]] == [TAILSPIN, CONTOSO, WINGTIP, NORTHWIND]
    assert [found["outcome"] for found in answer["pairs"]] == [
        "application_not_consented",
        "works",
        "delegated_rights_missing",
        "works",
    ]


def test_twenty_five_pairs_are_tried_and_one_more_is_too_many(state: StackState) -> None:
    assert len(outcomes(state, *[GRAPH] * 25)) == 25
    refused = check(state, [GRAPH] * 26)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "pairs",
    [
        None,
        [],
        {},
        "graph",
        ["graph"],
        [{}],
        [{"tenant": CONTOSO}],
        [{"resource": "graph"}],
        [{**GRAPH, "scope": "https://graph.microsoft.com/.default"}],
        [{**GRAPH, "token": "x"}],
        [{"tenant": CONTOSO, "resource": 5}],
        [{"tenant": "contoso", "resource": "graph"}],
        [{"tenant": "contoso.example", "resource": "graph"}],
        [{"tenant": "common", "resource": "graph"}],
        [{"tenant": f"{CONTOSO}/../common", "resource": "graph"}],
        [{"tenant": CONTOSO, "resource": "http://graph.microsoft.com"}],
        [{"tenant": CONTOSO, "scope": "User.Read"}],
        [{"tenant": CONTOSO, "scope": "https://a.example/x https://b.example/y"}],
    ],
    ids=str,
)
def test_what_are_no_pairs_is_refused_and_nothing_is_tried(state: StackState, entra: Controls, pairs: object) -> None:
    entra.clear("requests")
    answer = check(state, pairs)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert not [path for (_, path) in entra.requests() if path.endswith("/token")]


def test_a_consent_that_is_not_there_is_said_to_be_absent(state: StackState) -> None:
    answer = check(state, [GRAPH], consent="never-given")
    assert (answer.status_code, answer.json()["code"]) == (400, "consent_absent")


def test_a_check_does_not_change_what_is_stored(state: StackState) -> None:
    operator = Workload(state=state, name="operator")
    before = operator.call("GET", "consents/partner").json()
    outcomes(state, GRAPH)
    assert operator.call("GET", "consents/partner").json() == before


@pytest.mark.parametrize("who", ["reports", "stranger", "provisioning"])
def test_only_operators_who_may_read_may_check(state: StackState, who: str) -> None:
    assert check(state, [GRAPH], who=who).json()["code"] == "role_missing"


def test_a_consent_that_is_withdrawn_while_it_is_checked_reaches_nothing(state: StackState, entra: Controls) -> None:
    operator = Workload(state=state, name="operator")
    imported = operator.call("POST", "consents/withdrawn-amid/import", {"refresh_token": old_token(state, ADMIN)})
    assert imported.is_success, imported.json()
    entra.clear("requests")
    entra.post("faults", {"method": "POST", "path": f"/{CONTOSO}/.*token", "delay": HELD_SECONDS})
    with ThreadPoolExecutor(1) as asking:
        waiting = asking.submit(check, state, [GRAPH], "withdrawn-amid")
        while not sum(count for (method, _), count in entra.requests().items() if method == "POST"):
            time.sleep(GLIMPSE)
        operator.call("DELETE", "consents/withdrawn-amid").raise_for_status()
        assert not waiting.done(), "it is still being checked"
        answer = waiting.result()
    assert (answer.status_code, answer.json()["code"]) == (400, "consent_withdrawn")
