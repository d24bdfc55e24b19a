"""Every page a person can be shown, each with a way to it: the one list behind the pictures and the page tests."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

from playwright.sync_api import expect

from consent_http import pages, refusals, sign_in_refusals
from consent_http.completion import Confirmation
from local.stack import host_environment
from local.world import ADMIN, PARTNER_TENANT, SECOND_ADMIN, WITHOUT_MFA, User
from shared import errors
from shared.consents.consent import MANAGEMENT_NAME, Consent, Person, Withdrawal
from shared.entra.errors import ApplicationMisconfigured
from shared.entra.sign_in_refusals import (
    AccountNotAdmitted,
    AdminApprovalNeeded,
    ConditionalAccessBlocked,
    SignInDeclined,
    SignInFailed,
    SignInSpent,
)
from shared.errors import BrokerError
from shared.settings import read_settings
from shared.vault_errors import VaultRefused, VaultUnavailable
from tests.browser.console_gallery import CONSOLE_PAGES, CONSOLE_REFUSALS
from tests.browser.scene import Scene, Way, drawn
from tests.browser.steps import consent, expect_code, press, sign_in
from tests.consent_http.browser import operator_of
from tests.consent_http.rig import a_link

CORRELATION = "7c9c0ff5-6c3b-4a41-9b0b-8a5f0d3f7b52"
NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
# As long as user names become: 64 characters, and a domain.
LONG_NAME = "consent-administrator-of-the-partner-application-with-long-names@fabrikam-international.example"


def refused(error: BrokerError) -> Way:
    """The page of a refusal that takes another Entra ID, vault or clock than the running one."""
    return drawn(pages.refusal_page(error, CORRELATION))


def signing_in_as(user: User, **link: object) -> Way:
    """The last page for `user`."""
    return lambda scene: consent(scene.tab, scene.link(**link), user)


def _a_used_link(scene: Scene) -> None:
    link = scene.link()
    scene.consented(ADMIN, link)
    scene.tab.goto(link)


def _a_superseded_link(scene: Scene) -> None:
    link = scene.link()
    scene.consented(SECOND_ADMIN)
    scene.tab.goto(link)


def _a_link_from_before_a_withdrawal(scene: Scene) -> None:
    scene.consented(ADMIN)
    link = scene.link()
    operator_of(scene.stack).call("DELETE", f"consents/{scene.name}").raise_for_status()
    scene.tab.goto(link)


def _a_revoked_link(scene: Scene) -> None:
    link = scene.link()
    operator_of(scene.stack).call("DELETE", f"consents/{scene.name}/link").raise_for_status()
    scene.tab.goto(link)


def _a_button_on_another_site(scene: Scene) -> None:
    link = quote(scene.link().partition("?link=")[2])
    form = f'<form method="post" action="{scene.stack.host}/api/consent"><input name="link" value="{link}"><button>'
    scene.tab.goto(scene.board.show_html(f"<!doctype html><title>Not ours</title>{form}You have won</button></form>"))
    scene.tab.get_by_role("button").click()
    expect_code(scene.tab, "button_from_elsewhere")


def _no_cookie_left(scene: Scene) -> None:
    scene.tab.goto(scene.link())
    press(scene.tab)
    scene.tab.context.clear_cookies()
    sign_in(scene.tab, ADMIN)
    expect_code(scene.tab, "sign_in_lost")


def _cancelled(scene: Scene) -> None:
    scene.tab.goto(scene.link())
    press(scene.tab)
    scene.tab.get_by_role("button", name="Cancel").click()
    expect_code(scene.tab, "sign_in_declined")


def _in_place_of_somebody_else(scene: Scene) -> None:
    scene.consented(ADMIN)
    consent(scene.tab, scene.link(), SECOND_ADMIN)


def _asked_by_a_person(scene: Scene) -> None:
    link = a_link(
        person=ADMIN.object_id,
        login_hint=ADMIN.username,
        new_person=True,
        asker_name=SECOND_ADMIN.username,
        asker_id=SECOND_ADMIN.object_id,
    )
    settings = read_settings(host_environment(scene.stack))
    asking = pages.consent_page(link, in_force=THEIRS, unverified_link="sealed", settings=settings)
    scene.tab.goto(scene.board.show(asking))


def _consent_of(user: User, lineage: str) -> Consent:
    return Consent(
        name="partner",
        lineage=lineage,
        refresh_token="of-nobody",
        person=Person(tenant_id=PARTNER_TENANT, object_id=user.object_id, username=user.username),
        scope="https://api.partnercenter.microsoft.com/user_impersonation",
        mfa="yes",
        link_id="link",
        consented_on=NOW,
    )


MINE, THEIRS = _consent_of(ADMIN, "mine"), _consent_of(SECOND_ADMIN, "theirs")
TOMBSTONE = Withdrawal(
    name="partner", lineage="theirs", withdraws="mine", restores="v1", withdrawn_on=NOW, withdrawn_by="operator"
)

PAGES: Mapping[str, Way] = {
    "consent": lambda scene: scene.tab.goto(scene.link(login_hint=ADMIN.username)),
    "consent_for_a_long_name": lambda scene: scene.tab.goto(scene.link(login_hint=LONG_NAME)),
    "consent_for_an_object_id": lambda scene: scene.tab.goto(scene.link(person=ADMIN.object_id)),
    "consent_asked_by_a_person": _asked_by_a_person,
    "consent_to_the_management_application": lambda scene: scene.tab.goto(
        operator_of(scene.stack).link(MANAGEMENT_NAME)
    ),
    "done": signing_in_as(ADMIN),
    "overtaken_by_a_person": drawn(pages.done_page(Confirmation(consent=MINE, in_force=THEIRS), CORRELATION)),
    "overtaken_by_a_withdrawal": drawn(pages.done_page(Confirmation(consent=MINE, in_force=TOMBSTONE), CORRELATION)),
    **CONSOLE_PAGES,
}
REFUSALS: Mapping[type[BrokerError], Way] = {
    refusals.LinkInvalid: lambda scene: scene.tab.goto(scene.link()[:-5]),
    refusals.LinkExpired: refused(refusals.LinkExpired()),
    refusals.LinkUsed: _a_used_link,
    refusals.LinkSuperseded: _a_superseded_link,
    refusals.LinkWithdrawn: _a_link_from_before_a_withdrawal,
    refusals.LinkRevoked: _a_revoked_link,
    refusals.ButtonFromElsewhere: _a_button_on_another_site,
    sign_in_refusals.SignInLost: _no_cookie_left,
    SignInDeclined: _cancelled,
    SignInFailed: refused(SignInFailed(authority_code=500011)),
    SignInSpent: refused(SignInSpent(authority_code=54005)),
    AdminApprovalNeeded: refused(AdminApprovalNeeded(authority_code=90094)),
    ConditionalAccessBlocked: refused(ConditionalAccessBlocked(authority_code=53003)),
    AccountNotAdmitted: refused(AccountNotAdmitted(authority_code=50105)),
    sign_in_refusals.IdTokenInvalid: refused(sign_in_refusals.IdTokenInvalid()),
    sign_in_refusals.RefreshTokenMissing: refused(sign_in_refusals.RefreshTokenMissing()),
    sign_in_refusals.WrongTenant: refused(sign_in_refusals.WrongTenant()),
    sign_in_refusals.WrongPerson: signing_in_as(SECOND_ADMIN, person=ADMIN.object_id),
    sign_in_refusals.AnotherPerson: _in_place_of_somebody_else,
    sign_in_refusals.MfaMissing: signing_in_as(WITHOUT_MFA),
    sign_in_refusals.MfaUnknown: refused(sign_in_refusals.MfaUnknown()),
}
# What is nobody's refusal and yet can end a sign-in.
FAILURES: Mapping[type[BrokerError], Way] = {
    kind: refused(kind())
    for kind in (
        BrokerError,
        errors.AuthorityUnavailable,
        VaultUnavailable,
        VaultRefused,
        ApplicationMisconfigured,
        errors.ConsentNameBlocked,
    )
}
GALLERY: Mapping[str, Way] = {
    **PAGES,
    **{kind.code: way for kind, way in {**REFUSALS, **FAILURES, **CONSOLE_REFUSALS}.items()},
}


def go(scene: Scene, name: str) -> None:
    """Lead the scene's tab to the page of this name."""
    GALLERY[name](scene)
    expect(scene.tab.get_by_role("heading", level=1)).to_be_visible()
