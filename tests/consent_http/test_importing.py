"""Refresh tokens of old scripts: which become a consent, what is stored of them, and what the others are told."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from consent_http.completion import Confirmation
from consent_http.importing import LONGEST_TOKEN
from consent_http.refusals import (
    ImportExpired,
    ImportForeign,
    ImportRefused,
    ImportSinglePage,
    LinkSuperseded,
    LinkUsed,
    LinkWithdrawn,
)
from consent_http.sign_in_refusals import (
    AnotherPerson,
    IdTokenInvalid,
    MfaMissing,
    MfaUnknown,
    RefreshTokenMissing,
    WrongPerson,
    WrongTenant,
)
from local.state import StackState
from local.world import (
    ADMIN,
    BROKER_API,
    CONTOSO,
    CUSTOMER_ADMIN,
    OTHER_APPLICATION,
    PARTNER_APPLICATION,
    PARTNER_TENANT,
    SECOND_ADMIN,
    User,
)
from shared.consents.consent import Consent, Withdrawal
from shared.entra.errors import ApplicationMisconfigured
from shared.entra.place import Place
from shared.entra.sign_in_refusals import AccountNotAdmitted, AdminApprovalNeeded
from shared.errors import AuthorityUnavailable, BrokerError, ConsentNameBlocked, ConsentUnreadable, InvalidRequest
from shared.vault_errors import VaultRefused, VaultUnavailable
from tests.consent_http.rig import OPERATOR, Rig, consented, old_token, running_rig, signed_in
from tests.local_control import Controls

NAME, SECRET, RENEWAL = "partner", "consent-partner", "renewal-partner"
# More vault operations than one import has; the last steps show what is so when nothing comes in between.
STEPS = range(9)


@pytest.fixture
def entra(stack: StackState) -> Iterator[Controls]:
    """Entra ID's control door; whatever was ordered or consented to is as the world has it afterwards."""
    controls = Controls(stack, stack.entra)
    yield controls
    controls.clear("errors")
    controls.clear("consents")


def nothing_is_stored(rig: Rig) -> bool:
    return rig.vault.written.keys() <= {"link-keys"}


def everything_stored(rig: Rig) -> str:
    return "\n".join(
        f"{secret.value} {dict(secret.version.tags)}" for versions in rig.vault.written.values() for secret in versions
    )


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


def test_an_old_scripts_refresh_token_becomes_a_consent(rig: Rig, stack: StackState) -> None:
    confirmation = rig.imported(NAME, old_token(stack, ADMIN, age_days=30))
    served = rig.store.load(NAME)
    assert served.consent == confirmation.consent == confirmation.in_force
    person = served.consent.person
    assert (person.object_id, person.username, person.tenant_id) == (ADMIN.object_id, ADMIN.username, PARTNER_TENANT)
    assert (served.consent.mfa, served.consent.scope) == ("yes", rig.settings.consent_scope)
    assert served.from_renewal
    assert rig.operators.show(NAME)["status"] == "ok"
    assert rig.authority.exchange(
        served.refresh_token, tenant_id=PARTNER_TENANT, scope=rig.settings.consent_scope, place=Place.HOME
    ).refresh_token, "what is served works"


def test_only_new_refresh_tokens_are_stored_and_never_the_given_one(rig: Rig, stack: StackState) -> None:
    given_token = old_token(stack, ADMIN)
    confirmation = rig.imported(NAME, given_token)
    assert given_token not in everything_stored(rig)
    assert confirmation.consent.refresh_token in everything_stored(rig)


def test_white_space_around_it_is_not_part_of_it(rig: Rig, stack: StackState) -> None:
    given_token = old_token(stack, ADMIN)
    rig.imported(NAME, f"\n  {given_token}\r\n")
    assert given_token not in everything_stored(rig)


