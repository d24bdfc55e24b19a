"""A sign-in through another device: what operators and people are told at each step, and what is stored."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from consent_http.completion import Confirmation
from consent_http.device import PURPOSE, Waiting
from consent_http.refusals import (
    DeviceCodeDeclined,
    DeviceCodeExpired,
    DeviceCodeInvalid,
    DeviceCodeOff,
    LinkInvalid,
    LinkSuperseded,
    LinkWithdrawn,
)
from consent_http.sign_in_refusals import (
    AnotherPerson,
    IdTokenInvalid,
    MfaMissing,
    RefreshTokenMissing,
    SignInLost,
    WrongPerson,
)
from local.state import StackState
from local.world import ADMIN, CONTOSO, PARTNER_TENANT, SECOND_ADMIN, WITHOUT_MFA, User
from shared.clock import to_text
from shared.consents.consent import Consent, Withdrawal
from shared.entra.sign_in_refusals import AdminApprovalNeeded, ConditionalAccessBlocked
from shared.entra.tokens import SignIn
from shared.errors import AuthorityUnavailable, BrokerError, ConsentUnusable, InvalidRequest
from shared.link_keys import SealKeyUnknown
from shared.vault_errors import VaultUnavailable
from tests.consent_http.rig import OPERATOR, Rig, consented, declined, running_rig, signed_in, typed_in
from tests.local_control import Controls

NAME, SECRET, RENEWAL = "partner", "consent-partner", "renewal-partner"
# More vault operations than one poll has.
STEPS = range(10)
# How long after its end a device code can still be asked about.
ASKED_AFTER = timedelta(minutes=15)


@pytest.fixture
def rig(stack: StackState) -> Iterator[Rig]:
    """A rig whose setting allows device codes."""
    with running_rig(stack, CONSENT_DEVICE_CODE="on") as made:
        yield made


@pytest.fixture
def errors(stack: StackState) -> Iterator[Controls]:
    """Entra ID's control door; whatever was ordered is gone afterwards."""
    controls = Controls(stack, stack.entra)
    yield controls
    controls.clear("errors")


def start(rig: Rig, name: str = NAME, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return rig.device.start(name, fields, operator=OPERATOR, correlation="started")


def approved(rig: Rig, user: User = ADMIN, **fields: Any) -> str:  # noqa: ANN401 - JSON
    """A device whose code somebody has typed and signed in with."""
    started = start(rig, **fields)
    typed_in(started, user)
    device: str = started["device"]
    return device


def content_of(rig: Rig, device: str) -> Mapping[str, Any]:
    """What is sealed in a device: the operator cannot look, this test can."""
    content = rig.seals.open(PURPOSE, device)
    assert content is not None
    return content


def nothing_is_stored(rig: Rig) -> bool:
    return rig.vault.written.keys() <= {"link-keys"}


def test_the_operator_is_told_what_the_person_types_and_where_and_what_to_poll_with(rig: Rig) -> None:
    started = start(rig)
    assert set(started) == {"user_code", "verification_uri", "message", "expires_on", "interval", "device"}
    assert started["user_code"] in started["message"]
    assert started["verification_uri"] in started["message"]
    assert started["expires_on"] == to_text(rig.clock().replace(microsecond=0) + timedelta(minutes=15))
    assert started["interval"] == 5
    assert nothing_is_stored(rig)


def test_the_device_code_is_sealed_and_in_no_other_part_of_the_answer(rig: Rig) -> None:
    started = start(rig)
    device_code = content_of(rig, started["device"])["sign_in"]["device_code"]
    assert len(device_code) > 20
    assert device_code not in json.dumps(started)
    token = started["device"].partition(".")[2]
    assert device_code.encode() not in base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))


def test_until_somebody_signs_in_a_poll_tells_to_wait_and_stores_nothing(rig: Rig) -> None:
    device = start(rig)["device"]
    for _ in range(3):
        waiting = rig.poll(NAME, device)
        assert isinstance(waiting, Waiting)
        assert waiting.interval == 5
        device = waiting.device
    assert nothing_is_stored(rig)


