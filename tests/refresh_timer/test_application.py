"""The application watched: its credential's thresholds once each, faulty and well again, without a consent's harm."""

from datetime import datetime, timedelta

import pytest

from refresh_timer.alarms import THRESHOLDS
from refresh_timer.report import RefreshAlarm
from shared.consents.application_health import SECRET
from shared.consents.consent import MANAGEMENT_NAME
from shared.consents.health import OK
from shared.entra.application_credential import CERTIFICATE, Proof
from shared.entra.errors import ApplicationMisconfigured, CredentialMissing
from shared.vault_errors import VaultRefused, VaultUnavailable
from tests.refresh_timer.scene import DAY, HOUR, NOON, Scene

EXPIRED = 7000222


class Ending:
    """A certificate that ends then; None where nobody says."""

    kind = CERTIFICATE

    def __init__(self, ends: datetime | None) -> None:
        self.ends = ends
        self.error: Exception | None = None

    def proofs(self) -> list[Proof]:
        if self.error:
            raise self.error
        return [Proof(client_credential="x", expires_on=self.ends)]

    def in_use(self) -> Proof:
        return self.proofs()[0]

    def accepted(self, proof: Proof) -> None:
        """Nothing to remember."""

    def refused(self) -> None:
        """Nothing to look for."""


def scene_with(credential: object) -> Scene:
    scene = Scene()
    scene.credential = credential  # type: ignore[assignment]  # another ApplicationCredential
    scene.give()
    return scene


def test_each_threshold_of_the_credential_is_told_once_and_fails_the_run() -> None:
    scene, told = scene_with(Ending(NOON + 40 * DAY)), []
    for _ in range(45 * 4):
        report = scene.run_after(6 * HOUR)
        if report.application.crossed is not None:
            told.append(report.application.crossed)
            with pytest.raises(RefreshAlarm, match="certificate ends in"):
                report.require_calm()
        else:
            report.require_calm()
    assert told == list(THRESHOLDS)
    assert len(scene.vault.written[SECRET]) == len(THRESHOLDS), "recorded when it changes, and not each hour"


def test_a_renewed_credential_begins_anew() -> None:
    credential = Ending(NOON + 20 * DAY)
    scene = scene_with(credential)
    assert scene.run_after(HOUR).application.crossed == 30
    credential.ends = NOON + 400 * DAY
    assert scene.run_after(HOUR).application.crossed is None
    credential.ends = NOON + 10 * DAY
    assert scene.run_after(HOUR).application.crossed == 14, "of the new one, nothing had been told"


def test_a_renewed_credential_that_is_to_end_soon_too_is_told_of_in_its_turn() -> None:
    credential = Ending(NOON + 10 * DAY)
    scene = scene_with(credential)
    assert scene.run_after(HOUR).application.crossed == 14
    credential.ends = NOON + 25 * DAY
    assert scene.run_after(HOUR).application.crossed == 30
    assert scene.run_after(HOUR).application.crossed is None


def test_a_threshold_is_not_told_again_because_the_credential_could_not_be_read_for_once() -> None:
    credential = Ending(NOON + 20 * DAY)
    scene = scene_with(credential)
    assert scene.run_after(HOUR).application.crossed == 30
    credential.error = VaultUnavailable()
    assert scene.run_after(HOUR).application.left is None
    credential.error = None
    found = scene.run_after(HOUR).application
    assert (found.left, found.crossed) == (19, None)


@pytest.mark.parametrize("ends", [None, NOON + 400 * DAY], ids=["nobody says", "far away"])
def test_a_credential_that_does_not_end_soon_is_nothing_to_tell_and_nothing_to_write(ends: datetime | None) -> None:
    scene = scene_with(Ending(ends))
    scene.run_after(DAY).require_calm()
    assert SECRET not in scene.vault.written


def test_a_faulty_application_is_told_each_time_with_its_beginning_and_its_recovery_once() -> None:
    scene = Scene()
    scene.give()
    scene.authority.refuse = lambda _asked: ApplicationMisconfigured(authority_code=EXPIRED)
    first = scene.run_after(DAY)
    began = scene.clock()
    second = scene.run_after(HOUR)
    for report in (first, second):
        found = report.application
        assert (found.health.status, found.health.error) == ("misconfigured", "application_misconfigured")
        assert (found.health.authority_code, found.health.since) == (EXPIRED, began)
        with pytest.raises(RefreshAlarm, match="misconfigured"):
            report.require_calm()
    assert scene.health().status == OK, "no consent is to blame"
    scene.authority.refuse = lambda _asked: None
    well = scene.run_after(HOUR)
    assert (well.application.health.status, well.application.recovered) == ("ok", True)
    assert not scene.run_after(DAY).application.recovered


def test_a_run_with_nothing_due_says_nothing_new_of_the_application() -> None:
    scene = Scene()
    scene.give()
    scene.authority.refuse = lambda _asked: ApplicationMisconfigured(authority_code=EXPIRED)
    scene.run_after(DAY)
    scene.withdraw()
    report = scene.run_after(HOUR)
    assert (report.due, report.application.health.status) == (0, "misconfigured")


def test_a_credential_that_is_missing_stops_the_run_early_and_loses_nothing() -> None:
    scene = Scene()
    for number in range(200):
        scene.give(f"c{number:03}")
    scene.authority.refuse = lambda _asked: CredentialMissing("It is called partner.")
    report = scene.run_after(DAY)
    assert len(scene.authority.asked) <= 8
    assert report.outcomes.total() == 200
    assert report.application.health.error == "credential_missing"
    scene.authority.refuse = lambda _asked: None
    assert scene.run_after(HOUR).outcomes == {"proven": 200}


@pytest.mark.parametrize("error", [VaultUnavailable(), VaultRefused()], ids=["away", "refuses"])
def test_a_vault_that_does_not_take_the_note_breaks_no_run(error: Exception) -> None:
    scene = scene_with(Ending(NOON + 20 * DAY))

    def before(operation: str, name: str) -> None:
        if (operation, name) == ("put", SECRET):
            raise error

    scene.vault.before = before
    assert scene.run_after(HOUR).application.crossed == 30
    scene.vault.before = lambda _operation, _name: None
    assert scene.run_after(HOUR).application.crossed == 30, "what could not be noted is told again"
    assert scene.run_after(timedelta(hours=1)).application.crossed is None


def test_a_faulty_management_application_is_told_as_that_and_costs_no_other_consent_its_proof() -> None:
    """Both have one tenant and one scope: what Entra ID says of one application is no word on the other."""
    scene = Scene()
    scene.give(MANAGEMENT_NAME, "m1")
    scene.give("partner", "p1")
    scene.authority.refuse = lambda asked: (
        ApplicationMisconfigured(authority_code=EXPIRED) if "m1" in asked.refresh_token else None
    )
    report = scene.run_after(DAY)
    assert scene.health("partner").proven_on == scene.clock().replace(microsecond=0)
    assert report.application.health.status == OK
    with pytest.raises(RefreshAlarm, match="the management application is misconfigured"):
        report.require_calm()


def test_a_consent_to_an_application_that_the_settings_do_not_name_is_left_alone() -> None:
    scene = Scene(left_alone=frozenset({MANAGEMENT_NAME}))
    scene.give(MANAGEMENT_NAME, "m1")
    scene.give("partner", "p1")
    report = scene.run_after(DAY)
    assert len(scene.authority.asked) == report.due == 1
    report.require_calm()