@pytest.mark.parametrize(
    ("token", "refusal", "code"),
    [
        ({"age_days": 91}, ImportExpired, 700082),
        ({"client": OTHER_APPLICATION}, ImportForeign, 700007),
        ({"client": OTHER_APPLICATION, "age_days": 91}, ImportForeign, 700007),
        ({"spa": True}, ImportSinglePage, 9002327),
        ({"spa": True, "age_days": 2}, ImportSinglePage, 700084),
        ({"mfa": False}, MfaMissing, None),
    ],
    ids=str,
)
def test_a_refresh_token_that_will_not_do_is_refused_with_its_reason(
    rig: Rig, stack: StackState, *, token: dict[str, Any], refusal: type[BrokerError], code: int | None
) -> None:
    with pytest.raises(refusal) as refused:
        rig.imported(NAME, old_token(stack, ADMIN, **token))
    assert (type(refused.value), refused.value.authority_code) == (refusal, code)
    assert refused.value.remedy in refused.value.description
    assert nothing_is_stored(rig)


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        *((code, ImportExpired) for code in (50173, 700082, 70008, 70043, 50132, 50133, 50055, 50144)),
        (700007, ImportForeign),
        *((code, ImportSinglePage) for code in (700084, 9002327)),
        *((code, ImportRefused) for code in (70000, 9002313, 53003, 50076, 50053, 500212, 700003)),
        *((code, AdminApprovalNeeded) for code in (65001, 90094, 700016)),
        *((code, AccountNotAdmitted) for code in (50020, 50105)),
        *((code, ApplicationMisconfigured) for code in (7000222, 7000112, 650057, 90002, 70011)),
        (90055, AuthorityUnavailable),
    ],
)
def test_what_the_authority_says_of_it_is_told_with_its_number(
    rig: Rig, stack: StackState, entra: Controls, *, code: int, refusal: type[BrokerError]
) -> None:
    token = old_token(stack, ADMIN)
    entra.post("errors", {"code": code})
    with pytest.raises(BrokerError) as refused:
        rig.imported(NAME, token)
    assert (type(refused.value), refused.value.authority_code) == (refusal, code)
    assert nothing_is_stored(rig)
    assert rig.imported(NAME, token).in_force, "and once its cause is mended it works"


def test_one_whose_new_refresh_token_does_not_work_is_not_stored(rig: Rig, stack: StackState, entra: Controls) -> None:
    exchanges = []

    def refuse_the_second() -> None:
        exchanges.append(1)
        if len(exchanges) == 2:
            entra.post("errors", {"code": 50173})

    rig.authority.before_exchange = refuse_the_second
    with pytest.raises(BrokerError) as refused:
        rig.imported(NAME, old_token(stack, ADMIN))
    assert refused.value.authority_code == 50173
    assert nothing_is_stored(rig)


@pytest.mark.parametrize("given_token", ["garbage", "1.Agarbage", "a" * LONGEST_TOKEN, "0.AAAA-_.~+/="])
def test_what_is_no_refresh_token_is_refused_by_the_authority(rig: Rig, given_token: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        rig.imported(NAME, given_token)
    assert type(refused.value) is ImportRefused
    assert given_token not in refused.value.description
    assert nothing_is_stored(rig)


@pytest.mark.parametrize(
    "given_token", ["", " ", "\n", "two words", "a\nb", "a\x00b", "ä", "\ud800", "a" * (LONGEST_TOKEN + 1)], ids=ascii
)
def test_what_cannot_be_a_refresh_token_is_not_even_sent(rig: Rig, given_token: str) -> None:
    rig.authority.before_exchange = lambda: pytest.fail("it was sent")
    with pytest.raises(InvalidRequest, match="refresh_token"):
        rig.imported(NAME, given_token)
    with pytest.raises(InvalidRequest, match="refresh_token"):
        rig.imports.run(NAME, {}, operator=OPERATOR, correlation="imported")


@given(given_token=st.one_of(st.text(), st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60)))
@hypothesis_settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_refused_as_what_it_is(rig: Rig, given_token: str) -> None:
    with pytest.raises((InvalidRequest, ImportRefused)):
        rig.imported(NAME, given_token)
    assert nothing_is_stored(rig)


@pytest.mark.parametrize("name", ["", "Partner", "a/b", "a" * 61, "ä"])
def test_a_name_that_no_consent_can_have_is_refused(rig: Rig, name: str) -> None:
    with pytest.raises(InvalidRequest, match="consent"):
        rig.imported(name, "any-token")


@pytest.mark.parametrize(
    "fields",
    [{"tenant": CONTOSO}, {"tenant": "common"}, {"person": "ada@fabrikam.example"}, {"login_hint": "a b"}],
    ids=str,
)
def test_what_a_link_could_not_ask_for_an_import_cannot(rig: Rig, fields: Mapping[str, str]) -> None:
    rig.authority.before_exchange = lambda: pytest.fail("the token was sent")
    with pytest.raises(InvalidRequest):
        rig.imported(NAME, "any-token", **fields)


@pytest.mark.parametrize(
    ("user", "fields", "refusal"),
    [
        (SECOND_ADMIN, {"person": ADMIN.object_id}, WrongPerson),
        (SECOND_ADMIN, {"login_hint": ADMIN.username}, WrongPerson),
        (CUSTOMER_ADMIN, {}, AccountNotAdmitted),
    ],
)
def test_somebody_elses_refresh_token_is_refused(
    rig: Rig, stack: StackState, *, user: User, fields: Mapping[str, str], refusal: type[BrokerError]
) -> None:
    with pytest.raises(refusal):
        rig.imported(NAME, old_token(stack, user), **fields)
    assert nothing_is_stored(rig)


