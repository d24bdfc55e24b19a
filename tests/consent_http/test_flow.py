"""From link to stored consent, with other people, withdrawals and outages coming in between at every step."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

import jwt
import pytest

from consent_http.completion import Confirmation
from consent_http.flow import SIGN_IN_LIFETIME, cookie_suffix
from consent_http.link_standing import REMEMBERED
from consent_http.refusals import LinkRefused, LinkSuperseded, LinkUsed, LinkWithdrawn
from consent_http.sign_in_refusals import IdTokenInvalid, SignInLost, WrongPerson, WrongTenant
from local.state import StackState
from local.world import ADMIN, CONTOSO, CUSTOMER_ADMIN, PARTNER_APPLICATION, PARTNER_TENANT, SECOND_ADMIN
from shared.consents.consent import Consent, Withdrawal
from shared.entra.sign_in_refusals import (
    AdminApprovalNeeded,
    ConditionalAccessBlocked,
    SignInDeclined,
    SignInFailed,
    SignInSpent,
)
from shared.entra.tokens import AccessToken, TokenSet
from shared.errors import AuthorityUnavailable, BrokerError, ConsentNameBlocked, ConsentUnusable
from shared.vault_errors import VaultRefused, VaultUnavailable
from tests.consent_http.browser import query_of
from tests.consent_http.rig import Rig, running_rig, signed_in
from tests.local_control import Controls

SECRET, RENEWAL = "consent-partner", "renewal-partner"
# More vault operations than one completion has; the last steps show what is so when nothing comes in between.
STEPS = range(12)


@pytest.fixture
def entra(stack: StackState) -> Iterator[Controls]:
    """Entra ID's control door; whatever was ordered is gone afterwards."""
    controls = Controls(stack, stack.entra)
    yield controls
    controls.clear("errors")


def complete(rig: Rig, signed: tuple[Mapping[str, str], str]) -> Confirmation:
    response, cookie = signed
    return rig.flow.complete(response, cookie, correlation="confirmation")


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


def raising(error: BrokerError) -> Callable[[], object]:
    def act() -> object:
        raise error

    return act


def stored_tokens(rig: Rig) -> set[str]:
    """Every refresh token that was ever written under the consent's own name."""
    contents = [json.loads(secret.value) for secret in rig.vault.written.get(SECRET, [])]
    return {content["refresh_token"] for content in contents if content["kind"] == "consent"}


def test_a_sign_in_is_stored_with_who_gave_it_and_a_renewal_that_belongs_to_it(rig: Rig) -> None:
    link = rig.link("partner")
    confirmation = complete(rig, signed_in(rig, link, ADMIN))
    served = rig.store.load("partner")
    assert served.consent == confirmation.consent == confirmation.in_force
    assert (served.consent.person.object_id, served.consent.mfa) == (ADMIN.object_id, "yes")
    assert served.from_renewal
    assert served.refresh_token != served.consent.refresh_token, "the proof's newer token"
    assert rig.operators.show("partner")["status"] == "ok"


def test_a_sign_in_begins_at_the_links_tenant_with_everything_that_binds_it(rig: Rig) -> None:
    begun = rig.flow.begin(rig.link("partner", login_hint="ada+x@fabrikam.example"))
    asked = query_of(begun.address)
    assert f"/{PARTNER_TENANT}/oauth2/v2.0/authorize?" in begun.address
    assert asked["client_id"] == PARTNER_APPLICATION
    assert (asked["response_type"], asked["prompt"]) == ("code", "login")
    assert (asked["code_challenge_method"], len(asked["code_challenge"])) == ("S256", 43)
    assert len(asked["nonce"]) == len(hashlib.sha256().hexdigest())
    assert len(asked["state"]) == 32
    assert asked.get("response_mode", "query") == "query"
    assert asked["redirect_uri"] == f"{rig.settings.public_url}/api/consent/redirect"
    assert asked["login_hint"] == "ada+x@fabrikam.example"
    assert "offline_access" in asked["scope"].split()
    assert begun.cookie_suffix == asked["state"][:8]
    assert begun.cookie not in begun.address


def test_no_two_sign_ins_share_anything_that_binds_them(rig: Rig) -> None:
    link = rig.link("partner")
    asked = [query_of(rig.flow.begin(link).address) for _ in range(5)]
    for name in ("state", "nonce", "code_challenge"):
        assert len({one[name] for one in asked}) == 5


