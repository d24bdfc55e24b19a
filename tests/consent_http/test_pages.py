"""The pages: everything that came from outside is escaped, nothing runs, and each says what is true."""

import base64
import hashlib
import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_http import pages, refusals, sign_in_refusals
from consent_http.completion import Confirmation
from consent_http.pages import Page
from local.world import ADMIN, PARTNER_TENANT
from shared.consents.consent import Consent, Person, Withdrawal
from shared.entra.sign_in_refusals import SignInFailed
from shared.errors import AuthorityUnavailable, BrokerError, ConsentRefused, ConsentUnreadable
from shared.vault_errors import VaultUnavailable
from tests.consent_http.browser import title_of
from tests.consent_http.rig import a_link

NASTY = "<script>alert(1)</script>\"'&</form><base href=//evil>${body}$title"
NOW = datetime(2026, 5, 1, tzinfo=UTC)
HEADERS = {
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
TAGS = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "main",
    "h1",
    "p",
    "dl",
    "dt",
    "dd",
    "form",
    "input",
    "button",
}


class Read(HTMLParser):
    """What a browser makes of a page: its elements with their attributes, and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def consent(
    username: str = ADMIN.username, *, lineage: str = "mine", name: str = "partner", mfa: str = "yes"
) -> Consent:
    return Consent(
        name=name,
        lineage=lineage,
        refresh_token="refresh-token-of-nobody",
        person=Person(tenant_id=PARTNER_TENANT, object_id=ADMIN.object_id, username=username),
        scope="https://graph.microsoft.com/User.Read",
        mfa=mfa,
        link_id="link",
        consented_on=NOW,
    )


WITHDRAWAL = Withdrawal(
    name="partner", lineage="tombstone", withdraws="mine", restores="v1", withdrawn_on=NOW, withdrawn_by="operator"
)


def consent_page(text: str = "sealed", **fields: object) -> Page:
    return pages.consent_page(
        a_link(**fields),
        unverified_link=text,
        public_url="https://broker.example",
        vault_url="https://tokens.vault.azure.net",
        scope="https://graph.microsoft.com/User.Read",
    )


def nasty_pages(text: str) -> list[Page]:
    """Every page there is, with `text` wherever something from outside can stand."""
    overtaking = consent(text, lineage="another")
    return [
        consent_page(text, name=text, login_hint=text, tenant_id=text),
        consent_page(text, person=text),
        pages.done_page(
            Confirmation(consent=consent(text, name=text), in_force=consent(text, name=text)), "correlation"
        ),
        pages.done_page(Confirmation(consent=consent(text), in_force=overtaking), "correlation"),
        pages.refusal_page(SignInFailed(text, authority_code=53003), text),
    ]


def assert_harmless(page: Page) -> Read:
    read = Read(page.html)
    assert {tag for tag, _ in read.elements} <= TAGS
    for tag, attributes in read.elements:
        assert not [name for name in attributes if name.startswith("on") or name in {"src", "href", "style"}], tag
    assert len(read.all("form")) <= 1
    return read


def test_what_comes_from_outside_is_shown_as_text_on_every_page() -> None:
    for page in nasty_pages(NASTY):
        read = assert_harmless(page)
        assert NASTY in read.text
        assert "<script" not in page.html


@settings(max_examples=60, deadline=None)
@given(text=st.text(alphabet="<>\"'&/= $}{aonsrc\n", max_size=60))
def test_no_text_breaks_out_of_a_page(text: str) -> None:
    for page in nasty_pages(text):
        assert_harmless(page)


@settings(max_examples=60, deadline=None)
@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=60))
def test_the_link_in_the_form_is_the_link_that_came(text: str) -> None:
    read = Read(consent_page(text).html)
    assert read.all("input") == [{"type": "hidden", "name": "link", "value": text}]


def test_the_form_goes_to_this_app_by_post() -> None:
    (form,) = Read(consent_page().html).all("form")
    assert form == {"method": "post", "action": "https://broker.example/api/consent"}


def test_only_the_page_with_the_button_leaves_form_action_open() -> None:
    """Chromium applies form-action to the whole chain of redirects, and that form leads to the authority."""
    rest = "base-uri 'none'; frame-ancestors 'none'"
    for page in nasty_pages("text"):
        style = re.search(r"<style>(.*?)</style>", page.html, re.DOTALL)
        assert style is not None
        digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
        form_action = "" if "<form" in page.html else "form-action 'none'; "
        expected = f"default-src 'none'; style-src 'sha256-{digest}'; {form_action}{rest}"
        assert page.headers == {"Content-Security-Policy": expected, **HEADERS}


def test_a_page_fetches_nothing_and_refers_nowhere() -> None:
    for page in nasty_pages("text"):
        style = page.html[page.html.index("<style>") : page.html.index("</style>")]
        assert "url(" not in style
        assert "@import" not in style
        assert "<link" not in page.html


def test_every_page_works_on_a_phone_and_with_a_screen_reader() -> None:
    for page in nasty_pages("text"):
        read = Read(page.html)
        assert read.all("html") == [{"lang": "en"}]
        assert len(read.all("h1")) == len(read.all("main")) == len(read.all("title")) == 1
        assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in read.all("meta")


def test_the_page_says_what_is_stored_where_and_for_whom() -> None:
    text = Read(consent_page(login_hint="ada@fabrikam.example", name="reports").html).text
    for told in ("reports", PARTNER_TENANT, "ada@fabrikam.example", "tokens.vault.azure.net", "broker.example"):
        assert told in text
    assert ADMIN.object_id in Read(consent_page(person=ADMIN.object_id).html).text
    assert "an administrator" in Read(consent_page().html).text


def test_a_stored_consent_is_confirmed_without_its_token() -> None:
    page = pages.done_page(Confirmation(consent=consent(), in_force=consent()), "correlation")
    assert (page.status, title_of(page.html)) == (200, "Your consent is stored")
    assert ADMIN.username in page.html
    assert "token-of-nobody" not in page.html


@pytest.mark.parametrize(("mfa", "told"), [("yes", "yes, the authority says so"), ("unknown", "unknown")])
def test_the_page_says_whether_mfa_is_known(mfa: str, told: str) -> None:
    page = pages.done_page(Confirmation(consent=consent(mfa=mfa), in_force=consent(mfa=mfa)), "correlation")
    assert told in page.html


def test_who_was_overtaken_is_told_by_whom_or_by_what() -> None:
    theirs = pages.done_page(
        Confirmation(consent=consent(), in_force=consent("grace@fabrikam.example", lineage="other")), "correlation"
    )
    withdrawn = pages.done_page(Confirmation(consent=consent(), in_force=WITHDRAWAL), "correlation")
    for page, told in ((theirs, "grace@fabrikam.example consented"), (withdrawn, "It was withdrawn")):
        assert (page.status, title_of(page.html)) == (409, "Your consent was overtaken")
        assert told in Read(page.html).text


def every_refusal(kind: type[BrokerError] = ConsentRefused) -> list[type[BrokerError]]:
    return [kind, *(found for child in kind.__subclasses__() for found in every_refusal(child))]


@pytest.mark.parametrize("kind", every_refusal(), ids=lambda kind: kind.code)
def test_every_refusal_says_what_happened_what_to_do_and_what_to_quote(kind: type[BrokerError]) -> None:
    page = pages.refusal_page(kind(), "correlation-id-1")
    text = Read(page.html).text
    assert page.status == kind.status
    assert 400 <= page.status < 500
    for told in (kind.says, kind.remedy, kind.code, "correlation-id-1"):
        assert told in text


def test_each_refusal_has_a_code_of_its_own() -> None:
    kinds = every_refusal()
    assert len({kind.code for kind in kinds}) == len(kinds)


def test_the_authoritys_own_number_is_on_the_page() -> None:
    page = pages.refusal_page(SignInFailed(authority_code=53003), "id")
    assert "AADSTS53003" in page.html
    assert "AADSTS" not in pages.refusal_page(SignInFailed(), "id").html


def test_a_used_link_is_not_headed_as_if_nothing_were_stored() -> None:
    """At this link's page the consent may well be stored, and by this very person."""
    assert title_of(pages.refusal_page(refusals.LinkUsed(), "id").html) == "This link cannot be used"
    assert title_of(pages.refusal_page(sign_in_refusals.MfaMissing(), "id").html) == "Nothing was stored"


@pytest.mark.parametrize("error", [VaultUnavailable(), AuthorityUnavailable()], ids=str)
def test_an_outage_claims_nothing_and_says_how_to_find_out(error: BrokerError) -> None:
    page = pages.refusal_page(error, "id")
    text = Read(page.html).text
    assert (page.status, title_of(page.html)) == (503, "This did not work")
    assert "Open the same link again" in text
    assert "Retry-After" not in text, "a person sees no headers"


@pytest.mark.parametrize("error", [ConsentUnreadable("consent-partner is damaged."), BrokerError()], ids=repr)
def test_an_error_that_is_nobodys_refusal_makes_no_claim_either(error: BrokerError) -> None:
    page = pages.refusal_page(error, "id")
    assert (page.status, title_of(page.html)) == (500, "This did not work")
    assert error.detail in page.html
