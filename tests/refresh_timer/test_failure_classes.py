"""Each AADSTS number as Entra ID sends it: what a run makes of it, of the consent's health, and whom it wakes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from local.entra.aadsts_codes import CODES
from local.state import StackState
from local.world import ADMIN, PARTNER_APPLICATION, PARTNER_TENANT
from refresh_timer.outcome import CARRIED_OVER, MISCONFIGURED, PROVEN, RECOVERED, REFUSED, TRANSIENT
from refresh_timer.report import RefreshAlarm, Report
from shared.consents.consent import Renewal
from shared.consents.health import FAILING, LOST, OK, Health
from shared.entra.authority import Authority
from tests.local_control import Controls
from tests.refresh_timer.scene import DAY, HOUR, SCOPE, Scene, consent, refresh_run
from tests.shared.samples import authority_of

NAME = "partner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a run makes of a number: its outcome, the error it is told as, and the alarm, if there is one."""

    outcome: str
    error: str
    alarm: str = ""

    @property
    def is_of_the_consent(self) -> bool:
        """Whether the consent's own health says so, or nobody's."""
        return self.outcome in {FAILING, LOST}


GONE = Meaning(outcome=LOST, error="new_consent_needed", alarm=rf"^consent lost: {NAME}$")
BLOCKED = Meaning(outcome=LOST, error="blocked_by_home_policy", alarm=rf"^consent lost: {NAME}$")
NO_ACCOUNT = Meaning(outcome=LOST, error="account_refused", alarm=rf"^consent lost: {NAME}$")
DOUBTFUL = Meaning(outcome=FAILING, error="new_consent_needed")
DOUBTFUL_ACCOUNT = Meaning(outcome=FAILING, error="account_refused")


def of_the_application(error: str) -> Meaning:
    return Meaning(outcome=MISCONFIGURED, error=error, alarm=r"^the partner application is misconfigured$")


UNKNOWN_REASON = Meaning(
    outcome=REFUSED, error="application_refused", alarm=rf"^refused for an unknown reason: {NAME}$"
)
PASSING = Meaning(outcome=TRANSIENT, error="authority_unavailable")
# By what the timer makes of them in the person's own tenant; each number with a meaning of its own on Microsoft's page.
MEANINGS: dict[Meaning, tuple[int, ...]] = {
    GONE: (
        *(70008, 700082, 700084, 70043, 50173, 50089, 50132, 50133, 70000, 65004, 700020, 700007, 9002327),
        *(50076, 50078, 50079, 50072, 50074, 50158, 53004, 53010),
    ),
    BLOCKED: (50097, 50131, 53000, 53001, 53002, 53003, 530003, 530032, 530035),
    NO_ACCOUNT: (53011, 50055, 50144, 50057),
    # A device came back in waves; the rest is no number of a refresh at home.
    DOUBTFUL: (700003, 54005, 501481, 700005, 500212, 500213, 50177, 50178, 90072, 50126),
    # A lock ends by itself, a risk may be cleared, an account restored.
    DOUBTFUL_ACCOUNT: (50053, 530034, 16003, 50020, 50034),
    of_the_application("application_misconfigured"): (
        *(7000215, 7000222, 70002, 700027, 700030, 50012, 500133, 50013, 700229, 7000218, 700025, 70001, 7000112),
        *(650057, 650056, 65005, 650054, 50194, 9001023, 135010, 700211, 700212, 700213, 700024, 700023, 50027),
        *(700016, 7000229, 7000216, 700222, 700226, 7002138, 500112),
    ),
    of_the_application("home_consent_missing"): (65001, 90094, 90095, 90099),
    of_the_application("person_not_assigned"): (50105,),
    of_the_application("home_tenant_refused"): (650051,),
    of_the_application("home_tenant_unknown"): (90002, 90038, 900382, 900432, 50049),
    of_the_application("scope_refused"): (
        *(500011, 500014, 650052, 650053, 50001, 70011, 28000, 28002, 700022, 1002012),
    ),
    # An unlisted `invalid_request` changes no state at all.
    UNKNOWN_REASON: (900144, 90014, 9002313, 50011, 50147, 501491, 50059, 900971, 70003),
    PASSING: (50033, 90006, 90012, 90024, 90033, 90055, 90090, 90091, 50087, 50088, 50166, 40010, 50196),
}
CASES = [(code, meaning) for meaning, codes in MEANINGS.items() for code in codes]
# What only a sign-in page, a device code or a client of another kind is ever told.
TOLD_TO_OTHERS = {70005, 50058, 70016, 70018, 70019}


@pytest.fixture
def entra(stack: StackState) -> Iterator[Controls]:
    """Entra ID's control door; whatever was ordered is gone afterwards."""
    controls = Controls(stack, stack.entra)
    yield controls
    controls.clear("errors")


@pytest.fixture(scope="session")
def real(stack: StackState) -> tuple[Authority, str]:
    """The running Entra ID, and a refresh token of Ada's that it takes."""
    held = {"user": ADMIN.object_id, "client": PARTNER_APPLICATION, "scope": SCOPE}
    token = Controls(stack, stack.entra).post("refresh_tokens", held).json()["refresh_token"]
    return authority_of(stack), token


@pytest.fixture
def given(real: tuple[Authority, str]) -> Scene:
    """A consent that this refresh token belongs to."""
    scene = Scene()
    keep(scene, NAME, real[1])
    return scene


