"""Runs of the timer: what an ordinary day costs, what each failure does, and what comes in between."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import jwt
import pytest

from refresh_timer.outcome import (
    BROKEN,
    CARRIED_OVER,
    MISCONFIGURED,
    PROVEN,
    RECOVERED,
    STORED,
    SUPERSEDED,
    TRANSIENT,
    UNREADABLE,
    VAULT_REFUSED,
)
from refresh_timer.report import RefreshAlarm
from shared.consents.consent import Renewal
from shared.consents.errors import ConsentAbsent, ConsentWithdrawn
from shared.consents.health import FAILING, LOST, OK, REFRESH_TOKEN_LIFE, Health, to_tags
from shared.crew import Limits
from shared.entra.errors import ApplicationMisconfigured, CustomerTenantRefused, NewConsentNeeded
from shared.errors import AuthorityUnavailable, BrokerError, IdentityUnavailable
from shared.vault_errors import VaultRefused, VaultUnavailable
from tests.fakes.scripted_authority import Asked, says
from tests.refresh_timer.scene import CONCURRENT, DAY, HOME_ID, HOUR, NOON, OTHER_TENANT_ID, SCOPE, Scene, refreshed

KNOWN_DEAD, UNKNOWN = 50173, 999_999
type Refusal = Callable[[Asked], BrokerError | None]


def answers(_asked: Asked) -> BrokerError | None:
    return None


def refusing(error: BrokerError) -> Refusal:
    return lambda _asked: error.afresh()


def refusing_consent(name: str, error: BrokerError) -> Refusal:
    return lambda asked: error.afresh() if asked.refresh_token.startswith(f"{name}-") else None


@pytest.fixture
def scene() -> Scene:
    made = Scene()
    made.give()
    return made


# What it costs: section 7 of the design.


def test_an_ordinary_proof_is_one_get_one_exchange_and_one_patch(scene: Scene) -> None:
    with scene.counting() as counted:
        assert scene.run_after(DAY).outcomes == {PROVEN: 1}
    assert counted == {"list": 1, "get": 1, "exchange": 1, "patch": 1}


def test_a_store_is_one_get_one_exchange_one_put_one_read_back_and_one_patch(scene: Scene) -> None:
    scene.run_after(7 * DAY)
    with scene.counting() as counted:
        assert scene.run_after(7 * DAY).outcomes == {STORED: 1}
    assert counted == {"list": 1, "get": 2, "exchange": 1, "put": 1, "patch": 1}


def test_nothing_due_is_the_listing_alone(scene: Scene) -> None:
    scene.give("withdrawn")
    scene.withdraw("withdrawn")
    with scene.counting() as counted:
        assert scene.run_after(HOUR).outcomes == Counter()
    assert counted == {"list": 1}


def test_a_year_of_hourly_runs_stores_weekly_proves_daily_and_keeps_two_versions_open(scene: Scene) -> None:
    for _ in range(365 * 24):
        scene.run_after(HOUR)
        assert scene.health().dies_on - scene.clock() > 80 * DAY
    versions = scene.vault.written["renewal-partner"]
    assert 365 / 9 < len(versions) < 365 / 7 + 2
    assert [version.version.enabled for version in versions][-2:] == [True, True]
    assert not any(version.version.enabled for version in versions[:-2])
    assert 365 * 24 / 24 <= len(scene.authority.asked) <= 365 * 24 / 20


def test_a_proof_asks_for_the_persons_own_scope_in_the_persons_own_tenant() -> None:
    scene = Scene()
    scene.give(tenant_id=OTHER_TENANT_ID)
    scene.run_after(DAY)
    (asked,) = scene.authority.asked
    assert (asked.tenant_id, asked.scope, asked.claims) == (OTHER_TENANT_ID, SCOPE, None)
    assert asked.refresh_token == "partner-l1+"


def test_a_proof_is_recorded_and_leaves_the_stored_token(scene: Scene) -> None:
    scene.run_after(DAY)
    health = scene.health()
    assert (health.proven_on, health.renewed_on, health.status) == (NOON + DAY, NOON, OK)
    assert scene.store.load("partner").refresh_token == "partner-l1+"


def test_a_store_keeps_the_new_token_with_the_date_it_ends_on(scene: Scene) -> None:
    """The vault itself warns of it when the timer has stopped."""
    scene.run_after(8 * DAY)
    assert scene.store.load("partner").refresh_token == "partner-l1++"
    stored = scene.latest("renewal-partner").version
    assert stored.expires_on == NOON + 8 * DAY + REFRESH_TOKEN_LIFE
    assert scene.health().proven_on == scene.health().renewed_on == NOON + 8 * DAY


def test_no_run_ever_writes_to_a_persons_act(scene: Scene) -> None:
    touched: list[str] = []
    scene.vault.before = lambda operation, name: touched.append(name) if operation in {"put", "patch"} else None
    for error in (None, NewConsentNeeded(authority_code=UNKNOWN), NewConsentNeeded(authority_code=KNOWN_DEAD)):
        scene.authority.refuse = refusing(error) if error else answers
        scene.run_after(8 * DAY)
    assert set(touched) == {"renewal-partner"}


def test_a_consent_whose_first_renewal_was_never_stored_is_served_and_stored_at_once() -> None:
    scene = Scene()
    scene.give(proven=False)
    assert scene.run().outcomes == {STORED: 1}
    assert refreshed(scene.authority.asked) == ["partner-l1"]
    assert scene.store.load("partner").refresh_token == "partner-l1+"


# What fails.


@pytest.mark.parametrize(
    "error",
    [
        NewConsentNeeded(authority_code=KNOWN_DEAD),
        NewConsentNeeded(),
        CustomerTenantRefused(authority_code=65001),
        AuthorityUnavailable(),
        BrokerError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_the_failure_of_one_consent_never_stops_the_next(error: BrokerError) -> None:
    scene = Scene()
    for number in range(3 * CONCURRENT):
        scene.give(f"c{number}")
    scene.authority.refuse = refusing_consent("c1", error)
    assert scene.run_after(DAY).outcomes[PROVEN] == 3 * CONCURRENT - 1


def test_a_failure_that_nobody_foresaw_never_stops_the_next_and_its_text_is_not_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is of the most urgent consent, so it would be the first of every run."""
    caplog.set_level("INFO", "broker.audit")
    scene = Scene()
    scene.give("c0")
    scene.clock.now += HOUR
    for number in range(1, 3 * CONCURRENT):
        scene.give(f"c{number}")

    def choke(asked: Asked) -> None:
        if asked.refresh_token.startswith("c0-"):
            raise TypeError(asked.refresh_token)

    scene.authority.refuse = choke
    assert scene.run_after(DAY).outcomes == {BROKEN: 1, PROVEN: 3 * CONCURRENT - 1}
    assert any('"c0"' in line and '"TypeError"' in line for line in caplog.messages)
    assert "c0-l1" not in caplog.text