def test_once_the_person_has_signed_in_the_consent_is_stored_and_proven(rig: Rig) -> None:
    confirmation = rig.poll(NAME, approved(rig))
    assert isinstance(confirmation, Confirmation)
    served = rig.store.load(NAME)
    assert served.consent == confirmation.consent == confirmation.in_force
    person = served.consent.person
    assert (person.object_id, person.username, person.tenant_id) == (ADMIN.object_id, ADMIN.username, PARTNER_TENANT)
    assert (served.consent.mfa, served.consent.scope) == ("yes", rig.settings.consent_scope)
    assert served.from_renewal
    assert served.refresh_token != served.consent.refresh_token, "the proof's newer token"
    assert rig.operators.show(NAME)["status"] == "ok"


def test_the_device_of_a_later_poll_is_as_good_as_the_first(rig: Rig) -> None:
    started = start(rig)
    waiting = rig.poll(NAME, started["device"])
    assert isinstance(waiting, Waiting)
    typed_in(started, ADMIN)
    assert isinstance(rig.poll(NAME, waiting.device), Confirmation)


def test_a_poll_that_came_too_soon_is_told_to_go_slower_from_then_on(rig: Rig, errors: Controls) -> None:
    """RFC 8628 section 3.5: five seconds more, for this and all subsequent requests."""
    device, intervals = start(rig)["device"], []
    for error in ("slow_down", None, "slow_down", None):
        if error:
            errors.post("errors", {"at": "device", "error": error})
        waiting = rig.poll(NAME, device)
        assert isinstance(waiting, Waiting)
        device = waiting.device
        intervals.append(waiting.interval)
    assert intervals == [10, 10, 15, 15]


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        ("access_denied", DeviceCodeDeclined),
        ("authorization_declined", DeviceCodeDeclined),
        ("expired_token", DeviceCodeExpired),
        ("code_expired", DeviceCodeExpired),
        ("bad_verification_code", DeviceCodeInvalid),
    ],
)
def test_the_authoritys_word_ends_it(rig: Rig, errors: Controls, error: str, refusal: type[BrokerError]) -> None:
    device = approved(rig)
    errors.post("errors", {"at": "device", "error": error, "codes": []})
    with pytest.raises(refusal):
        rig.poll(NAME, device)
    assert nothing_is_stored(rig)


def test_a_denial_with_a_number_is_told_as_what_the_number_says(rig: Rig, errors: Controls) -> None:
    """Conditional Access is called access_denied too, and nobody has pressed cancel."""
    device = approved(rig)
    errors.post("errors", {"at": "device", "error": "access_denied", "code": 53003})
    with pytest.raises(ConditionalAccessBlocked):
        rig.poll(NAME, device)


def test_a_person_who_declines_leaves_nothing_behind(rig: Rig) -> None:
    started = start(rig)
    declined(started)
    with pytest.raises(DeviceCodeDeclined):
        rig.poll(NAME, started["device"])
    assert nothing_is_stored(rig)


def test_a_device_is_asked_about_until_a_while_after_its_codes_end_and_then_no_more(rig: Rig) -> None:
    device = start(rig)["device"]
    rig.clock.advance(timedelta(minutes=15) + ASKED_AFTER - timedelta(seconds=1))
    waiting = rig.poll(NAME, device)
    assert isinstance(waiting, Waiting), "of the code's end the authority decides, whose clock stood still here"
    rig.clock.advance(timedelta(seconds=1))
    for one in (device, waiting.device):
        with pytest.raises(DeviceCodeExpired):
            rig.poll(NAME, one)


@pytest.mark.parametrize(
    ("code", "refusal"),
    [(65001, AdminApprovalNeeded), (53003, ConditionalAccessBlocked), (90006, AuthorityUnavailable)],
)
def test_what_the_authority_refuses_the_person_is_told_as_at_a_sign_in(
    rig: Rig, errors: Controls, code: int, refusal: type[BrokerError]
) -> None:
    device = approved(rig)
    errors.post("errors", {"at": "device", "code": code})
    with pytest.raises(refusal):
        rig.poll(NAME, device)
    assert nothing_is_stored(rig)
    assert isinstance(rig.poll(NAME, device), Confirmation), "the same device goes on when it has passed"


@pytest.mark.parametrize(
    ("user", "fields", "refusal"),
    [
        (SECOND_ADMIN, {"person": ADMIN.object_id}, WrongPerson),
        (SECOND_ADMIN, {"login_hint": ADMIN.username}, WrongPerson),
        (WITHOUT_MFA, {}, MfaMissing),
        (WITHOUT_MFA, {"person": WITHOUT_MFA.object_id, "new_person": True}, MfaMissing),
    ],
)
def test_a_sign_in_through_a_device_is_checked_like_any_other(
    rig: Rig, user: User, fields: Mapping[str, Any], refusal: type[BrokerError]
) -> None:
    device = approved(rig, user, **fields)
    with pytest.raises(refusal):
        rig.poll(NAME, device)
    assert nothing_is_stored(rig)