def test_a_tenant_of_the_setting_consents_for_itself(stack: StackState) -> None:
    """The link's tenant is where the person signs in, and whose consent it becomes."""
    scope = "https://graph.microsoft.com/Directory.Read.All"
    with running_rig(stack, CONSENT_TENANTS=CONTOSO, CONSENT_SCOPE=scope) as rig:
        signed = signed_in(rig, rig.link("partner", tenant=CONTOSO), CUSTOMER_ADMIN)
        consent = complete(rig, signed).consent
    assert (consent.person.tenant_id, consent.person.object_id) == (CONTOSO, CUSTOMER_ADMIN.object_id)
    assert (consent.scope, consent.mfa) == (scope, "yes")


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"state": ""}, SignInLost),
        ({"state": None}, SignInLost),
        ({"state": "0" * 32}, SignInLost),
        ({"state": "ä"}, SignInLost),
        ({"state": None, "error": "access_denied"}, SignInLost),
        ({"code": None}, SignInFailed),
        ({"code": ""}, SignInFailed),
        ({"code": "made-up"}, SignInFailed),
        ({"code": None, "error": "access_denied"}, SignInDeclined),
        ({"code": None, "error": "server_error"}, AuthorityUnavailable),
        ({"error": "access_denied"}, SignInDeclined),
        ({"iss": "https://elsewhere.example"}, WrongTenant),
        ({"iss": ""}, WrongTenant),
        ({"iss": "https://elsewhere.example", "error": "access_denied"}, WrongTenant),
    ],
    ids=str,
)
def test_a_response_that_is_not_this_sign_ins_stores_nothing(
    rig: Rig, change: Mapping[str, str | None], refusal: type[BrokerError]
) -> None:
    response, cookie = signed_in(rig, rig.link("partner"), ADMIN)
    changed = {name: text for name, text in {**response, **change}.items() if text is not None}
    with pytest.raises(refusal):
        complete(rig, (changed, cookie))
    assert stored_tokens(rig) == set()
    rig.clock.advance(REMEMBERED)
    assert complete(rig, (response, cookie)).consent.person.object_id == ADMIN.object_id, "the true one still works"


def test_the_issuer_of_the_response_is_accepted_when_it_is_the_one_that_was_asked(rig: Rig) -> None:
    response, cookie = signed_in(rig, rig.link("partner"), ADMIN)
    issuer = f"{rig.settings.authority_host}/{PARTNER_TENANT}/v2.0"
    assert complete(rig, ({**response, "iss": issuer}, cookie)).in_force


@pytest.mark.parametrize("cookie", [None, "", "junk", "a.b"])
def test_without_the_cookie_of_the_sign_in_nothing_is_stored(rig: Rig, cookie: str | None) -> None:
    response, _ = signed_in(rig, rig.link("partner"), ADMIN)
    with pytest.raises(SignInLost):
        rig.flow.complete(response, cookie, correlation="confirmation")
    assert stored_tokens(rig) == set()


def test_a_link_in_the_cookies_place_is_no_cookie(rig: Rig) -> None:
    link = rig.link("partner")
    response, _ = signed_in(rig, link, ADMIN)
    with pytest.raises(SignInLost):
        rig.flow.complete(response, link, correlation="confirmation")


def test_a_sign_in_that_took_longer_than_its_cookie_lives_is_lost(rig: Rig) -> None:
    link = rig.link("partner")
    signed = signed_in(rig, link, ADMIN)
    rig.clock.advance(SIGN_IN_LIFETIME)
    with pytest.raises(SignInLost):
        complete(rig, signed)
    assert rig.flow.open(link).link.name == "partner", "the link itself is still good"


def test_a_code_bound_to_one_sign_in_is_worth_nothing_in_another(rig: Rig) -> None:
    """Code injection: PKCE and nonce tie the code to the browser that began."""
    link = rig.link("partner")
    victim, _ = signed_in(rig, link, ADMIN)
    own, own_cookie = signed_in(rig, link, SECOND_ADMIN)
    with pytest.raises(SignInFailed):
        complete(rig, ({**own, "code": victim["code"]}, own_cookie))
    assert stored_tokens(rig) == set()


def test_a_completed_sign_in_cannot_be_played_again(rig: Rig) -> None:
    signed = signed_in(rig, rig.link("partner"), ADMIN)
    complete(rig, signed)
    with pytest.raises(LinkUsed):
        complete(rig, signed)
    assert len(rig.vault.written[SECRET]) == 1