@pytest.mark.parametrize("operation", ["get", "patch"])
@pytest.mark.parametrize("error", [VaultUnavailable(), VaultRefused()], ids=["unavailable", "refused"])
def test_a_vault_that_fails_for_one_secret_never_stops_the_next(operation: str, error: BrokerError) -> None:
    """A role may be assigned for one secret, and one secret may be what a vault cannot write."""
    scene = Scene()
    for number in range(3 * CONCURRENT):
        scene.give(f"c{number}")

    def fail(done: str, name: str) -> None:
        if (done, name) == (operation, "renewal-c1"):
            raise error.afresh()

    scene.vault.before = fail
    report = scene.run_after(DAY)
    assert report.outcomes == {PROVEN: 3 * CONCURRENT - 1, TRANSIENT if error.transient else VAULT_REFUSED: 1}


def test_a_known_dead_refresh_token_is_lost_at_once(scene: Scene) -> None:
    scene.authority.refuse = refusing(NewConsentNeeded(authority_code=KNOWN_DEAD))
    report = scene.run_after(DAY)
    health = scene.health()
    assert report.newly_lost == ("partner",)
    assert (health.status, health.error, health.failures) == (LOST, "new_consent_needed", 1)
    assert (health.failing_since, health.failed_on, health.proven_on) == (NOON + DAY, NOON + DAY, NOON)