def test_the_person_whom_the_operator_names_may_be_imported(rig: Rig, stack: StackState) -> None:
    confirmation = rig.imported(NAME, old_token(stack, ADMIN), person=ADMIN.object_id.upper(), tenant="home")
    assert confirmation.consent.person.object_id == ADMIN.object_id


def test_a_tenant_of_the_setting_is_imported_for_itself(stack: StackState) -> None:
    scope = "https://graph.microsoft.com/Directory.Read.All"
    with running_rig(stack, CONSENT_TENANTS=CONTOSO, CONSENT_SCOPE=scope) as rig:
        consent = rig.imported(NAME, old_token(stack, CUSTOMER_ADMIN), tenant=CONTOSO).consent
    assert (consent.person.tenant_id, consent.person.object_id) == (CONTOSO, CUSTOMER_ADMIN.object_id)


def test_somebody_else_takes_over_only_when_that_was_asked_for(rig: Rig, stack: StackState) -> None:
    consented(rig, NAME, ADMIN)
    with pytest.raises(AnotherPerson):
        rig.imported(NAME, old_token(stack, SECOND_ADMIN))
    assert rig.store.load(NAME).consent.person.object_id == ADMIN.object_id
    rig.imported(NAME, old_token(stack, SECOND_ADMIN), new_person=True)
    assert rig.store.load(NAME).consent.person.object_id == SECOND_ADMIN.object_id


def test_the_same_person_may_import_again_and_the_older_consent_is_not_served_any_more(
    rig: Rig, stack: StackState
) -> None:
    token = old_token(stack, ADMIN)
    first, second = rig.imported(NAME, token), rig.imported(NAME, token)
    assert first.consent.lineage != second.consent.lineage
    assert rig.store.load(NAME).consent == second.consent
    assert rig.store.load(NAME).from_renewal


def test_an_import_makes_older_links_void_and_is_no_link_itself(rig: Rig, stack: StackState) -> None:
    link = rig.link(NAME)
    rig.imported(NAME, old_token(stack, ADMIN))
    with pytest.raises(LinkSuperseded, match=r"^In force is a consent given on [0-9A-Za-z ]*[.]$"):
        rig.flow.open(link)


def test_after_a_withdrawal_anybody_of_the_tenant_may_be_imported(rig: Rig, stack: StackState) -> None:
    consented(rig, NAME, ADMIN)
    rig.withdraw(NAME)
    rig.imported(NAME, old_token(stack, SECOND_ADMIN))
    assert rig.store.load(NAME).consent.person.object_id == SECOND_ADMIN.object_id


def test_where_tokens_do_not_tell_of_mfa_a_setting_decides(stack: StackState, entra: Controls) -> None:
    """A version 2 access token carries no `amr`."""
    tenant_and_client = {"tenant": PARTNER_TENANT, "client": PARTNER_APPLICATION}
    entra.post("consents", {**tenant_and_client, "resource": BROKER_API, "scopes": ["Broker.Operate"]})
    scope, token = f"api://{BROKER_API}/Broker.Operate", old_token(stack, ADMIN)
    with running_rig(stack, CONSENT_SCOPE=scope) as rig:
        with pytest.raises(MfaUnknown):
            rig.imported(NAME, token)
        assert nothing_is_stored(rig)
    with running_rig(stack, CONSENT_SCOPE=scope, CONSENT_UNKNOWN_MFA="accept") as rig:
        assert rig.imported(NAME, token).consent.mfa == "unknown"


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (lambda exchanged: replace(exchanged, unverified_id_token=""), IdTokenInvalid),
        (lambda exchanged: replace(exchanged, unverified_id_token="a.b.c"), IdTokenInvalid),
        (lambda exchanged: replace(exchanged, unverified_id_token=exchanged.access_token.token), WrongTenant),
        (lambda exchanged: replace(exchanged, refresh_token=""), RefreshTokenMissing),
    ],
)
def test_what_does_not_verify_is_not_stored(
    rig: Rig, stack: StackState, change: Callable[[Any], Any], refusal: type[BrokerError]
) -> None:
    token = old_token(stack, ADMIN)
    rig.authority.as_exchanged = change
    with pytest.raises(refusal):
        rig.imported(NAME, token)
    assert nothing_is_stored(rig)


def test_a_token_that_the_authority_does_not_replace_is_not_stored(rig: Rig, stack: StackState) -> None:
    """Then the old script's own would be the one that is kept."""
    token = old_token(stack, ADMIN)
    rig.authority.as_exchanged = lambda exchanged: replace(exchanged, refresh_token=token)
    with pytest.raises(RefreshTokenMissing):
        rig.imported(NAME, f"{token}\n")
    assert nothing_is_stored(rig)


