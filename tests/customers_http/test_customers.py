"""Customers' tenants over HTTP: what a dry run tells, what is made, and who may."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from local.person import Person
from local.stack import running_stack
from local.state import StackState
from local.workload import Workload
from local.world import (
    ADMIN,
    ARM,
    CONTOSO,
    EXCHANGE,
    GRAPH,
    NORTHWIND,
    PARTNER_APPLICATION,
    PARTNER_TENANT,
    TAILSPIN,
    WINGTIP,
)
from shared.customers.application_grants import SECRET
from tests.consent_http.vaults import vault_of
from tests.local_control import Controls

NOBODY = "99990000-1111-4222-8333-444444440001"
POSTS, DELETES = ("POST", "applicationconsents"), ("DELETE", "applicationconsents")


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackState]:
    """A stack of one's own, with Ada's consent: these tests change what customers have consented to."""
    with (
        running_stack(tmp_path_factory.mktemp("customers") / "state", keeps_ledger=True) as running,
        Person() as person,
    ):
        assert person.consent(Workload(state=running, name="operator").link(), ADMIN).is_success
        yield running


@pytest.fixture(autouse=True)
def center(state: StackState) -> Iterator[Controls]:
    """Partner Center's control door; whatever a test has changed is undone."""
    controls = Controls(state, state.partner_center)
    controls.clear("requests")
    yield controls
    controls.clear("faults")
    for door in ("consents", "errors"):
        Controls(state, state.entra).clear(door)


def change(state: StackState, method: str, tenant: str, *, apply: bool, who: str = "provisioning") -> httpx.Response:
    dry_run = "false" if apply else "true"
    return Workload(state=state, name=who).call(method, f"customers/{tenant}/consent?dry_run={dry_run}")


def outcome(state: StackState, method: str, tenant: str, *, apply: bool) -> str:
    answer = change(state, method, tenant, apply=apply)
    assert answer.is_success, answer.json()["code"]
    told: str = answer.json()["outcome"]
    return told


def consented(state: StackState, tenant: str) -> dict[str, list[str]]:
    return Controls(state, state.entra).consents(tenant=tenant, client=PARTNER_APPLICATION)


def changes(center: Controls) -> int:
    """How many requests could have changed something at Partner Center."""
    return sum(count for (method, _), count in center.requests().items() if method != "GET")


def records(state: StackState, event: str) -> list[dict[str, object]]:
    lines = [line for line in state.log_file("host").read_text().splitlines() if f'"event": "{event}"' in line]
    return [json.loads(line[line.index("{") :]) for line in lines]


def test_every_customer_is_listed_for_whoever_may_manage_them(state: StackState) -> None:
    told = Workload(state=state, name="provisioning").call("GET", "customers").json()
    found = told["customers"]
    assert [customer["tenant"] for customer in found] == [CONTOSO, NORTHWIND, TAILSPIN, WINGTIP]
    assert found[0] == {
        "tenant": CONTOSO,
        "name": "Contoso",
        "domain": "contoso.onmicrosoft.com",
        "from": ["partner_center"],
        "relationship": None,
        "excluded": None,
    }
    assert told["sources"]["partner_center"] == told["sources"]["exclusions"] == {"outcome": "works"}
    assert told["sources"]["gdap"]["error"] == "relationships_unseen", "nobody has the scope yet"


def test_the_list_says_who_is_kept_out_until_when_and_why(state: StackState) -> None:
    provisioning = Workload(state=state, name="provisioning")
    until = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    provisioning.call("PUT", f"customers/{TAILSPIN}/exclusion", {"reason": "leaves us", "until": until})
    try:
        listed = provisioning.call("GET", "customers").json()["customers"]
        out = {one["tenant"]: one["excluded"] for one in listed if one["excluded"]}
        assert [(tenant, told["until"], told["reason"]) for tenant, told in out.items()] == [
            (TAILSPIN, until, "leaves us")
        ]
    finally:
        assert provisioning.call("DELETE", f"customers/{TAILSPIN}/exclusion").json()["outcome"] == "included"


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("tenant", [CONTOSO, TAILSPIN, WINGTIP])
def test_a_dry_run_changes_nothing(state: StackState, center: Controls, method: str, tenant: str) -> None:
    before = consented(state, tenant)
    assert change(state, method, tenant, apply=False).json()["dry_run"] is True
    path = f"customers/{tenant}/consent"
    assert Workload(state=state, name="provisioning").call(method, path).json()["dry_run"] is True, "by default too"
    assert changes(center) == 0
    assert consented(state, tenant) == before