@pytest.mark.parametrize(
    ("codes", "refusal"),
    [
        ([53003], ConditionalAccessBlocked),
        ([65001], AdminApprovalNeeded),
        ([700082], SignInFailed),
        ([99999999], SignInFailed),
        ([], SignInFailed),
    ],
)
def test_a_consent_that_fails_its_proof_is_not_stored_and_says_what_the_authority_said(
    rig: Rig, entra: Controls, codes: list[int], refusal: type[BrokerError]
) -> None:
    link = rig.link("partner")
    signed = signed_in(rig, link, ADMIN)
    ordered = {"code": 50173, "error": "invalid_grant", "codes": codes}
    rig.authority.before_exchange = lambda: entra.post("errors", ordered)
    with pytest.raises(refusal) as refused:
        complete(rig, signed)
    assert refused.value.authority_code == (codes[0] if codes else None)
    assert rig.vault.written.keys() == {"link-keys"}
    assert rig.flow.open(link).link.name == "partner"


def test_an_authority_that_is_down_is_not_the_persons_fault(rig: Rig) -> None:
    link = rig.link("partner")
    signed = signed_in(rig, link, ADMIN)
    rig.authority.before_exchange = raising(AuthorityUnavailable())
    with pytest.raises(AuthorityUnavailable):
        complete(rig, signed)
    rig.authority.before_exchange = None
    assert complete(rig, signed_in(rig, link, ADMIN)).in_force.lineage == rig.store.load("partner").consent.lineage


@pytest.mark.parametrize("step", STEPS)
def test_whoever_comes_in_between_both_people_are_told_the_truth(rig: Rig, step: int) -> None:
    """Two links made at once; the second person finishes wholly in the middle of the first one's completion."""
    first_link, second_link = rig.link("partner"), rig.link("partner")
    first, second = signed_in(rig, first_link, ADMIN), signed_in(rig, second_link, SECOND_ADMIN)
    told: dict[str, Confirmation | BrokerError] = {}

    def finish(name: str, signed: tuple[Mapping[str, str], str]) -> None:
        try:
            told[name] = complete(rig, signed)
        except BrokerError as error:
            told[name] = error

    at_step(rig, step, lambda: finish("second", second))
    finish("first", first)
    rig.vault.before = lambda _operation, _name: None
    if "second" not in told:
        finish("second", second)
    in_force = rig.store.load("partner")
    assert in_force.consent.person.object_id in {ADMIN.object_id, SECOND_ADMIN.object_id}
    assert any(isinstance(one, Confirmation) and one.in_force == in_force.consent for one in told.values())
    for one in told.values():
        if isinstance(one, Confirmation):
            assert one.in_force in {one.consent, in_force.consent}
        else:
            assert isinstance(one, LinkSuperseded)
    # Whoever's renewal was written last: it is served only with the consent it descends from.
    assert in_force.from_renewal or in_force.refresh_token == in_force.consent.refresh_token


def test_a_consent_that_came_while_entra_was_asked_is_noticed_before_storing(rig: Rig) -> None:
    first, second = signed_in(rig, rig.link("partner"), ADMIN), signed_in(rig, rig.link("partner"), SECOND_ADMIN)

    def come_in_between() -> None:
        rig.authority.before_exchange = None
        complete(rig, second)

    rig.authority.before_exchange = come_in_between
    with pytest.raises(LinkSuperseded):
        complete(rig, first)
    assert rig.store.load("partner").consent.person.object_id == SECOND_ADMIN.object_id
    assert len(rig.vault.written[SECRET]) == 1


def test_a_withdrawal_that_came_while_entra_was_asked_is_noticed_before_storing(rig: Rig) -> None:
    complete(rig, signed_in(rig, rig.link("partner"), ADMIN))
    signed = signed_in(rig, rig.link("partner"), ADMIN)
    rig.authority.before_exchange = lambda: rig.store.withdraw("partner", by="operator", on=rig.clock())
    with pytest.raises(LinkWithdrawn):
        complete(rig, signed)
    assert isinstance(rig.store.in_force("partner"), Withdrawal)


