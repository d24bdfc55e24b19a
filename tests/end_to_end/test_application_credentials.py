"""The whole flow with each credential of the application: consent, refresh, customers' tokens, device code."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from local.clock import write_offset
from local.demo import claims_of
from local.person import Person
from local.state import StackState
from local.workload import Workload, fire_timer
from local.world import ADMIN, CONTOSO, PARTNER_APPLICATION, PARTNER_TENANT, SECOND_ADMIN, SHAREPOINT
from shared.entra.application_credential import CERTIFICATE, KEPT_SECONDS, SECRET, VaultCredential
from shared.entra.errors import ApplicationMisconfigured, ServiceMissing
from shared.entra.place import Place
from tests.conftest import StackMaker
from tests.consent_http.rig import old_token, typed_in
from tests.consent_http.vaults import vault_of
from tests.fakes.memory_vault import MemoryVault
from tests.local_control import Controls
from tests.shared.certificates import Made, made_certificate
from tests.shared.samples import PARTNER_CENTER_SCOPE, PARTNER_SECRET, authority_of, sign_in
from tests.token_http.over_http import write_policy

NAME = "partner-credential"
GRAPH_DEFAULT = "https://graph.microsoft.com/.default"
SITE = "https://contoso.sharepoint.com"
# How a token says that its client proved itself: by a secret, or by an assertion.
BY_SECRET, BY_ASSERTION = "1", "2"


def registered(state: StackState, made: Made) -> None:
    Controls(state, state.entra).post(
        "credentials", {"client": PARTNER_APPLICATION, "certificate": made.certificate_pem}
    )


def stored(state: StackState, text: str, *, expires_on: datetime | None = None) -> None:
    with vault_of(state, "token") as vault:
        vault.set_secret(NAME, text, expires_on=expires_on)


@pytest.mark.parametrize("kind", ["federated", "certificate in PEM", "certificate in PKCS#12", "client secret"])
def test_the_whole_flow_works_with_each_credential(make_stack: StackMaker, kind: str) -> None:
    made, ends = made_certificate(days=90), datetime.now(UTC).replace(microsecond=0) + timedelta(days=200)
    settings = {"federated": {}, "client secret": {"PARTNER_CLIENT_SECRET_NAME": NAME}}
    with make_stack(**settings.get(kind, {"PARTNER_CERTIFICATE_NAME": NAME}), CONSENT_DEVICE_CODE="on") as state:
        if kind.startswith("certificate"):
            registered(state, made)
            stored(state, made.pem if kind.endswith("PEM") else made.pkcs12)
        elif kind == "client secret":
            stored(state, PARTNER_SECRET, expires_on=ends)
        operator, reports = Workload(state=state, name="operator"), Workload(state=state, name="reports")
        permit_sharepoint(reports)
        with Person() as person:
            assert person.consent(operator.link(), ADMIN).is_success
        assert reports.token("contoso", "graph").is_success
        own = claims_of(reports.token("contoso", "graph", **{"as": "application"}).json()["access_token"])
        assert (own["appidacr"], own["idtyp"]) == (BY_SECRET if kind == "client secret" else BY_ASSERTION, "app")
        sharepoint(reports, is_refused=kind == "client secret")
        device_code(operator)
        write_offset(state.clock_file, timedelta(days=8))
        assert fire_timer(state) == "Success"
        found = operator.call("GET", "consents").json()
        assert {consent["status"] for consent in found["consents"]} == {"ok"}
        assert_told(found["application"], kind, days_of_certificate=90 - 8, days_of_secret=200 - 8)


def permit_sharepoint(reports: Workload) -> None:
    row = {
        "caller": claims_of(reports.assertion())["oid"],
        "tenants": [CONTOSO],
        "resources": ["https://*.sharepoint.com"],
    }
    rows = [{**row, "as": "application"}, {**row, "consents": ["partner"]}]
    write_policy(reports.state, "policy-2", {"schema": 2, "permissions": rows})
    grant = {"client": PARTNER_APPLICATION, "resource": SHAREPOINT, "scopes": ["AllSites.FullControl"]}
    Controls(reports.state, reports.state.entra).post("consents", {"tenant": CONTOSO, **grant})


def sharepoint(reports: Workload, *, is_refused: bool) -> None:
    """What SharePoint would refuse is not asked for, in any dialect; a person's token is, whoever proved it."""
    entra = Controls(reports.state, reports.state.entra)
    asked = {"tenant": CONTOSO, "url": f"{SITE}/sites/marketing", "as": "application"}
    entra.clear("requests")
    plain = reports.token(CONTOSO, SITE, **{"as": "application"})
    connected = reports.call("GET", f"connect/PnP?{httpx.QueryParams(asked)}")
    if is_refused:
        for answer in (plain, connected):
            assert (answer.status_code, answer.json()["code"]) == (403, "certificate_needed")
            assert "certificate" in answer.json()["error_description"]
        assert not [path for _, path in entra.requests() if path.endswith("/token")]
    else:
        for token in (plain.json()["access_token"], connected.json()["AccessToken"]):
            claims = claims_of(token)
            assert (claims["aud"], claims["tid"], claims["idtyp"], claims["appidacr"]) == (
                SITE,
                CONTOSO,
                "app",
                BY_ASSERTION,
            )
    assert claims_of(reports.token(CONTOSO, SITE).json()["access_token"])["scp"] == "AllSites.FullControl"