def test_a_consent_is_made_and_its_tokens_come_at_once(state: StackState) -> None:
    reports = Workload(state=state, name="reports")
    assert reports.token("tailspin", "graph").json()["code"] == "application_not_consented"
    assert outcome(state, "PUT", TAILSPIN, apply=False) == "created"
    assert outcome(state, "PUT", TAILSPIN, apply=True) == "created"
    assert consented(state, TAILSPIN)[EXCHANGE] == ["Exchange.Manage"]
    assert reports.token("tailspin", "graph").is_success, "a refusal of a moment ago is forgotten"


def test_what_is_so_already_is_left_alone_and_partner_center_is_not_asked(state: StackState, center: Controls) -> None:
    assert outcome(state, "PUT", TAILSPIN, apply=True) == "created"
    center.clear("requests")
    assert outcome(state, "PUT", TAILSPIN, apply=True) == "unchanged"
    assert center.requests().total() == 0


def test_what_lacks_a_scope_is_made_anew_on_a_word_and_a_plan(state: StackState, center: Controls) -> None:
    entra, path = Controls(state, state.entra), f"customers/{CONTOSO}/consent?replace=true"
    ids = {"tenant": CONTOSO, "client": PARTNER_APPLICATION}
    entra.post("consents", {**ids, "resource": GRAPH, "scopes": ["Directory.Read.All"]})
    caller = Workload(state=state, name="provisioning")
    dry = caller.call("PUT", path).json()
    assert dry["outcome"] == "replaced"
    assert {row["resource"]: row["missing"] for row in dry["grants"] if row["missing"]} == {
        "graph": ["Directory.AccessAsUser.All"]
    }
    center.clear("requests")
    assert caller.call("PUT", f"{path}&dry_run=false").json()["code"] == "plan_outdated"
    assert caller.call("PUT", f"{path}&dry_run=false&plan={dry['plan']}").json()["outcome"] == "replaced"
    assert "Directory.AccessAsUser.All" in consented(state, CONTOSO)[GRAPH]
    assert changes(center) == 6, "one that removes, and one for each API that is there"
    assert "graph: replaced" in str(records(state, "customer.consented")[-1]["apis"])


def test_a_change_whose_answer_was_lost_is_on_record_and_counts_at_once(state: StackState, center: Controls) -> None:
    reports = Workload(state=state, name="reports")
    entra, ids = Controls(state, state.entra), {"tenant": TAILSPIN, "client": PARTNER_APPLICATION}
    entra.remove("consents", ids)
    entra.post("consents", {**ids, "resource": GRAPH, "scopes": ["Directory.Read.All", "Directory.AccessAsUser.All"]})
    assert reports.token("tailspin", "arm").json()["code"] == "application_not_consented"
    fault = {"path": ".*/applicationconsents.*", "drop": "after", "times": 1}
    center.post("faults", {"method": "POST", **fault})
    doubtful = change(state, "PUT", TAILSPIN, apply=True)
    assert (doubtful.status_code, doubtful.json()["code"]) == (503, "partner_center_unavailable")
    assert "may have been done" in doubtful.json()["error_description"]
    assert records(state, "customer.consented")[-1]["outcome"] == "partner_center_unavailable"
    assert reports.token("tailspin", "arm").is_success, "it had been done"
    assert outcome(state, "PUT", TAILSPIN, apply=True) == "extended"
    center.post("faults", {"method": "DELETE", **fault})
    assert change(state, "DELETE", TAILSPIN, apply=True).json()["code"] == "partner_center_unavailable"
    assert records(state, "customer.consent_removed")[-1]["outcome"] == "partner_center_unavailable"
    assert outcome(state, "DELETE", TAILSPIN, apply=True) == "absent"


