"""A withdrawal that is taken back: what is served then, what stays void, and what may have happened in between."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from consent_http.completion import Confirmation
from consent_http.refusals import ConsentChanged, LinkSuperseded, LinkUsed
from consent_http.sign_in_refusals import MfaMissing
from local.state import StackState
from local.world import ADMIN, CONTOSO, PARTNER_TENANT, SECOND_ADMIN
from shared.consents.consent import Consent, Person, Renewal, Withdrawal
from shared.consents.errors import ConsentFromNewerVersion, ConsentNotFound, ConsentWithdrawn, NothingToRestore
from shared.consents.health import Health
from shared.entra.errors import ApplicationMisconfigured, NewConsentNeeded
from shared.entra.place import Place
from shared.errors import AuthorityUnavailable, BrokerError, ConsentNameBlocked, ConsentUnreadable, InvalidRequest
from shared.vault_errors import VaultRefused, VaultUnavailable
from tests.consent_http.rig import OPERATOR, Rig, consented, old_token, signed_in
from tests.local_control import Controls

NAME, SECRET, RENEWAL = "partner", "consent-partner", "renewal-partner"
# More vault operations than one restoration has; the last steps show what is so when nothing comes in between.
STEPS = range(12)


@pytest.fixture
def errors(stack: StackState) -> Iterator[Controls]:
    """Entra ID's control door; whatever was ordered is gone afterwards."""
    controls = Controls(stack, stack.entra)
    yield controls
    controls.clear("errors")


def at_step(rig: Rig, step: int, act: Callable[[], object]) -> None:
    """Let `act` happen just before the vault operation number `step` from now."""
    passed = 0

    def before(_operation: str, _name: str) -> None:
        nonlocal passed
        passed += 1
        if passed == step + 1:
            rig.vault.before = lambda _operation, _name: None
            act()

    rig.vault.before = before


def versions(rig: Rig) -> int:
    return len(rig.vault.written.get(SECRET, []))


def store(rig: Rig, refresh_token: str) -> Consent:
    """A consent as it was stored some time ago, by its own name alone."""
    consent = Consent(
        name=NAME,
        lineage="lineage-of-old",
        refresh_token=refresh_token,
        person=Person(tenant_id=PARTNER_TENANT, object_id=ADMIN.object_id, username=ADMIN.username),
        scope=rig.settings.consent_scope,
        mfa="yes",
        link_id="link",
        consented_on=rig.clock().replace(microsecond=0) - timedelta(days=60),
    )
    rig.store.store_consent(consent)
    return consent


def renew(rig: Rig, lineage: str, refresh_token: str) -> None:
    """What a timer writes."""
    health = Health(lineage=lineage, renewed_on=rig.clock().replace(microsecond=0))
    renewal = Renewal(lineage=lineage, refresh_token=refresh_token)
    rig.store.store_renewal(NAME, renewal, health, over=rig.store.renewal(NAME))


def works(rig: Rig, refresh_token: str) -> bool:
    scope = rig.settings.consent_scope
    return bool(
        rig.authority.exchange(
            refresh_token, tenant_id=PARTNER_TENANT, scope=scope, place=Place.HOME
        ).access_token.token
    )


def test_what_was_withdrawn_is_served_again(rig: Rig) -> None:
    before = consented(rig, NAME, ADMIN).consent
    rig.withdraw(NAME)
    with pytest.raises(ConsentWithdrawn):
        rig.store.load(NAME)
    confirmation = rig.restored(NAME)
    served = rig.store.load(NAME)
    assert served.consent == confirmation.consent == confirmation.in_force
    assert served.from_renewal
    assert works(rig, served.refresh_token)
    assert rig.operators.show(NAME)["status"] == "ok"
    same = replace(served.consent, lineage=before.lineage, refresh_token=before.refresh_token)
    assert same == before, "who gave it, when and for what is as it was"


def test_it_is_an_act_of_its_own(rig: Rig) -> None:
    before = consented(rig, NAME, ADMIN).consent
    rig.withdraw(NAME)
    withdrawal = rig.store.in_force(NAME)
    assert withdrawal is not None
    restored = rig.restored(NAME).consent
    assert len({before.lineage, withdrawal.lineage, restored.lineage}) == 3
    assert restored.refresh_token != before.refresh_token
    assert versions(rig) == 3


