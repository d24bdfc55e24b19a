"""An operator's day over HTTP: list, show, check, customers, device code, import, withdraw, restore; all on record."""

import json
from datetime import timedelta

from local.person import Person
from local.state import StackState
from local.workload import Workload
from local.world import ADMIN, CONTOSO, SECOND_ADMIN, TAILSPIN
from shared.clock import utc_now
from tests.conftest import StackMaker
from tests.consent_http.rig import old_token, typed_in
from tests.test_documents import described_audit_fields

OPERATOR, PROVISIONING = "eeee0000-1111-4222-8333-444444440005", "eeee0000-1111-4222-8333-444444440007"
CHANGES = {
    "link.made",
    "link.revoked",
    "consent.stored",
    "consent.checked",
    "broker.diagnosed",
    "consent.withdrawn",
    "device.started",
    "customer.consented",
    "customer.consent_removed",
    "customer.flushed",
    "customer.excluded",
    "customer.included",
    "customer.offboarding",
    "customer.offboarded",
    "customer.returned",
}


def records(state: StackState) -> list[dict[str, object]]:
    lines = (line.partition(" INFO broker.audit ")[2] for line in state.log_file("host").read_text().splitlines())
    return [json.loads(line) for line in lines if line]


def test_a_day_of_an_operator_works_and_every_change_is_on_record_as_described(make_stack: StackMaker) -> None:
    with make_stack(CONSENT_DEVICE_CODE="on") as state:
        live_through_a_day(state)
        on_record(state)


def live_through_a_day(state: StackState) -> None:
    """Everything that an operator does; the policy of the stack, and nothing else, is as it was made."""
    operator, provisioning = Workload(state=state, name="operator"), Workload(state=state, name="provisioning")
    with Person() as person:
        assert person.consent(operator.link(login_hint=ADMIN.username), ADMIN).is_success
    started = operator.call("POST", "consents/by-device/device", {}).json()
    assert operator.call("POST", "consents/by-device/device/poll", {"device": started["device"]}).status_code == 202
    typed_in(started, SECOND_ADMIN)
    polled = operator.call("POST", "consents/by-device/device/poll", {"device": started["device"]})
    assert polled.json()["status"] == "stored"
    imported = operator.call("POST", "consents/imported/import", {"refresh_token": old_token(state, ADMIN)})
    assert imported.status_code == 201
    listed = operator.call("GET", "consents").json()
    assert {consent["name"]: consent["status"] for consent in listed["consents"]} == {
        "partner": "ok",
        "by-device": "ok",
        "imported": "ok",
    }
    pairs = [{"tenant": tenant, "resource": "graph"} for tenant in (CONTOSO, TAILSPIN)]
    checked = operator.call("POST", "consents/partner/check", {"pairs": pairs}).json()
    assert [pair["outcome"] for pair in checked["pairs"]] == ["works", "application_not_consented"]
    assert operator.call("GET", "diagnosis").json()["good"] is True
    path = f"customers/{TAILSPIN}/consent?dry_run=false"
    assert provisioning.call("PUT", path).json()["outcome"] == "created"
    assert operator.call("POST", "consents/partner/check", {"pairs": pairs}).json()["works"] is True
    assert provisioning.call("DELETE", path).json()["outcome"] == "removed"
    until = f"{utc_now() + timedelta(days=1):%Y-%m-%d}"
    assert provisioning.call("PUT", f"customers/{CONTOSO}/exclusion", {"reason": "moves", "until": until}).is_success
    assert provisioning.call("DELETE", f"customers/{CONTOSO}/exclusion").json()["outcome"] == "included"
    assert provisioning.call("GET", f"customers/{CONTOSO}/history").json()["changes"] == []
    assert provisioning.call("POST", f"customers/{CONTOSO}/flush").json()["reaches"] == "this_instance"
    offboarding = f"customers/{TAILSPIN}/offboarding"
    assert provisioning.call("PUT", f"{offboarding}?dry_run=false").json()["reaches"] == "this_instance"
    assert provisioning.call("PUT", path).json()["code"] == "customer_offboarded"
    assert provisioning.call("DELETE", offboarding).json()["outcome"] == "returned"
    assert operator.call("DELETE", "consents/partner/link").json()["status"] == "links_revoked"
    assert operator.call("DELETE", "consents/partner").json()["status"] == "withdrawn"
    assert Workload(state=state, name="reports").token("contoso", "graph").json()["code"] == "consent_withdrawn"
    assert operator.call("POST", "consents/partner/restore").json()["status"] == "stored"
    assert Workload(state=state, name="reports").token("contoso", "graph").is_success


def on_record(state: StackState) -> None:
    """Each change by its operator, with just the fields of docs/audit.md, and no secret that ever was."""
    found, described = records(state), described_audit_fields()
    assert {str(record["event"]) for record in found} >= CHANGES
    for record in found:
        assert set(record) - {"event"} == described[str(record["event"])], record["event"]
    ways = [(record["way"], record["operator"]) for record in found if record["event"] == "consent.stored"]
    assert ways == [("browser", ""), ("device", OPERATOR), ("import", OPERATOR), ("restore", OPERATOR)]
    made = [record["operator"] for record in found if str(record["event"]).startswith("customer.")]
    assert made == [PROVISIONING] * 8
    log = "".join(file.read_text() for file in (state.folder / "log").iterdir())
    secrets = [line.split(" ", 1)[1] for line in state.ledger_file.read_text().splitlines()]
    assert len(secrets) > 30
    assert not [secret for secret in secrets if len(secret) > 20 and secret in log]