def test_before_a_consent_is_called_lost_the_vault_is_read_again(scene: Scene) -> None:
    """Another run may have stored a newer refresh token while this one tried the older."""

    def replaced(_asked: Asked) -> BrokerError:
        health = Health(lineage="l1", renewed_on=scene.clock(), proven_on=scene.clock())
        renewal = Renewal(lineage="l1", refresh_token="of-another-run")
        scene.store.store_renewal("partner", renewal, health, over=scene.store.renewal("partner"))
        return NewConsentNeeded(authority_code=KNOWN_DEAD)

    scene.authority.refuse = replaced
    report = scene.run_after(DAY)
    assert (report.outcomes, report.newly_lost) == ({SUPERSEDED: 1}, ())
    assert scene.health().status == OK


def test_an_unknown_refusal_is_failing_first_and_lost_after_three_runs_six_hours_apart(scene: Scene) -> None:
    scene.authority.refuse = refusing(NewConsentNeeded(authority_code=UNKNOWN))
    scene.clock.now += DAY
    seen = []
    for _ in range(14):
        report = scene.run()
        seen.append((dict(report.outcomes), report.newly_lost))
        scene.clock.now += HOUR
    failing, lost = ({FAILING: 1}, ()), ({LOST: 1}, ("partner",))
    nothing: tuple[dict[str, int], tuple[str, ...]] = ({}, ())
    assert seen == [failing, *[nothing] * 5, failing, *[nothing] * 5, lost, nothing]
    assert (scene.health().failures, scene.health().failing_since) == (3, NOON + DAY)


def test_two_runs_that_fail_at_once_count_as_one_failure(scene: Scene) -> None:
    """Two runs within a minute are one bad evening, not two."""

    def meanwhile(_asked: Asked) -> BrokerError:
        scene.authority.refuse = refusing(NewConsentNeeded(authority_code=UNKNOWN))
        scene.run()
        return NewConsentNeeded(authority_code=UNKNOWN)

    scene.authority.refuse = meanwhile
    scene.run_after(DAY)
    assert scene.health().failures == 1


def test_a_lost_consent_is_proven_on_is_not_told_twice_and_recovers(scene: Scene) -> None:
    scene.authority.refuse = refusing(NewConsentNeeded(authority_code=KNOWN_DEAD))
    scene.run_after(DAY)
    again = scene.run_after(DAY)
    assert (again.outcomes, again.newly_lost) == ({LOST: 1}, ())
    scene.authority.refuse = answers
    assert scene.run_after(DAY).outcomes == {RECOVERED: 1}
    health = scene.health()
    assert (health.status, health.error, health.failures, health.failing_since) == (OK, "", 0, None)
    assert health.proven_on == scene.clock()


def test_a_lost_consent_is_still_served(scene: Scene) -> None:
    """Lost is advice: only a person's withdrawal refuses."""
    scene.authority.refuse = refusing(NewConsentNeeded(authority_code=KNOWN_DEAD))
    scene.run_after(DAY)
    assert scene.store.load("partner").refresh_token == "partner-l1+"


def test_a_consent_that_fails_before_its_first_renewal_keeps_its_token_and_its_end() -> None:
    scene = Scene()
    scene.give(proven=False)
    scene.authority.refuse = refusing(NewConsentNeeded(authority_code=UNKNOWN))
    for failures in (1, 2, 3):
        scene.run_after(6 * HOUR)
        assert scene.health().failures == failures
        assert scene.store.load("partner").refresh_token == "partner-l1"
        assert scene.health().dies_on == NOON + REFRESH_TOKEN_LIFE
    assert scene.health().status == LOST