def test_a_refusal_that_changed_nothing_is_not_on_record_as_a_change(state: StackState) -> None:
    before = len(records(state, "customer.consented"))
    assert change(state, "PUT", WINGTIP, apply=True).json()["code"] == "delegated_rights_missing"
    assert len(records(state, "customer.consented")) == before


def test_a_refusal_says_whether_the_next_customer_would_meet_it_too(state: StackState, center: Controls) -> None:
    of_one = change(state, "PUT", WINGTIP, apply=True).json()
    assert (of_one["code"], of_one["concerns"]) == ("delegated_rights_missing", "customer")
    Controls(state, state.entra).remove("consents", {"tenant": TAILSPIN, "client": PARTNER_APPLICATION})
    center.post("faults", {"path": ".*", "method": "POST", "status": 401, "body": {"code": 900421}})
    of_all = change(state, "PUT", TAILSPIN, apply=True).json()
    assert (of_all["code"], of_all["concerns"]) == ("partner_center_mfa_missing", "everybody")
    center.post("faults", {"path": ".*", "method": "DELETE", "status": 503})
    passing = change(state, "DELETE", TAILSPIN, apply=True).json()
    assert (passing["code"], passing["concerns"]) == ("partner_center_unavailable", "later")


def test_a_consent_to_whatever_of_the_grant_set_can_be_removed(state: StackState) -> None:
    ids = {"tenant": TAILSPIN, "client": PARTNER_APPLICATION}
    Controls(state, state.entra).post("consents", {**ids, "resource": ARM, "scopes": ["user_impersonation"]})
    assert outcome(state, "DELETE", TAILSPIN, apply=False) == "removed"
    assert outcome(state, "DELETE", TAILSPIN, apply=True) == "removed"
    assert outcome(state, "DELETE", TAILSPIN, apply=False) == "absent"


def test_a_consent_is_taken_back_and_one_that_is_not_there_stays_so(state: StackState) -> None:
    assert outcome(state, "DELETE", NORTHWIND, apply=False) == "removed"
    assert outcome(state, "DELETE", NORTHWIND, apply=True) == "removed"
    assert consented(state, NORTHWIND) == {}
    assert outcome(state, "DELETE", NORTHWIND, apply=False) == "absent"
    assert outcome(state, "DELETE", NORTHWIND, apply=True) == "absent"


def test_nothing_is_changed_where_it_cannot_be_told_what_stands_there(state: StackState, center: Controls) -> None:
    dry = change(state, "PUT", WINGTIP, apply=False).json()
    assert dry["outcome"] == "unknown"
    assert {grant["error"] for grant in dry["grants"]} == {"delegated_rights_missing"}
    assert change(state, "PUT", WINGTIP, apply=True).json()["code"] == "delegated_rights_missing"
    assert change(state, "PUT", NOBODY, apply=True).json()["code"] == "tenant_unknown"
    assert changes(center) == 0


@pytest.mark.parametrize(
    "path",
    [
        f"customers/{PARTNER_TENANT}/consent",
        "customers/contoso.example/consent",
        "customers/common/consent",
        "customers/home/consent",
        f"customers/{CONTOSO}/consent?dry_run=no",
        f"customers/{CONTOSO}/consent?dry_run=False",
        f"customers/{CONTOSO}/consent?apply=true",
        f"customers/{CONTOSO}/consent?consent=../other",
        f"customers/{CONTOSO}/consent?dry_run=true&dry_run=false",
        f"customers/{CONTOSO}/consent?replace=yes",
        f"customers/{CONTOSO}/consent?plan=x",
        f"customers/{CONTOSO}/consent?consent=broker-management",
        f"customers/{CONTOSO}/consent?consent=partner&consent=partner",
    ],
)
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_what_is_no_customer_or_no_parameter_is_refused(state: StackState, method: str, path: str) -> None:
    """Above all the partner's own tenant, and whatever could be taken for a wish to change something."""
    answer = Workload(state=state, name="provisioning").call(method, path)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