def device_code(operator: Workload) -> None:
    started = operator.call("POST", "consents/by-device/device", {}).json()
    typed_in(started, SECOND_ADMIN)
    polled = operator.call("POST", "consents/by-device/device/poll", {"device": started["device"]})
    assert polled.json()["username"] == SECOND_ADMIN.username


def assert_told(application: dict[str, Any], kind: str, *, days_of_certificate: int, days_of_secret: int) -> None:
    expected = {"federated": None, "client secret": days_of_secret}.get(kind, days_of_certificate)
    word = {"client secret": "secret"}.get(kind, kind.partition(" ")[0])
    assert (application["credential"], application["status"]) == (word, "ok")
    if expected is None:
        assert application["days_left"] is None
    else:
        assert expected - 1 <= application["days_left"] <= expected


class Steps:
    """A vault's clock: whole seconds, and no two versions at once."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@contextmanager
def fresh_credentials(state: StackState) -> Iterator[Controls]:
    """Entra ID's control door; what was registered meanwhile is forgotten at the end."""
    controls = Controls(state, state.entra)
    try:
        yield controls
    finally:
        controls.clear("credentials")


def test_a_certificate_is_rotated_without_a_restart_whichever_side_learns_of_it_first(stack: StackState) -> None:
    vault, moment = MemoryVault(clock=Steps()), [0.0]
    old, new = made_certificate(), made_certificate()
    with fresh_credentials(stack) as entra:
        registered(stack, old)
        vault.put(NAME, old.pem, tags={})
        authority = authority_of(stack, VaultCredential(vault, NAME, kind=CERTIFICATE, monotonic=lambda: moment[0]))
        works_everywhere(stack, authority)
        vault.put(NAME, new.pem, tags={})  # the vault first: the registration does not know it yet
        moment[0] += KEPT_SECONDS
        works_everywhere(stack, authority)
        registered(stack, new)
        entra.remove("credentials", {"client": PARTNER_APPLICATION, "certificate": old.certificate_pem})
        works_everywhere(stack, authority)


def test_a_secret_is_rotated_without_a_restart_whichever_side_learns_of_it_first(stack: StackState) -> None:
    vault, moment = MemoryVault(clock=Steps()), [0.0]
    with fresh_credentials(stack) as entra:
        vault.put(NAME, PARTNER_SECRET, tags={})
        authority = authority_of(stack, VaultCredential(vault, NAME, kind=SECRET, monotonic=lambda: moment[0]))
        works_everywhere(stack, authority)
        entra.post("credentials", {"client": PARTNER_APPLICATION, "secret": "the-new-secret-of-the-application"})
        entra.remove("credentials", {"client": PARTNER_APPLICATION, "secret": PARTNER_SECRET})
        vault.put(NAME, "the-new-secret-of-the-application", tags={})
        moment[0] += KEPT_SECONDS
        works_everywhere(stack, authority)