def test_the_newest_refresh_token_of_the_lineage_is_the_one_that_is_tried(rig: Rig, stack: StackState) -> None:
    """The consent's own died long ago; the timer has renewed it since."""
    consent = store(rig, old_token(stack, ADMIN, age_days=100))
    renew(rig, consent.lineage, old_token(stack, ADMIN, age_days=7))
    rig.withdraw(NAME)
    rig.restored(NAME)
    assert works(rig, rig.store.load(NAME).refresh_token)


@pytest.mark.parametrize("damaged", [False, True])
def test_a_renewal_of_another_lineage_or_a_damaged_one_is_left_aside(
    rig: Rig, stack: StackState, *, damaged: bool
) -> None:
    store(rig, old_token(stack, ADMIN, age_days=7))
    if damaged:
        rig.vault.put(RENEWAL, "damaged", tags={})
    else:
        renew(rig, "lineage-of-nobody", "refresh-token-of-nobody")
    rig.withdraw(NAME)
    rig.restored(NAME)
    served = rig.store.load(NAME)
    assert served.from_renewal
    assert works(rig, served.refresh_token)


def test_a_late_renewal_of_the_old_lineage_is_not_served(rig: Rig) -> None:
    before = consented(rig, NAME, ADMIN).consent
    rig.withdraw(NAME)
    restored = rig.restored(NAME).consent
    renew(rig, before.lineage, "written-by-a-run-that-began-before")
    served = rig.store.load(NAME)
    assert not served.from_renewal
    assert served.refresh_token == restored.refresh_token
    assert works(rig, served.refresh_token)


def test_links_from_before_stay_void_and_a_used_one_says_so(rig: Rig) -> None:
    used, unused = rig.link(NAME), rig.link(NAME)
    response, cookie = signed_in(rig, used, ADMIN)
    rig.flow.complete(response, cookie, correlation="confirmation")
    of_the_consent = rig.link(NAME)
    rig.withdraw(NAME)
    of_the_withdrawal = rig.link(NAME)
    rig.restored(NAME)
    with pytest.raises(LinkUsed):
        rig.flow.open(used)
    for link in (unused, of_the_consent, of_the_withdrawal):
        with pytest.raises(LinkSuperseded, match=r"^In force is a consent given on [0-9A-Za-z ]*[.]$"):
            rig.flow.open(link)
    assert rig.flow.open(rig.link(NAME)).link.replaces == rig.store.load(NAME).consent.lineage


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        (50173, NewConsentNeeded),
        (700082, NewConsentNeeded),
        (53003, NewConsentNeeded),
        (7000222, ApplicationMisconfigured),
        (90055, AuthorityUnavailable),
    ],
)
def test_a_refresh_token_that_is_refused_changes_nothing(
    rig: Rig, errors: Controls, code: int, refusal: type[BrokerError]
) -> None:
    consented(rig, NAME, ADMIN)
    rig.withdraw(NAME)
    written = {name: list(found) for name, found in rig.vault.written.items()}
    errors.post("errors", {"code": code})
    with pytest.raises(refusal) as refused:
        rig.restored(NAME)
    assert refused.value.authority_code == code
    assert rig.vault.written == written
    assert isinstance(rig.store.in_force(NAME), Withdrawal)
    assert rig.restored(NAME).in_force, "and once its cause is mended it works"


def test_one_whose_90_days_are_over_stays_withdrawn(rig: Rig, stack: StackState) -> None:
    store(rig, old_token(stack, ADMIN, age_days=91))
    rig.withdraw(NAME)
    with pytest.raises(NewConsentNeeded):
        rig.restored(NAME)
    assert isinstance(rig.store.in_force(NAME), Withdrawal)


def test_one_that_is_in_force_stays_as_it_is_and_entra_is_not_asked(rig: Rig) -> None:
    consent = consented(rig, NAME, ADMIN).consent
    written = {name: list(found) for name, found in rig.vault.written.items()}
    rig.authority.before_exchange = lambda: pytest.fail("it was exchanged")
    assert rig.restored(NAME) == Confirmation(consent=consent, in_force=consent, was_stored=False)
    assert rig.vault.written == written


@pytest.mark.parametrize("name", ["", "Partner", "a/b", "a" * 61, "ä"])
def test_a_name_that_no_consent_can_have_is_refused(rig: Rig, name: str) -> None:
    with pytest.raises(InvalidRequest, match="consent"):
        rig.restored(name)