def test_no_grant_is_ever_read_from_a_request(state: StackState, center: Controls) -> None:
    grants = [{"resource": "graph", "scopes": ["Directory.ReadWrite.All"]}]
    caller = Workload(state=state, name="provisioning")
    answer = caller.call("PUT", f"customers/{TAILSPIN}/consent?dry_run=false", {"grants": grants})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert changes(center) == 0


def test_a_removal_whose_body_says_more_is_none(state: StackState, center: Controls) -> None:
    """Above all `dry_run`: it is a parameter, and whoever writes it into a body must not believe to have been heard."""
    caller = Workload(state=state, name="provisioning")
    answer = caller.call("DELETE", f"customers/{CONTOSO}/consent?dry_run=false", {"dry_run": True})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert changes(center) == 0


@pytest.mark.parametrize("who", ["operator", "reports", "stranger"])
def test_no_other_role_opens_these_routes(state: StackState, center: Controls, who: str) -> None:
    for method, path in (
        ("GET", "customers"),
        ("PUT", f"customers/{TAILSPIN}/consent"),
        ("DELETE", f"customers/{CONTOSO}/consent"),
    ):
        answer = Workload(state=state, name=who).call(method, f"{path}?dry_run=false" if method != "GET" else path)
        assert (answer.status_code, answer.json()["code"]) == (403, "role_missing"), (method, path)
    assert changes(center) == 0


def test_the_role_opens_nothing_else(state: StackState) -> None:
    provisioning = Workload(state=state, name="provisioning")
    for method, path in (
        ("GET", "consents"),
        ("POST", "consents/partner/link"),
        ("DELETE", "consents/partner"),
        ("POST", "consents/partner/check"),
        ("POST", "consents/partner/import"),
        ("POST", "consents/partner/restore"),
    ):
        assert provisioning.call(method, path).json()["code"] == "role_missing", (method, path)
    assert provisioning.token("contoso", "graph").json()["code"] == "role_missing"


def test_a_grant_set_that_is_broken_stops_it_with_the_place_and_nothing_is_asked(
    state: StackState, center: Controls
) -> None:
    with vault_of(state, "policy") as vault:
        good = vault.get_secret(SECRET).value
        assert good is not None
        vault.set_secret(SECRET, '{"display_name": "x", "grants": [{"resource": "graph", "scopes": []}]}')
        try:
            answer = change(state, "PUT", TAILSPIN, apply=True)
        finally:
            vault.set_secret(SECRET, good)
    assert (answer.status_code, answer.json()["code"]) == (500, "application_grants_invalid")
    assert "grants[0]: `scopes`" in answer.json()["error_description"]
    assert center.requests().total() == 0


def test_every_change_is_on_record_with_who_made_it_and_no_token(state: StackState) -> None:
    before = len(records(state, "customer.consented"))
    assert outcome(state, "PUT", TAILSPIN, apply=True) == "created"
    assert outcome(state, "DELETE", TAILSPIN, apply=True) == "removed"
    made, removed = records(state, "customer.consented"), records(state, "customer.consent_removed")[-1]
    assert len(made) == before + 1, "a dry run is no change"
    for record, told in ((made[-1], "created"), (removed, "removed")):
        assert (record["tenant"], record["consent"], record["outcome"]) == (TAILSPIN, "partner", told)
        assert record["operator"] == "eeee0000-1111-4222-8333-444444440007"
        assert record["application_id"] == PARTNER_APPLICATION
    secrets = [line.split(" ", 1)[1] for line in state.ledger_file.read_text().splitlines()]
    log = state.log_file("host").read_text()
    assert len(secrets) > 20
    assert not [secret for secret in secrets if len(secret) > 20 and secret in log]
