"""What Entra ID says of a sign-in, at the redirect and at redemption, as the page that tells the person what to do."""

from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_http.sign_in_errors import code_of, sign_in_refusal
from local.entra.aadsts_codes import CODES
from local.state import StackState
from local.world import ADMIN, PARTNER_TENANT
from shared.entra.aadsts import MEANINGS
from shared.entra.errors import ApplicationMisconfigured, ApplicationRefused
from shared.entra.place import Place
from shared.entra.sign_in_refusals import (
    AccountNotAdmitted,
    AdminApprovalNeeded,
    ConditionalAccessBlocked,
    SignInDeclined,
    SignInFailed,
    SignInSpent,
)
from shared.errors import AuthorityUnavailable, BrokerError
from tests.consent_http.rig import Rig, old_token, signed_in
from tests.local_control import Controls

# From "Microsoft Entra authentication and authorization error codes" on Microsoft Learn, by what the person can do.
TABLE: Mapping[type[BrokerError], tuple[int, ...]] = {
    SignInDeclined: (65004,),
    AdminApprovalNeeded: (65001, 90094, 90095, 90099, 700016, 7000229),
    AccountNotAdmitted: (16003, 50020, 50034, 50057, 50105, 50177, 50178, 90072),
    ConditionalAccessBlocked: (
        *(50072, 50074, 50076, 50078, 50079, 50097, 50131, 50158, 53000, 53001, 53002, 53003, 53004, 53010, 53011),
        *(500212, 500213, 530032, 530034, 530035, 700003),
    ),
    AuthorityUnavailable: (50033, 50087, 50088, 50166, 50196, 40010, 90006, 90012, 90024, 90033, 90055, 90090, 90091),
    # Nothing that the person could mend: the partner application's registration, credential, redirect URI or scope.
    ApplicationMisconfigured: (
        *(50012, 50013, 50194, 65005, 70001, 650054, 650056, 650057, 700025, 700027, 700211, 700212, 700213),
        *(7000112, 7000215, 7000218, 7000222, 50011, 500112, 70011, 650053, 650052, 90002),
    ),
    SignInSpent: (54005,),
    SignInFailed: (50053, 50055, 50126, 50132, 50173, 70000, 70008, 501481, 700005, 700082, 9002313),
}
BY_CODE = {code: kind for kind, codes in TABLE.items() for code in codes}
UNKNOWN = 99999999
ERROR_PAGE = "https://login.microsoftonline.com/error?code={}"


def brought_back(error: str, code: int | None) -> BrokerError:
    """What the browser's answer means, with the number where Entra ID puts it."""
    number = {} if code is None else {"error_uri": ERROR_PAGE.format(code)}
    return sign_in_refusal({"error": error, **number}, tenant_id=PARTNER_TENANT)


@pytest.fixture
def errors(stack: StackState) -> Iterator[Controls]:
    """Entra ID's control door; whatever was ordered is gone afterwards."""
    controls = Controls(stack, stack.entra)
    yield controls
    controls.clear("errors")


@pytest.mark.parametrize(("code", "kind"), BY_CODE.items())
def test_a_number_that_is_known_says_what_to_do_whatever_it_is_called_at_the_redirect(
    code: int, kind: type[BrokerError]
) -> None:
    listed = code in MEANINGS
    for error in ("access_denied", "invalid_request", "never_heard_of", "") if listed else ("access_denied", ""):
        refusal = brought_back(error, code)
        assert (type(refusal), refusal.authority_code) == (kind, code)


def test_denied_without_a_number_is_a_cancel_and_with_one_that_nobody_knows_it_is_not() -> None:
    assert type(brought_back("access_denied", None)) is SignInDeclined
    assert type(brought_back("access_denied", UNKNOWN)) is SignInFailed


@pytest.mark.parametrize("code", [None, UNKNOWN])
@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("consent_required", AdminApprovalNeeded),
        ("interaction_required", ConditionalAccessBlocked),
        ("temporarily_unavailable", AuthorityUnavailable),
        ("server_error", AuthorityUnavailable),
        ("login_required", SignInFailed),
        ("invalid_client", ApplicationMisconfigured),
        ("invalid_scope", ApplicationMisconfigured),
        ("unauthorized_client", ApplicationRefused),
        ("invalid_request", ApplicationRefused),
        ("never_heard_of", SignInFailed),
        ("", SignInFailed),
    ],
)
def test_without_a_number_that_is_known_the_oauth_error_decides(
    error: str, kind: type[BrokerError], code: int | None
) -> None:
    refusal = brought_back(error, code)
    assert (type(refusal), refusal.authority_code) == (kind, code)