def works_everywhere(stack: StackState, authority: Any) -> None:  # noqa: ANN401 - an Authority
    """Code, refresh and customer's tenant; by whichever of the two proofs the registration knows."""
    begun, code = sign_in(stack, authority)
    redeemed = authority.redeem(begun, code)
    assert authority.exchange(
        redeemed.refresh_token, tenant_id=PARTNER_TENANT, scope=PARTNER_CENTER_SCOPE, place=Place.HOME
    )
    assert authority.exchange(redeemed.refresh_token, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER)


def test_what_was_taken_away_meanwhile_does_not_come_back_by_a_last_success() -> None:
    """One thread's exchange ends with the old secret when another has read the vault, where it is disabled by now."""
    vault, moment = MemoryVault(clock=Steps()), [0.0]
    old = vault.put(NAME, "old", tags={})
    credential = VaultCredential(vault, NAME, kind=SECRET, monotonic=lambda: moment[0])
    (slow,) = credential.proofs()
    vault.patch(NAME, old.version, enabled=False)
    vault.put(NAME, "new", tags={})
    moment[0] += KEPT_SECONDS
    assert [proof.client_credential for proof in credential.proofs()] == ["new"]
    credential.accepted(slow)
    assert [proof.client_credential for proof in credential.proofs()] == ["new"]


@pytest.mark.parametrize(("kind", "code"), [(CERTIFICATE, 700027), (SECRET, 7000215)])
def test_when_neither_is_known_the_application_is_to_blame_by_its_number(
    stack: StackState, kind: str, code: int
) -> None:
    vault = MemoryVault(clock=Steps())
    for _ in range(2):
        vault.put(NAME, made_certificate().pem if kind == CERTIFICATE else "wrong", tags={})
    authority = authority_of(stack, VaultCredential(vault, NAME, kind=kind))
    with pytest.raises(ApplicationMisconfigured) as refused:
        authority.exchange(old_token(stack, ADMIN), tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER)
    assert refused.value.authority_code == code


def test_what_is_refused_for_another_reason_is_not_tried_with_the_older_proof(stack: StackState) -> None:
    vault = MemoryVault(clock=Steps())
    vault.put(NAME, "wrong", tags={})
    vault.put(NAME, PARTNER_SECRET, tags={})
    authority = authority_of(stack, VaultCredential(vault, NAME, kind=SECRET))
    entra = Controls(stack, stack.entra)
    token = old_token(stack, ADMIN)
    entra.clear("requests")
    entra.post("errors", {"code": 500011, "tenant": CONTOSO})
    with pytest.raises(ServiceMissing):
        authority.exchange(token, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER)
    assert sum(count for (_, path), count in entra.requests().items() if path.endswith("/token")) == 1


def test_an_expired_secret_is_the_applications_fault_and_harms_no_consent(make_stack: StackMaker) -> None:
    with make_stack(PARTNER_CLIENT_SECRET_NAME=NAME) as state:
        entra = Controls(state, state.entra)
        ends = int(time.time()) + 30 * 86400
        order = {"client": PARTNER_APPLICATION, "secret": "a-secret-that-ends-in-a-month", "expires_on": ends}
        entra.post("credentials", order)
        stored(state, "a-secret-that-ends-in-a-month", expires_on=datetime.fromtimestamp(ends, UTC))
        operator = Workload(state=state, name="operator")
        with Person() as person:
            assert person.consent(operator.link(), ADMIN).is_success
        write_offset(state.clock_file, timedelta(days=31))
        assert fire_timer(state) == "Failure"
        found = operator.call("GET", "consents").json()
        assert [consent["status"] for consent in found["consents"]] == ["ok"]
        told = found["application"]
        assert (told["status"], told["error"], told["authority_code"]) == (
            "misconfigured",
            "application_misconfigured",
            7000222,
        )
        refused = Workload(state=state, name="reports").token("contoso", "graph")
        assert (refused.json()["code"], refused.json()["error_codes"]) == ("application_misconfigured", [7000222])
        # An administrator prolongs it at the registration.
        entra.post("credentials", {key: order[key] for key in ("client", "secret")})
        assert fire_timer(state) == "Success"
        assert operator.call("GET", "consents").json()["application"]["status"] == "ok"