def with_another_signature(id_token: str) -> str:
    head, claims, _ = id_token.split(".")
    return f"{head}.{claims}.{base64.urlsafe_b64encode(bytes(256)).decode().rstrip('=')}"


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (lambda redeemed: replace(redeemed, unverified_id_token=""), IdTokenInvalid),
        (lambda redeemed: replace(redeemed, unverified_id_token="a.b.c"), IdTokenInvalid),
        (
            lambda redeemed: replace(
                redeemed, unverified_id_token=with_another_signature(redeemed.unverified_id_token)
            ),
            IdTokenInvalid,
        ),
        (lambda redeemed: replace(redeemed, refresh_token=""), RefreshTokenMissing),
    ],
)
def test_what_does_not_verify_is_not_stored(rig: Rig, change: Callable[[Any], Any], refusal: type[BrokerError]) -> None:
    device = approved(rig)
    rig.authority.as_redeemed = change
    with pytest.raises(refusal):
        rig.poll(NAME, device)
    assert nothing_is_stored(rig)


def test_an_id_token_of_a_browsers_sign_in_is_none_of_a_devices(rig: Rig) -> None:
    """It has a nonce, which a device's has not."""
    response, cookie = signed_in(rig, rig.link("other"), ADMIN)
    sealed = rig.seals.open("sign-in", cookie)
    assert sealed is not None
    device = approved(rig)
    browsers = rig.authority.redeem(SignIn(**sealed["sign_in"]), response["code"])
    rig.authority.as_redeemed = lambda redeemed: replace(redeemed, unverified_id_token=browsers.unverified_id_token)
    with pytest.raises(IdTokenInvalid):
        rig.poll(NAME, device)
    assert nothing_is_stored(rig)


def test_somebody_else_takes_over_only_when_that_was_asked_for(rig: Rig) -> None:
    consented(rig, NAME, ADMIN)
    with pytest.raises(AnotherPerson):
        rig.poll(NAME, approved(rig, SECOND_ADMIN))
    assert rig.store.load(NAME).consent.person.object_id == ADMIN.object_id
    assert isinstance(rig.poll(NAME, approved(rig, SECOND_ADMIN, new_person=True)), Confirmation)
    assert rig.store.load(NAME).consent.person.object_id == SECOND_ADMIN.object_id