@pytest.mark.parametrize("code", [codes[0] for codes in TABLE.values()])
def test_a_sign_in_that_entra_refuses_at_the_redirect_is_told_with_its_number(
    rig: Rig, errors: Controls, code: int
) -> None:
    link = rig.link("partner")
    errors.post("errors", {"at": "authorize", "code": code})
    response, cookie = signed_in(rig, link, ADMIN)
    with pytest.raises(BrokerError) as refused:
        rig.flow.complete(response, cookie, correlation="refused")
    assert (type(refused.value), refused.value.authority_code) == (BY_CODE[code], code)
    assert rig.vault.written.keys() == {"link-keys"}
    assert rig.flow.open(link).link.name == "partner", "the link is still good"


def test_every_number_that_a_grant_is_refused_with_is_told_as_at_the_redirect(
    stack: StackState, rig: Rig, errors: Controls
) -> None:
    """One refresh grant each; the codes of a redemption come through the same door."""
    token = old_token(stack, ADMIN)
    told: dict[int, tuple[type[BrokerError], int | None]] = {}
    for code in CODES:
        errors.post("errors", {"code": code})
        with pytest.raises(BrokerError) as refused:
            rig.authority.exchange(
                token, tenant_id=PARTNER_TENANT, scope=rig.settings.consent_scope, place=Place.SIGN_IN
            )
        told[code] = (type(refused.value), refused.value.authority_code)
    # Of an answer with a status of 500 or above MSAL tells no number.
    without = {code for code, (kind, number) in told.items() if kind is AuthorityUnavailable and number is None}
    assert {code: number for code, (_, number) in told.items() if code not in without} == {
        code: code for code in CODES if code not in without
    }
    known = {code: kind for code, kind in BY_CODE.items() if code in CODES}
    assert {code: told[code][0] for code in known} == known


@pytest.mark.parametrize("code", [codes[0] for kind, codes in TABLE.items() if kind is not AuthorityUnavailable])
def test_a_code_that_entra_does_not_redeem_is_told_with_the_number(rig: Rig, errors: Controls, code: int) -> None:
    response, cookie = signed_in(rig, rig.link("partner"), ADMIN)
    errors.post("errors", {"at": "token", "code": code})
    with pytest.raises(BrokerError) as refused:
        rig.flow.complete(response, cookie, correlation="refused")
    assert (type(refused.value), refused.value.authority_code) == (BY_CODE[code], code)
    assert rig.vault.written.keys() == {"link-keys"}


@pytest.mark.parametrize(
    ("error_uri", "code"),
    [
        ("https://login.microsoftonline.com/error?code=65004", 65004),
        ("https://login.microsoftonline.com/error?trace=x&code=53003#there", 53003),
        ("?code=7000215", 7000215),
        ("", None),
        ("https://login.microsoftonline.com/error", None),
        ("https://login.microsoftonline.com/error?code=", None),
        ("https://login.microsoftonline.com/error?code=AADSTS65004", None),
        ("https://login.microsoftonline.com/error?code=-65004", None),
        ("https://login.microsoftonline.com/error?code=+65004", None),
        ("https://login.microsoftonline.com/error?code=65004.0", None),
        ("https://login.microsoftonline.com/error?code=1_0", None),
        ("https://login.microsoftonline.com/error?code=٦٥٠٠٤", None),
        ("https://login.microsoftonline.com/error?code=²", None),
        ("https://login.microsoftonline.com/error?code=" + "9" * 10, None),
        ("https://login.microsoftonline.com/error?code=" + "9" * 5000, None),
        ("https://[::1/error?code=65004", None),
        ("https://\u2100.example/error?code=65004", None),
        ("\ud800?code=\udfff", None),
    ],
)
def test_the_number_is_read_out_of_the_address_or_not_at_all(error_uri: str, code: int | None) -> None:
    assert code_of({"error": "access_denied", "error_uri": error_uri}) == code


def test_a_refusal_without_an_address_has_no_number() -> None:
    assert code_of({"error": "access_denied", "error_description": "AADSTS65004: never read"}) is None


@given(st.one_of(st.text(), st.text().map("https://login.microsoftonline.com/error?code={}".format)))
def test_no_address_that_anybody_makes_up_breaks_the_page(error_uri: str) -> None:
    code = code_of({"error_uri": error_uri})
    assert code is None or 0 <= code < 10**9