def test_one_that_was_never_given_is_not_found(rig: Rig) -> None:
    with pytest.raises(ConsentNotFound):
        rig.restored(NAME)


@pytest.mark.parametrize("withdrawn", [False, True])
@pytest.mark.parametrize("disabled", [False, True])
def test_one_that_cannot_be_read_is_not_brought_back(rig: Rig, *, disabled: bool, withdrawn: bool) -> None:
    consented(rig, NAME, ADMIN)
    if disabled:
        rig.vault.patch(SECRET, rig.vault.written[SECRET][-1].version.version, enabled=False)
    else:
        rig.vault.put(SECRET, "damaged", tags={})
    if withdrawn:
        rig.withdraw(NAME)
    kept = versions(rig)
    with pytest.raises((NothingToRestore, ConsentUnreadable)):
        rig.restored(NAME)
    assert versions(rig) == kept


def test_one_whose_ended_version_was_disabled_since_says_which_secret(rig: Rig) -> None:
    consented(rig, NAME, ADMIN)
    rig.withdraw(NAME)
    rig.vault.patch(SECRET, rig.vault.written[SECRET][0].version.version, enabled=False)
    with pytest.raises(ConsentUnreadable, match=SECRET):
        rig.restored(NAME)
    assert versions(rig) == 2


def test_what_a_newer_version_of_the_broker_wrote_is_replaced_by_nobody(rig: Rig) -> None:
    rig.vault.put(SECRET, json.dumps({"schema": 10**6, "kind": "withdrawal"}), tags={})
    with pytest.raises(ConsentFromNewerVersion):
        rig.restored(NAME)
    assert versions(rig) == 1


def test_a_renewal_that_a_newer_version_of_the_broker_wrote_is_not_passed_over(rig: Rig) -> None:
    """It may hold this lineage's newest refresh token."""
    consented(rig, NAME, ADMIN)
    rig.withdraw(NAME)
    rig.vault.put(RENEWAL, json.dumps({"schema": 10**6, "kind": "renewal"}), tags={})
    with pytest.raises(ConsentFromNewerVersion):
        rig.restored(NAME)
    assert versions(rig) == 2


def test_a_consent_that_came_while_entra_was_asked_wins(rig: Rig) -> None:
    consented(rig, NAME, ADMIN)
    rig.withdraw(NAME)
    signed = signed_in(rig, rig.link(NAME), SECOND_ADMIN)

    def come_in_between() -> None:
        rig.authority.before_exchange = None
        rig.flow.complete(*signed, correlation="confirmation")

    rig.authority.before_exchange = come_in_between
    with pytest.raises(ConsentChanged):
        rig.restored(NAME)
    assert rig.store.load(NAME).consent.person.object_id == SECOND_ADMIN.object_id


def test_a_second_withdrawal_that_came_while_entra_was_asked_wins(rig: Rig) -> None:
    """Restored by somebody else, withdrawn again: it is not this withdrawal any more that would be taken back."""
    consented(rig, NAME, ADMIN)
    rig.withdraw(NAME)

    def come_in_between() -> None:
        rig.authority.before_exchange = None
        rig.restored(NAME)
        rig.withdraw(NAME)

    rig.authority.before_exchange = come_in_between
    with pytest.raises(ConsentChanged):
        rig.restored(NAME)
    assert isinstance(rig.store.in_force(NAME), Withdrawal)


@pytest.mark.parametrize("step", STEPS)
def test_whoever_consents_in_between_both_are_told_the_truth(rig: Rig, step: int) -> None:
    consented(rig, NAME, ADMIN)
    rig.withdraw(NAME)
    signed = signed_in(rig, rig.link(NAME), SECOND_ADMIN)
    told: dict[str, Confirmation | BrokerError] = {}

    def consent() -> None:
        try:
            told["consent"] = rig.flow.complete(*signed, correlation="confirmation")
        except LinkSuperseded as error:
            told["consent"] = error

    at_step(rig, step, consent)
    try:
        told["restore"] = rig.restored(NAME)
    except ConsentChanged as error:
        told["restore"] = error
    rig.vault.before = lambda _operation, _name: None
    in_force = rig.store.load(NAME).consent
    assert any(isinstance(one, Confirmation) and one.in_force == in_force for one in told.values())
    for one in told.values():
        if isinstance(one, Confirmation):
            assert one.in_force in {one.consent, in_force}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("error", [VaultUnavailable(), VaultRefused(), ConsentNameBlocked()], ids=str)