@pytest.mark.parametrize(
    "fields",
    [{"tenant": CONTOSO}, {"tenant": "common"}, {"person": "ada@fabrikam.example"}, {"login_hint": "a b"}],
    ids=str,
)
def test_what_a_link_could_not_ask_for_a_device_code_cannot(rig: Rig, fields: Mapping[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        start(rig, **fields)


@pytest.mark.parametrize("name", ["", "Partner", "a/b", "a" * 61, "ä"])
def test_a_name_that_no_consent_can_have_is_refused(rig: Rig, name: str) -> None:
    device = start(rig)["device"]
    with pytest.raises(InvalidRequest):
        start(rig, name)
    with pytest.raises(InvalidRequest):
        rig.poll(name, device)


def test_a_device_is_good_for_its_own_consent_alone(rig: Rig) -> None:
    device = approved(rig)
    with pytest.raises(DeviceCodeInvalid, match=NAME):
        rig.poll("another", device)
    assert nothing_is_stored(rig)
    assert isinstance(rig.poll(NAME, device), Confirmation)


def test_no_sealed_value_is_taken_for_another(rig: Rig) -> None:
    link, device = rig.link(NAME), start(rig)["device"]
    response, cookie = signed_in(rig, link, ADMIN)
    for other in (link, cookie):
        with pytest.raises(DeviceCodeInvalid):
            rig.poll(NAME, other)
    with pytest.raises(LinkInvalid):
        rig.flow.open(device)
    with pytest.raises(SignInLost):
        rig.flow.complete(response, device, correlation="confirmation")
    assert nothing_is_stored(rig)


def test_a_device_that_was_changed_is_not_ours(rig: Rig) -> None:
    device = approved(rig)
    for place in (0, 40, len(device) // 2, len(device) - 2):
        changed = device[:place] + ("A" if device[place] != "A" else "B") + device[place + 1 :]
        with pytest.raises(DeviceCodeInvalid):
            rig.poll(NAME, changed)
    for changed in (device[:-4], device + "AAAA", "." + device, device.partition(".")[2]):
        with pytest.raises(DeviceCodeInvalid):
            rig.poll(NAME, changed)
    assert isinstance(rig.poll(NAME, device), Confirmation)


def test_a_poll_without_a_device_says_what_is_missing(rig: Rig) -> None:
    for fields in ({}, {"device": ""}):
        with pytest.raises(InvalidRequest, match="device"):
            rig.device.poll(NAME, fields, operator=OPERATOR, correlation="polled")


@given(device=st.one_of(st.text(min_size=1), st.text(max_size=40).map("0123456789abcdef0123456789abcdef.{}".format)))
@hypothesis_settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_that_anybody_makes_up_is_a_device(rig: Rig, device: str) -> None:
    """One that names a key as the vault names them could be of an instance that has just made one: try again."""
    with pytest.raises((DeviceCodeInvalid, SealKeyUnknown)):
        rig.poll(NAME, device)


def test_what_another_version_of_the_broker_sealed_is_not_taken(rig: Rig) -> None:
    device = start(rig)["device"]
    content = content_of(rig, device)
    for other in (
        {},
        {"sign_in": content["sign_in"]},
        {**content, "link": {**content["link"], "more": 1}},
        {**content, "sign_in": {"expires_on": content["sign_in"]["expires_on"]}},
    ):
        sealed = rig.seals.seal(PURPOSE, other, expires_on=rig.clock() + timedelta(minutes=1))
        with pytest.raises(DeviceCodeInvalid):
            rig.poll(NAME, sealed)


def test_polls_go_on_after_a_restart(rig: Rig, stack: StackState) -> None:
    started = start(rig)
    waiting = rig.poll(NAME, started["device"])
    assert isinstance(waiting, Waiting)
    typed_in(started, ADMIN)
    with running_rig(stack, vault=rig.vault, clock=rig.clock, CONSENT_DEVICE_CODE="on") as after:
        assert isinstance(after.poll(NAME, waiting.device), Confirmation)
    assert rig.store.load(NAME).consent.person.object_id == ADMIN.object_id


@pytest.mark.parametrize("later", [timedelta(), timedelta(minutes=15)], ids=["at once", "after the code's end"])
def test_a_poll_whose_answer_was_lost_is_repeated_and_tells_the_consent_that_it_stored(
    rig: Rig, later: timedelta
) -> None:
    device = approved(rig)
    first = rig.poll(NAME, device)
    assert isinstance(first, Confirmation)
    rig.clock.advance(later)
    assert rig.poll(NAME, device) == first
    assert len(rig.vault.written[SECRET]) == 1


def test_of_two_polls_at_the_same_moment_both_tell_the_consent(rig: Rig) -> None:
    """The second one redeems the code while the first is on its way to the authority."""
    device, told = approved(rig), []

    def other_poll() -> None:
        rig.authority.before_poll = None
        told.append(rig.poll(NAME, device))

    rig.authority.before_poll = other_poll
    told.append(rig.poll(NAME, device))
    second, first = told
    assert first == second
    assert len(rig.vault.written[SECRET]) == 1


def test_a_code_that_was_redeemed_for_nothing_says_to_begin_anew_and_not_how_it_ended(rig: Rig) -> None:
    """The poll that redeemed it may be storing at this moment: nobody is told that nothing was stored."""
    device = approved(rig)

    def vault_is_away() -> None:
        rig.authority.before_exchange = None
        raise VaultUnavailable

    rig.authority.before_exchange = vault_is_away
    with pytest.raises(VaultUnavailable):
        rig.poll(NAME, device)
    with pytest.raises(DeviceCodeInvalid) as refused:
        rig.poll(NAME, device)
    assert "nothing was stored" not in refused.value.description
    assert nothing_is_stored(rig)


@pytest.mark.parametrize("withdrawn", [False, True])
def test_a_consent_that_changed_while_somebody_was_waited_for_is_not_written_over(rig: Rig, *, withdrawn: bool) -> None:
    consented(rig, NAME, ADMIN)
    device = approved(rig)
    if withdrawn:
        rig.withdraw(NAME)
    else:
        consented(rig, NAME, ADMIN)
    versions = len(rig.vault.written[SECRET])
    rig.authority.before_poll = lambda: pytest.fail("the code was redeemed for nothing")
    with pytest.raises(LinkWithdrawn if withdrawn else LinkSuperseded):
        rig.poll(NAME, device)
    assert len(rig.vault.written[SECRET]) == versions


@pytest.mark.parametrize("withdrawn", [False, True])
def test_a_consent_that_changed_while_entra_was_asked_is_not_written_over(rig: Rig, *, withdrawn: bool) -> None:
    consented(rig, NAME, ADMIN)
    device, signed = approved(rig), signed_in(rig, rig.link(NAME), ADMIN)

    def come_in_between() -> None:
        rig.authority.before_exchange = None
        if withdrawn:
            rig.withdraw(NAME)
        else:
            rig.flow.complete(*signed, correlation="confirmation")

    rig.authority.before_exchange = come_in_between
    with pytest.raises(LinkWithdrawn if withdrawn else LinkSuperseded):
        rig.poll(NAME, device)
    assert len(rig.vault.written[SECRET]) == 2
    assert isinstance(rig.store.in_force(NAME), Withdrawal if withdrawn else Consent)


@pytest.mark.parametrize("step", STEPS)
def test_a_vault_that_fails_at_any_step_leaves_nothing_told_that_is_not_stored(rig: Rig, step: int) -> None:
    device, passed = approved(rig), 0

    def before(_operation: str, _name: str) -> None:
        nonlocal passed
        passed += 1
        if passed == step + 1:
            raise VaultUnavailable

    rig.vault.before = before
    told: Confirmation | Waiting | None = None
    try:
        told = rig.poll(NAME, device)
    except VaultUnavailable:
        told = None
    rig.vault.before = lambda _operation, _name: None
    in_force = rig.store.in_force(NAME)
    if isinstance(told, Confirmation):
        assert in_force == told.consent == told.in_force
        return
    try:
        again = rig.poll(NAME, device)
    except DeviceCodeInvalid:
        assert in_force is None, "redeemed, and not stored"
        assert nothing_is_stored(rig)
    else:
        assert isinstance(again, Confirmation)
        assert rig.store.load(NAME).consent == again.consent


def test_a_device_of_a_consent_that_was_stored_and_withdrawn_does_not_bring_it_back(rig: Rig) -> None:
    device = approved(rig)
    rig.poll(NAME, device)
    rig.withdraw(NAME)
    with pytest.raises(LinkWithdrawn):
        rig.poll(NAME, device)
    with pytest.raises(ConsentUnusable):
        rig.store.load(NAME)


def test_switched_off_nothing_begins_and_nothing_goes_on(rig: Rig, stack: StackState) -> None:
    device = approved(rig)
    with running_rig(stack, vault=rig.vault, clock=rig.clock) as off:
        off.authority.before_poll = lambda: pytest.fail("the authority was asked")
        with pytest.raises(DeviceCodeOff):
            start(off)
        for one in (device, "", "junk"):
            with pytest.raises(DeviceCodeOff):
                off.poll(NAME, one)
    assert nothing_is_stored(rig)


def test_the_record_tells_who_began_and_who_consented_and_no_secret(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    started = start(rig, login_hint=ADMIN.username)
    device_code = content_of(rig, started["device"])["sign_in"]["device_code"]
    waiting = rig.poll(NAME, started["device"])
    typed_in(started, ADMIN)
    assert isinstance(waiting, Waiting)
    confirmation = rig.poll(NAME, waiting.device)
    assert isinstance(confirmation, Confirmation)
    begun, kept = (json.loads(found.getMessage()) for found in caplog.records if found.name == "broker.audit")
    assert (begun["event"], begun["operator"], begun["correlation_id"]) == (
        "device.started",
        OPERATOR.object_id,
        "started",
    )
    assert (kept["event"], kept["way"], kept["operator"]) == ("consent.stored", "device", OPERATOR.object_id)
    assert (kept["link"], kept["person"], kept["lineage"]) == (
        begun["id"],
        ADMIN.object_id,
        confirmation.consent.lineage,
    )
    secrets = {device_code, started["device"], waiting.device, started["user_code"], confirmation.consent.refresh_token}
    secrets.add(rig.store.load(NAME).refresh_token)
    own = "\n".join(found.getMessage() for found in caplog.records if found.name.startswith("broker"))
    assert [secret for secret in secrets if secret in own] == []