def test_who_is_overtaken_before_the_read_back_is_told_by_whom(rig: Rig) -> None:
    first, second = signed_in(rig, rig.link("partner"), ADMIN), signed_in(rig, rig.link("partner"), SECOND_ADMIN)

    def before(operation: str, name: str) -> None:
        written = len(rig.vault.written.get(SECRET, []))
        if (operation, name, written) == ("get", SECRET, 1):
            rig.vault.before = lambda _operation, _name: None
            # The second one's last check is behind it: its write lands right after the first one's.
            theirs = complete_without_check(rig, second)
            assert theirs.in_force.lineage == theirs.consent.lineage

    rig.vault.before = before
    confirmation = complete(rig, first)
    assert confirmation.in_force != confirmation.consent
    assert isinstance(confirmation.in_force, Consent)
    assert confirmation.in_force.person.object_id == SECOND_ADMIN.object_id
    assert rig.store.load("partner").consent == confirmation.in_force


def complete_without_check(rig: Rig, signed: tuple[Mapping[str, str], str]) -> Confirmation:
    """Complete as a flow did whose checks all fell before anything was written."""
    written = rig.vault.written.pop(SECRET)

    def before(operation: str, name: str) -> None:
        if (operation, name) == ("put", SECRET):
            rig.vault.before = lambda _operation, _name: None
            rig.vault.written[SECRET] = written

    rig.vault.before = before
    return complete(rig, signed)


@pytest.mark.parametrize("step", STEPS)
def test_a_withdrawal_in_between_is_obeyed_or_the_person_is_told(rig: Rig, step: int) -> None:
    complete(rig, signed_in(rig, rig.link("partner"), ADMIN))
    signed = signed_in(rig, rig.link("partner"), ADMIN)
    at_step(rig, step, lambda: rig.store.withdraw("partner", by="operator", on=rig.clock()))
    try:
        told: object = complete(rig, signed).in_force
    except LinkWithdrawn as refusal:
        told = refusal
    rig.vault.before = lambda _operation, _name: None
    in_force = rig.store.in_force("partner")
    if isinstance(told, Consent):
        # Stored over the withdrawal (its write came last), or withdrawn only after this person had been told.
        assert told == in_force or (isinstance(in_force, Withdrawal) and in_force.withdraws == told.lineage)
    else:
        assert isinstance(in_force, Withdrawal)
    if isinstance(told, LinkWithdrawn):
        assert len(stored_tokens(rig)) == 1, "nothing of the second sign-in was written"
    if isinstance(in_force, Withdrawal):
        with pytest.raises(ConsentUnusable):
            rig.store.load("partner")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("error", [VaultUnavailable(), VaultRefused(), ConsentNameBlocked()], ids=str)
def test_a_vault_that_fails_at_any_step_leaves_the_link_good_or_the_consent_stored(
    rig: Rig, step: int, error: BrokerError
) -> None:
    link = rig.link("partner")
    signed = signed_in(rig, link, ADMIN)
    at_step(rig, step, raising(error.afresh()))
    try:
        stored = complete(rig, signed)
    except type(error):
        stored = None
    rig.vault.before = lambda _operation, _name: None
    if stored is not None:
        assert rig.store.load("partner").consent == stored.consent
    if rig.store.in_force("partner") is None:
        assert complete(rig, signed_in(rig, link, ADMIN)).consent == rig.store.load("partner").consent
    with pytest.raises(LinkUsed):
        rig.flow.open(link)
    assert len(rig.vault.written[SECRET]) == 1


def test_a_first_renewal_that_cannot_be_written_takes_nothing_back(rig: Rig) -> None:
    signed = signed_in(rig, rig.link("partner"), ADMIN)

    def before(operation: str, name: str) -> None:
        if (operation, name) == ("put", RENEWAL):
            raise VaultUnavailable

    rig.vault.before = before
    confirmation = complete(rig, signed)
    served = rig.store.load("partner")
    assert served.consent == confirmation.consent == confirmation.in_force
    assert (served.stored, served.refresh_token) == (None, confirmation.consent.refresh_token)
    assert rig.operators.show("partner")["status"] == "unproven"


def test_a_new_consent_is_not_served_with_the_old_ones_renewal(rig: Rig) -> None:
    complete(rig, signed_in(rig, rig.link("partner"), ADMIN))
    old = rig.store.load("partner")
    signed = signed_in(rig, rig.link("partner"), ADMIN)

    def before(operation: str, name: str) -> None:
        if (operation, name) == ("put", RENEWAL):
            raise VaultUnavailable

    rig.vault.before = before
    complete(rig, signed)
    served = rig.store.load("partner")
    assert old.from_renewal
    assert not served.from_renewal
    assert served.refresh_token == served.consent.refresh_token != old.refresh_token