def test_a_vault_that_fails_at_any_step_leaves_it_withdrawn_or_restored_whole(
    rig: Rig, step: int, error: BrokerError
) -> None:
    consented(rig, NAME, ADMIN)
    rig.withdraw(NAME)

    def fail() -> None:
        raise error.afresh()

    at_step(rig, step, fail)
    told: Confirmation | None = None
    try:
        told = rig.restored(NAME)
    except type(error):
        told = None
    rig.vault.before = lambda _operation, _name: None
    in_force = rig.store.in_force(NAME)
    if told is not None:
        assert in_force == told.consent == told.in_force
    again = rig.restored(NAME)
    assert again.consent == again.in_force == rig.store.load(NAME).consent, "repeated, it is restored"
    assert works(rig, rig.store.load(NAME).refresh_token)
    assert versions(rig) == 3, "once"


def test_a_restoration_whose_answer_was_lost_is_repeated_and_tells_what_is_in_force(rig: Rig) -> None:
    consented(rig, NAME, ADMIN)
    rig.withdraw(NAME)
    first = rig.restored(NAME)
    assert rig.restored(NAME) == replace(first, was_stored=False)
    assert versions(rig) == 3


def test_withdrawn_and_restored_as_often_as_one_likes(rig: Rig) -> None:
    lineages = {consented(rig, NAME, ADMIN).consent.lineage}
    for _ in range(3):
        rig.withdraw(NAME)
        with pytest.raises(ConsentWithdrawn):
            rig.store.load(NAME)
        lineages.add(rig.restored(NAME).consent.lineage)
        served = rig.store.load(NAME)
        assert served.from_renewal
        assert works(rig, served.refresh_token)
    assert len(lineages) == 4


def test_a_new_consent_over_the_withdrawal_leaves_nothing_to_take_back(rig: Rig) -> None:
    consented(rig, NAME, ADMIN)
    rig.withdraw(NAME)
    theirs = consented(rig, NAME, SECOND_ADMIN).consent
    assert rig.restored(NAME).in_force == theirs
    rig.withdraw(NAME)
    assert rig.restored(NAME).consent.person.object_id == SECOND_ADMIN.object_id


def test_the_record_tells_who_took_it_back_and_no_secret(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    consented(rig, NAME, ADMIN)
    before = rig.store.load(NAME)
    rig.withdraw(NAME)
    caplog.clear()
    caplog.set_level("DEBUG")
    restored = rig.restored(NAME).consent
    (kept,) = (json.loads(found.getMessage()) for found in caplog.records if found.name == "broker.audit")
    assert (kept["event"], kept["way"], kept["operator"]) == ("consent.stored", "restore", OPERATOR.object_id)
    assert (kept["lineage"], kept["person"], kept["in_force"]) == (restored.lineage, ADMIN.object_id, True)
    assert kept["correlation_id"] == "restored"
    own = "\n".join(found.getMessage() for found in caplog.records if found.name.startswith("broker"))
    secrets = (before.refresh_token, restored.refresh_token, rig.store.load(NAME).refresh_token)
    assert [secret for secret in secrets if secret in own] == []


def test_one_of_a_tenant_that_the_settings_do_not_allow_any_more_stays_withdrawn(rig: Rig) -> None:
    given = store(rig, "refresh-token")
    elsewhere = replace(given, person=replace(given.person, tenant_id=CONTOSO), lineage="lineage-of-elsewhere")
    rig.store.store_consent(elsewhere)
    rig.withdraw(NAME)
    before = versions(rig)
    with pytest.raises(NothingToRestore, match="CONSENT_TENANTS"):
        rig.restored(NAME)
    assert versions(rig) == before


def test_one_whose_proof_tells_of_no_mfa_stays_withdrawn(rig: Rig, stack: StackState) -> None:
    """As at a sign-in: what is in force is of a person who signed in with MFA."""
    store(rig, old_token(stack, ADMIN, mfa=False))
    rig.withdraw(NAME)
    before = versions(rig)
    with pytest.raises(MfaMissing):
        rig.restored(NAME)
    assert versions(rig) == before