@pytest.mark.parametrize("error", [AuthorityUnavailable(retry_after=60), VaultUnavailable()])
def test_what_passes_by_itself_leaves_health_alone_and_is_tried_again(scene: Scene, error: BrokerError) -> None:
    before = scene.health()
    scene.authority.refuse = refusing(error)
    assert scene.run_after(DAY).outcomes == {TRANSIENT: 1}
    assert scene.health() == before
    scene.authority.refuse = answers
    assert scene.run_after(HOUR).outcomes == {PROVEN: 1}


def test_a_misconfigured_application_stops_the_run_early_and_marks_nobody() -> None:
    scene = Scene()
    for number in range(10 * CONCURRENT):
        scene.give(f"c{number}")
    before = {entry.name: entry.health for entry in scene.store.all().entries}
    scene.authority.refuse = refusing(ApplicationMisconfigured(authority_code=7000222))
    report = scene.run_after(DAY)
    assert 1 <= report.outcomes[MISCONFIGURED] <= CONCURRENT
    assert report.outcomes[MISCONFIGURED] + report.outcomes[CARRIED_OVER] == 10 * CONCURRENT
    assert {entry.name: entry.health for entry in scene.store.all().entries} == before
    scene.authority.refuse = answers
    assert scene.run_after(HOUR).outcomes == {PROVEN: 10 * CONCURRENT}


def test_what_is_the_applications_fault_in_one_tenant_does_not_let_the_others_die() -> None:
    """One tenant may not know the application any more; its consent is the most urgent one from then on."""
    scene = Scene()
    scene.give("gone", tenant_id=OTHER_TENANT_ID)
    scene.clock.now += HOUR
    for number in range(3 * CONCURRENT):
        scene.give(f"c{number}")
    scene.authority.refuse = lambda asked: (
        ApplicationMisconfigured(authority_code=650057) if asked.tenant_id != HOME_ID else None
    )
    assert scene.run_after(DAY).outcomes == {MISCONFIGURED: 1, PROVEN: 3 * CONCURRENT}


def test_a_tenant_that_is_gone_is_the_settings_to_mend_and_does_not_let_the_others_die() -> None:
    """A deleted tenant answers with AADSTS90002, in every run from then on."""
    scene = Scene()
    scene.give("gone", tenant_id=OTHER_TENANT_ID)
    scene.clock.now += HOUR
    for number in range(3 * CONCURRENT):
        scene.give(f"c{number}")
    gone, before = says("invalid_request", 90002), scene.health("gone")
    scene.authority.refuse = lambda asked: gone(asked) if asked.tenant_id != HOME_ID else None
    report = scene.run_after(DAY)
    assert report.outcomes == {MISCONFIGURED: 1, PROVEN: 3 * CONCURRENT}
    assert scene.health("gone") == before
    assert report.application.health.error == "home_tenant_unknown"


# What an exchange may meet before it reaches the authority, when the application's secret lies in the vault.
OF_THE_CREDENTIAL: list[tuple[BrokerError, str]] = [
    (VaultRefused(), VAULT_REFUSED),
    (ApplicationMisconfigured("The vault has no secret partner-client-secret."), MISCONFIGURED),
    (IdentityUnavailable(), TRANSIENT),
    (VaultUnavailable(), TRANSIENT),
]


@pytest.mark.parametrize(
    ("error", "what"), OF_THE_CREDENTIAL, ids=[type(error).__name__ for error, _ in OF_THE_CREDENTIAL]
)
def test_what_is_wrong_with_the_applications_credential_is_held_against_no_consent(
    scene: Scene, error: BrokerError, what: str
) -> None:
    """Three such runs would otherwise call every consent lost, and have everybody sign in again for nothing."""
    before = scene.health()
    scene.authority.refuse = refusing(error)
    scene.clock.now += DAY
    for _ in range(4):
        report = scene.run_after(6 * HOUR)
        assert (report.outcomes, report.newly_lost) == ({what: 1}, ())
    assert scene.health() == before