def keep(scene: Scene, name: str, refresh_token: str) -> None:
    """A consent of Ada's, and its first renewal."""
    ada = consent(name, tenant_id=PARTNER_TENANT)
    ada = replace(ada, refresh_token=refresh_token, person=replace(ada.person, object_id=ADMIN.object_id))
    scene.store.store_consent(ada)
    health = Health(lineage=ada.lineage, renewed_on=scene.clock(), proven_on=scene.clock())
    scene.store.store_renewal(name, Renewal(lineage=ada.lineage, refresh_token=refresh_token), health, over=None)


def run(scene: Scene, authority: Authority) -> Report:
    return refresh_run(scene.store, authority, scene.clock).run()


@pytest.mark.parametrize(("code", "meaning"), CASES, ids=[str(code) for code, _ in CASES])
def test_what_a_number_of_entra_id_comes_to(
    entra: Controls, real: tuple[Authority, str], given: Scene, *, code: int, meaning: Meaning
) -> None:
    before = given.health()
    entra.post("errors", {"code": code, "client": PARTNER_APPLICATION, "times": -1})
    given.clock.now += DAY
    report = run(given, real[0])
    assert report.outcomes == {meaning.outcome: 1}
    found = given.health()
    told_of_the_consent = (found.status, found.error, found.authority_code)
    if meaning.is_of_the_consent:
        assert told_of_the_consent == (meaning.outcome, meaning.error, code)
        assert report.application.health.status == OK
    else:
        assert found == before, "no consent is to blame"
    application = given.store.all().application
    found_of_it = (application.status, application.error, application.authority_code)
    blamed = meaning.outcome == MISCONFIGURED
    assert found_of_it == (("misconfigured", meaning.error, code) if blamed else (OK, "", None))
    if meaning.alarm:
        with pytest.raises(RefreshAlarm, match=meaning.alarm):
            report.require_calm()
    else:
        report.require_calm()
    entra.clear("errors")
    given.clock.now += DAY
    assert run(given, real[0]).outcomes == {RECOVERED if meaning.is_of_the_consent else PROVEN: 1}


@pytest.mark.parametrize("codes", [[99999999], []], ids=["unlisted", "none"])
@pytest.mark.parametrize("error", ["invalid_grant", "interaction_required", "login_required"])
def test_a_grant_refused_for_an_unlisted_reason_is_failing_until_that_was_met_three_times(
    entra: Controls, real: tuple[Authority, str], given: Scene, *, error: str, codes: list[int]
) -> None:
    ordered = {"code": 99999999, "codes": codes, "error": error, "client": PARTNER_APPLICATION, "times": -1}
    entra.post("errors", ordered)
    given.clock.now += DAY
    statuses = []
    for _ in range(3):
        run(given, real[0])
        statuses.append(given.health().status)
        given.clock.now += 6 * HOUR
    assert statuses == [FAILING, FAILING, LOST]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("invalid_client", "application_misconfigured"),
        ("consent_required", "home_consent_missing"),
        ("access_denied", "home_tenant_refused"),
        ("invalid_resource", "scope_refused"),
        ("invalid_scope", "scope_refused"),
    ],
)
def test_an_unlisted_refusal_of_the_application_is_never_held_against_a_consent(
    entra: Controls, real: tuple[Authority, str], given: Scene, *, error: str, told: str
) -> None:
    """Federated credentials met numbers that no list had, and every consent was called lost after three runs."""
    before = given.health()
    entra.post("errors", {"code": 99999999, "error": error, "client": PARTNER_APPLICATION, "times": -1})
    given.clock.now += DAY
    for _ in range(4):
        report = run(given, real[0])
        assert report.outcomes == {MISCONFIGURED: 1}
        assert (report.application.health.error, report.application.health.authority_code) == (told, 99999999)
        given.clock.now += 6 * HOUR
    assert given.health() == before


@pytest.mark.parametrize("error", ["invalid_request", "unauthorized_client"])
def test_an_unlisted_refusal_of_the_request_changes_no_state_and_is_told_by_name(
    entra: Controls, real: tuple[Authority, str], given: Scene, error: str
) -> None:
    before = given.store.all()
    entra.post("errors", {"code": 99999999, "error": error, "client": PARTNER_APPLICATION, "times": -1})
    given.clock.now += DAY
    for _ in range(4):
        report = run(given, real[0])
        assert (report.outcomes, report.refused) == ({REFUSED: 1}, (NAME,))
        with pytest.raises(RefreshAlarm, match=rf"^refused for an unknown reason: {NAME}$"):
            report.require_calm()
        given.clock.now += 6 * HOUR
    assert given.store.all() == before


@pytest.mark.parametrize("code", [7000215, 7000222, 700027])
def test_a_credential_that_is_refused_is_tried_a_few_times_and_no_more(
    entra: Controls, real: tuple[Authority, str], given: Scene, code: int
) -> None:
    for number in range(60):
        keep(given, f"c{number}", real[1])
    entra.post("errors", {"code": code, "client": PARTNER_APPLICATION, "times": -1})
    entra.clear("requests")
    given.clock.now += DAY
    report = run(given, real[0])
    asked = sum(times for (method, _), times in entra.requests().items() if method == "POST")
    assert 1 <= asked <= given.concurrency
    assert report.outcomes == {MISCONFIGURED: asked, CARRIED_OVER: 61 - asked}


def test_every_number_that_the_running_entra_id_knows_is_in_this_table() -> None:
    assert set(CODES) - TOLD_TO_OTHERS == {code for code, _ in CASES}