@pytest.mark.parametrize("disabled", [True, False])
def test_what_cannot_be_read_is_replaced_by_a_link_made_since_and_by_no_other(rig: Rig, *, disabled: bool) -> None:
    complete(rig, signed_in(rig, rig.link("partner"), ADMIN))
    before = rig.link("partner")
    if disabled:
        rig.vault.patch(SECRET, rig.vault.written[SECRET][-1].version.version, enabled=False)
    else:
        rig.vault.put(SECRET, "damaged", tags={})
    with pytest.raises(LinkSuperseded):
        rig.flow.open(before)
    confirmation = complete(rig, signed_in(rig, rig.link("partner"), ADMIN))
    assert rig.store.load("partner").consent == confirmation.consent


def test_a_used_link_stays_used_when_its_consent_is_disabled(rig: Rig) -> None:
    rig.vault.put(SECRET, "damaged", tags={})
    link = rig.link("partner")
    complete(rig, signed_in(rig, link, ADMIN))
    rig.vault.patch(SECRET, rig.vault.written[SECRET][-1].version.version, enabled=False)
    with pytest.raises(LinkRefused):
        rig.flow.open(link)


def test_what_a_newer_version_of_the_app_wrote_is_replaced_by_nobody(rig: Rig) -> None:
    rig.vault.put(SECRET, json.dumps({"schema": 10**6, "kind": "consent"}), tags={})
    with pytest.raises(ConsentUnusable):
        rig.link("partner")


def test_an_old_link_stays_void_for_ever(rig: Rig) -> None:
    first, second = rig.link("partner"), rig.link("partner")
    complete(rig, signed_in(rig, second, ADMIN))
    with pytest.raises(LinkSuperseded):
        rig.flow.open(first)
    rig.store.withdraw("partner", by="operator", on=rig.clock())
    rig.clock.advance(REMEMBERED)  # another instance has withdrawn it
    for link in (first, second):
        with pytest.raises(LinkWithdrawn):
            rig.flow.open(link)
    complete(rig, signed_in(rig, rig.link("partner"), ADMIN))
    for link in (first, second):
        with pytest.raises(LinkSuperseded):
            rig.flow.open(link)