def test_a_vault_that_refuses_the_broker_is_tried_for_each_consent_and_raises_an_alarm_of_its_own(scene: Scene) -> None:
    def refuse(operation: str, _name: str) -> None:
        if operation == "get":
            raise VaultRefused

    scene.give("another")
    scene.vault.before = refuse
    report = scene.run_after(DAY)
    assert report.outcomes == {VAULT_REFUSED: 2}
    with pytest.raises(RefreshAlarm, match=r"^Key Vault refused the broker's identity$"):
        report.require_calm()


# What a proof tells of multi-factor authentication.


def told_by(**claims: object) -> Callable[[int], str]:
    """Access tokens with these claims; whose key signed them is not looked at, for they come over TLS."""
    return lambda number: jwt.encode({**claims, "uti": str(number)}, "k" * 32, algorithm="HS256")


@pytest.mark.parametrize(
    ("claims", "mfa"),
    [
        ({"amr": ["pwd", "mfa"]}, "yes"),
        ({"amr": ["pwd"]}, "no"),
        ({"amr": []}, "no"),
        ({}, "unknown"),
        ({"amr": "mfa"}, "unknown"),
        ({"amr": None}, "unknown"),
    ],
    ids=str,
)
@pytest.mark.parametrize("passed", [DAY, 8 * DAY], ids=["prove", "store"])
def test_each_proof_records_whether_multi_factor_authentication_is_in_its_token(
    scene: Scene, claims: dict[str, object], mfa: str, passed: timedelta
) -> None:
    scene.authority.text = told_by(**claims)
    scene.run_after(passed)
    assert scene.health().mfa == mfa


def test_what_the_last_proof_told_counts_and_a_failure_leaves_it(scene: Scene) -> None:
    for claims, mfa in (({"amr": ["mfa"]}, "yes"), ({"amr": ["pwd"]}, "no"), ({"amr": ["mfa"]}, "yes")):
        scene.authority.text = told_by(**claims)
        scene.run_after(DAY)
        assert scene.health().mfa == mfa
    scene.authority.refuse = refusing(NewConsentNeeded(authority_code=UNKNOWN))
    scene.run_after(DAY)
    assert (scene.health().status, scene.health().mfa) == (FAILING, "yes")


def test_a_token_that_tells_nothing_leaves_multi_factor_authentication_unknown(scene: Scene) -> None:
    scene.run_after(DAY)
    assert scene.health().mfa == "unknown"


DAMAGED = [
    ('{"schema": ', "consent_unreadable"),
    ('{"schema": 1, "kind": "renewal", "token": "x"}', "consent_unreadable"),
    ('{"schema": 2, "kind": "renewal", "lineage": "l1", "sealed_refresh_token": "x"}', "consent_from_newer_version"),
]


@pytest.mark.parametrize(("value", "code"), DAMAGED, ids=["not JSON", "another shape", "a newer schema"])
@pytest.mark.parametrize("proven", [True, False], ids=["renewal", "consent"])
def test_a_value_that_cannot_be_read_is_reported_by_name_left_alone_and_the_others_are_done(
    value: str, code: str, caplog: pytest.LogCaptureFixture, *, proven: bool
) -> None:
    caplog.set_level("INFO", "broker.audit")
    scene = Scene()
    scene.give("good")
    scene.give("bad", proven=proven)
    secret = "renewal-bad" if proven else "consent-bad"
    scene.vault.put(secret, value, tags=scene.latest(secret).version.tags)
    before = scene.latest(secret)
    report = scene.run_after(8 * DAY)
    assert report.outcomes == {STORED: 1, UNREADABLE: 1}
    assert scene.latest(secret) == before
    assert any('"bad"' in line and f'"{code}"' in line for line in caplog.messages)
    assert report.unreadable == ("bad",)
    with pytest.raises(RefreshAlarm, match=r"^consent damaged: bad$"):
        report.require_calm()