@pytest.mark.parametrize("step", STEPS)
def test_of_two_imports_at_once_both_operators_are_told_the_truth(rig: Rig, stack: StackState, step: int) -> None:
    """The second one finishes wholly in the middle of the first."""
    tokens = {"first": old_token(stack, ADMIN), "second": old_token(stack, SECOND_ADMIN)}
    told: dict[str, Confirmation | BrokerError] = {}

    def run(which: str) -> None:
        try:
            told[which] = rig.imported(NAME, tokens[which], new_person=True)
        except BrokerError as error:
            told[which] = error

    at_step(rig, step, lambda: run("second"))
    run("first")
    rig.vault.before = lambda _operation, _name: None
    if "second" not in told:
        run("second")
    in_force = rig.store.load(NAME)
    assert any(isinstance(one, Confirmation) and one.in_force == in_force.consent for one in told.values())
    for one in told.values():
        if isinstance(one, Confirmation):
            assert one.in_force in {one.consent, in_force.consent}
        else:
            assert isinstance(one, LinkSuperseded)
    assert in_force.from_renewal or in_force.refresh_token == in_force.consent.refresh_token


@pytest.mark.parametrize("withdrawn", [False, True])
def test_an_act_that_came_while_entra_was_asked_is_not_written_over(
    rig: Rig, stack: StackState, *, withdrawn: bool
) -> None:
    consented(rig, NAME, ADMIN)
    token, signed = old_token(stack, ADMIN), signed_in(rig, rig.link(NAME), ADMIN)

    def come_in_between() -> None:
        rig.authority.before_exchange = None
        if withdrawn:
            rig.withdraw(NAME)
        else:
            rig.flow.complete(*signed, correlation="confirmation")

    rig.authority.before_exchange = come_in_between
    with pytest.raises(LinkWithdrawn if withdrawn else LinkSuperseded):
        rig.imported(NAME, token)
    assert len(rig.vault.written[SECRET]) == 2
    assert isinstance(rig.store.in_force(NAME), Withdrawal if withdrawn else Consent)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("error", [VaultUnavailable(), VaultRefused(), ConsentNameBlocked()], ids=str)
def test_a_vault_that_fails_at_any_step_leaves_nothing_told_that_is_not_stored(
    rig: Rig, stack: StackState, step: int, error: BrokerError
) -> None:
    token = old_token(stack, ADMIN)

    def fail() -> None:
        raise error.afresh()

    at_step(rig, step, fail)
    told: Confirmation | None = None
    try:
        told = rig.imported(NAME, token)
    except type(error):
        told = None
    rig.vault.before = lambda _operation, _name: None
    if told is not None:
        assert rig.store.load(NAME).consent == told.consent == told.in_force
    assert rig.imported(NAME, token).consent == rig.store.load(NAME).consent, "a repeated import always works"
    assert token not in everything_stored(rig)


def test_a_consent_that_cannot_be_read_is_replaced_by_an_import(rig: Rig, stack: StackState) -> None:
    rig.vault.put(SECRET, "damaged", tags={})
    with pytest.raises(ConsentUnreadable):
        rig.store.load(NAME)
    assert rig.imported(NAME, old_token(stack, ADMIN)).consent == rig.store.load(NAME).consent


def test_the_record_tells_who_imported_whose_consent_and_no_secret(
    rig: Rig, stack: StackState, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    token = old_token(stack, ADMIN)
    confirmation = rig.imported(NAME, token)
    with pytest.raises(ImportForeign) as refused:
        rig.imported(NAME, foreign := old_token(stack, ADMIN, client=OTHER_APPLICATION))
    (kept,) = (json.loads(found.getMessage()) for found in caplog.records if found.name == "broker.audit")
    assert (kept["event"], kept["way"], kept["operator"]) == ("consent.stored", "import", OPERATOR.object_id)
    assert (kept["person"], kept["correlation_id"], kept["in_force"]) == (ADMIN.object_id, "imported", True)
    own = "\n".join(found.getMessage() for found in caplog.records if found.name.startswith("broker"))
    own += refused.value.description + repr(confirmation)
    secrets = (token, foreign, confirmation.consent.refresh_token, rig.store.load(NAME).refresh_token)
    assert [secret for secret in secrets if secret in own] == []


def test_a_link_that_was_used_stays_used_after_an_import_of_another_name(rig: Rig, stack: StackState) -> None:
    link = rig.link(NAME)
    response, cookie = signed_in(rig, link, ADMIN)
    rig.flow.complete(response, cookie, correlation="confirmation")
    rig.imported("another", old_token(stack, ADMIN))
    with pytest.raises(LinkUsed):
        rig.flow.open(link)