def test_a_record_of_the_consent_holds_its_ids_and_no_secret(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    link = rig.link("partner", login_hint="ada@fabrikam.example")
    signed = signed_in(rig, link, ADMIN)
    confirmation = complete(rig, signed)
    records = [json.loads(found.getMessage()) for found in caplog.records if found.name == "broker.audit"]
    made, stored = records
    assert (made["event"], stored["event"]) == ("link.made", "consent.stored")
    assert stored["lineage"] == confirmation.consent.lineage
    assert stored["link"] == made["id"]
    assert (stored["person"], stored["tenant"]) == (ADMIN.object_id, PARTNER_TENANT)
    assert (stored["in_force"], stored["correlation_id"]) == (True, "confirmation")
    response, cookie = signed
    secrets = {response["code"], response["state"], cookie, link, rig.store.load("partner").refresh_token}
    secrets |= stored_tokens(rig)
    own = "\n".join(found.getMessage() for found in caplog.records if found.name.startswith("broker"))
    assert [secret for secret in secrets if secret in own] == []


def test_time_passing_during_the_sign_in_is_in_what_is_stored(rig: Rig) -> None:
    signed = signed_in(rig, rig.link("partner"), ADMIN)
    rig.clock.advance(timedelta(minutes=9))
    assert complete(rig, signed).consent.consented_on == rig.clock().replace(microsecond=0)


@pytest.mark.parametrize(
    ("state", "suffix"),
    [("0123456789abcdef", "01234567"), ("", ""), ("zz\r\n;=,", ""), ("A1B2; x=", "12"), ("ä1é2" * 9, "1212")],
)
def test_a_state_adds_nothing_but_hex_to_the_name_of_a_cookie(state: str, suffix: str) -> None:
    assert cookie_suffix(state) == suffix


def test_a_consent_that_nobody_can_tell_the_fate_of_is_on_record(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """The write's answer is lost and the vault is away: the person is told to try again, the trail says what may be."""
    caplog.set_level("INFO", "broker.audit")
    signed = signed_in(rig, rig.link("partner"), ADMIN)

    def away(_operation: str, _name: str) -> None:
        raise VaultUnavailable

    def away_from_the_write_on(operation: str, name: str) -> None:
        if (operation, name) == ("put", SECRET):
            rig.vault.before = away
            raise VaultUnavailable

    rig.vault.before = away_from_the_write_on
    with pytest.raises(VaultUnavailable):
        complete(rig, signed)
    records = [json.loads(found.getMessage()) for found in caplog.records if found.name == "broker.audit"]
    assert [found["event"] for found in records] == ["link.made", "consent.in_doubt"]
    assert records[-1]["in_force"] is None
    assert records[-1]["person"] == ADMIN.object_id


def test_a_redirect_opened_twice_at_once_is_told_that_the_consent_is_stored(rig: Rig) -> None:
    """The one finds the code spent by the other; that is no reason to say that nothing was stored."""
    signed = signed_in(rig, rig.link("partner"), ADMIN)

    def the_other_is_quicker() -> None:
        rig.authority.before_redeem = None
        complete(rig, signed)

    rig.authority.before_redeem = the_other_is_quicker
    with pytest.raises(LinkUsed):
        complete(rig, signed)
    assert len(rig.vault.written[SECRET]) == 1


def test_a_code_that_was_spent_elsewhere_is_told_as_that_with_what_to_do(rig: Rig) -> None:
    signed = signed_in(rig, rig.link("partner"), ADMIN)
    rig.authority.before_exchange = raising(AuthorityUnavailable())
    with pytest.raises(AuthorityUnavailable):
        complete(rig, signed)
    rig.authority.before_exchange = None
    with pytest.raises(SignInSpent) as refused:
        complete(rig, signed)
    assert refused.value.authority_code == 54005
    assert "the link says so" in refused.value.remedy
    assert stored_tokens(rig) == set()


def refusals(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    records = [json.loads(found.getMessage()) for found in caplog.records if found.name == "broker.audit"]
    return [found for found in records if found["event"] == "consent.refused"]


def test_whoever_signs_in_in_vain_is_on_record_by_the_verified_name(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """A link in the wrong hands, or a person without MFA: who it was is known, and nothing is stored."""
    caplog.set_level("INFO", "broker.audit")
    signed = signed_in(rig, rig.link("partner", person=ADMIN.object_id), SECOND_ADMIN)
    with pytest.raises(WrongPerson):
        complete(rig, signed)
    (found,) = refusals(caplog)
    assert (found["person"], found["outcome"]) == (SECOND_ADMIN.object_id, "wrong_person")
    assert found.items() >= {"consent": "partner", "way": "browser", "correlation_id": "confirmation"}.items()
    assert rig.store.newest_act("partner") is None


def test_of_a_sign_in_that_proves_nothing_no_name_is_told(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "broker.audit")
    redeemed = TokenSet(
        access_token=AccessToken(token="x", expires_on=rig.clock(), scope="s", tenant_id=PARTNER_TENANT),
        refresh_token="r",
        unverified_id_token=jwt.encode({"oid": ADMIN.object_id, "tid": PARTNER_TENANT}, "k" * 32, algorithm="HS256"),
    )
    rig.authority.redeem = lambda _sign_in, _code: redeemed  # type: ignore[method-assign,assignment]  # a forger
    with pytest.raises(IdTokenInvalid):
        complete(rig, signed_in(rig, rig.link("partner"), ADMIN))
    assert [found["person"] for found in refusals(caplog)] == [None]


def test_a_redirect_opened_over_and_over_asks_neither_the_authority_nor_the_vault_each_time(
    rig: Rig, entra: Controls
) -> None:
    """Whoever has a link has a sign-in to begin, and any number of made-up codes for it."""
    response, cookie = signed_in(rig, rig.link("partner"), ADMIN)
    entra.clear("requests")
    asked: list[str] = []
    rig.vault.before = lambda operation, _name: asked.append(operation)
    for number in range(20):
        with pytest.raises(SignInFailed):
            rig.flow.complete({**response, "code": f"made-up-{number}"}, cookie, correlation="c")
    assert sum(count for (_, path), count in entra.requests().items() if path.endswith("/token")) == 1
    assert len(asked) <= 2
    rig.vault.before = lambda _operation, _name: None
    rig.clock.advance(REMEMBERED)
    assert complete(rig, (response, cookie)).consent.person.object_id == ADMIN.object_id