def test_a_disabled_renewal_is_reported_and_left_alone(scene: Scene) -> None:
    latest = scene.latest("renewal-partner").version
    scene.vault.patch("renewal-partner", latest.version, enabled=False)
    with scene.counting() as counted:
        assert scene.run_after(DAY).outcomes == {UNREADABLE: 1}
    assert counted == {"list": 1, "get": 1}


def test_consents_whose_tags_cannot_be_read_are_named_and_the_others_are_done(scene: Scene) -> None:
    scene.vault.put("consent-strange", "{}", tags={"state": "active"})
    report = scene.run_after(DAY)
    assert (report.damaged, report.outcomes) == (("strange",), {PROVEN: 1})
    with pytest.raises(RefreshAlarm, match=r"^consent damaged: strange$"):
        report.require_calm()


def test_a_listing_that_fails_fails_the_run(scene: Scene) -> None:
    def away(_operation: str, _name: str) -> None:
        raise VaultUnavailable

    scene.vault.before = away
    with pytest.raises(VaultUnavailable):
        scene.run()


def test_a_run_that_takes_too_long_leaves_the_rest_to_the_next_and_the_most_urgent_are_done() -> None:
    scene = Scene()
    for number in range(3 * CONCURRENT):
        scene.give(f"c{number:02}")
        scene.clock.now += timedelta(minutes=1)

    def slow(_asked: Asked) -> None:
        scene.clock.now += timedelta(seconds=Limits().begin)

    scene.authority.refuse = slow
    report = scene.run_after(DAY)
    done = refreshed(scene.authority.asked)
    assert report.outcomes == {PROVEN: len(done), CARRIED_OVER: 3 * CONCURRENT - len(done)}
    # What had begun already is finished: at most one for each thread, the first of the queue.
    assert set(done) <= {f"c{number:02}-l1" for number in range(CONCURRENT)}
    scene.authority.refuse = answers
    assert scene.run().outcomes == {PROVEN: report.outcomes[CARRIED_OVER]}


# What comes in between.


def at_the_exchange(scene: Scene, act: Callable[[], None], error: BrokerError | None = None) -> Refusal:
    """The person's act comes after the run has read the vault and before the authority answers."""

    def refuse(_asked: Asked) -> BrokerError | None:
        scene.authority.refuse = answers
        act()
        return error

    return refuse


ERRORS = [None, NewConsentNeeded(authority_code=KNOWN_DEAD), NewConsentNeeded(authority_code=UNKNOWN)]


@pytest.mark.parametrize("error", ERRORS, ids=["answered", "dead", "refused"])
@pytest.mark.parametrize("passed", [DAY, 8 * DAY], ids=["prove", "store"])
@pytest.mark.parametrize("proven", [True, False], ids=["renewed", "not-renewed"])
def test_a_new_consent_at_the_moment_of_exchange_stays_in_force(
    scene: Scene, error: BrokerError | None, passed: timedelta, *, proven: bool
) -> None:
    scene.authority.refuse = at_the_exchange(scene, lambda: scene.give(lineage="l2", proven=proven), error)
    report = scene.run_after(passed)
    served = scene.store.load("partner")
    assert (served.consent.lineage, served.refresh_token.rstrip("+")) == ("l2", "partner-l2")
    assert report.newly_lost == (), "nobody is told that a consent is lost which was just given"
    scene.run()
    assert scene.health().status == OK
    assert scene.store.load("partner").refresh_token.rstrip("+") == "partner-l2"


@pytest.mark.parametrize("error", ERRORS, ids=["answered", "dead", "refused"])
@pytest.mark.parametrize("passed", [DAY, 8 * DAY], ids=["prove", "store"])
def test_a_withdrawal_at_the_moment_of_exchange_stays_in_force(
    scene: Scene, error: BrokerError | None, passed: timedelta
) -> None:
    scene.authority.refuse = at_the_exchange(scene, scene.withdraw, error)
    assert scene.run_after(passed).newly_lost == (), "nobody is told to repair what was taken away on purpose"
    with pytest.raises(ConsentWithdrawn):
        scene.store.load("partner")
    with scene.counting() as counted:
        scene.run_after(DAY)
    assert counted == {"list": 1}


@pytest.mark.parametrize("act", ["consent", "withdrawal"])
def test_what_a_person_does_between_listing_and_reading_is_seen(scene: Scene, act: str) -> None:
    def between(operation: str, _name: str) -> None:
        if operation == "get":
            scene.vault.before = lambda _operation, _name: None
            if act == "consent":
                scene.give(lineage="l2")
            else:
                scene.withdraw()

    scene.vault.before = between
    report = scene.run_after(DAY)
    if act == "consent":
        assert (report.outcomes, scene.authority.asked) == ({SUPERSEDED: 1}, [])
        assert scene.health().lineage == "l2"
        assert scene.store.load("partner").refresh_token.rstrip("+") == "partner-l2"
    else:
        with pytest.raises(ConsentWithdrawn):
            scene.store.load("partner")


def test_a_renewal_of_an_old_lineage_that_is_written_late_changes_nothing_and_is_mended(scene: Scene) -> None:
    scene.give(lineage="l2")
    late = Health(lineage="l1", renewed_on=scene.clock(), proven_on=scene.clock())
    scene.vault.put(
        "renewal-partner",
        '{"schema": 1, "kind": "renewal", "lineage": "l1", "refresh_token": "partner-l1++"}',
        tags=to_tags(late),
    )
    assert scene.store.load("partner").refresh_token == "partner-l2"
    assert scene.run().outcomes == {STORED: 1}
    assert refreshed(scene.authority.asked) == ["partner-l2"]
    assert scene.health().lineage == "l2"
    assert scene.store.load("partner").refresh_token == "partner-l2+"


def test_a_lost_answer_to_a_store_is_carried_on_by_the_next_run(scene: Scene) -> None:
    def lost(operation: str, _name: str) -> None:
        # The read-back after the PUT is what fails: the PUT itself was done.
        if operation == "put":
            scene.vault.before = away

    def away(_operation: str, _name: str) -> None:
        raise VaultUnavailable

    scene.vault.before = lost
    assert scene.run_after(8 * DAY).outcomes == {TRANSIENT: 1}
    scene.vault.before = lambda _operation, _name: None
    assert scene.store.load("partner").refresh_token == "partner-l1++"
    assert scene.run().outcomes == Counter()
    assert scene.run_after(8 * DAY).outcomes == {STORED: 1}


def test_a_consent_whose_secret_vanished_is_left_alone(scene: Scene) -> None:
    def vanish(_asked: Asked) -> BrokerError:
        scene.vault.written.clear()
        return NewConsentNeeded(authority_code=KNOWN_DEAD)

    scene.authority.refuse = vanish
    assert scene.run_after(DAY).outcomes == {SUPERSEDED: 1}
    with pytest.raises(ConsentAbsent):
        scene.store.load("partner")


def test_a_stored_token_that_is_none_holds_up_nobody_else_and_is_its_own_consents_trouble() -> None:
    """Entra ID calls it a malformed request (AADSTS9002313), and no fault of the application's."""
    scene = Scene()
    scene.give("damaged")
    for number in range(30):
        scene.give(f"c{number:02}")
    malformed = says("invalid_grant", 9002313)
    scene.authority.refuse = lambda asked: malformed(asked) if asked.refresh_token.startswith("damaged") else None
    report = scene.run_after(DAY)
    assert report.outcomes == {FAILING: 1, PROVEN: 30}
    assert report.application.health.status == OK
    assert scene.health("damaged").error == "new_consent_needed"
