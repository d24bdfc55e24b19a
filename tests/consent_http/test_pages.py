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
from consent_http.in_force import InForce
from consent_http.link import Link
from local.world import ADMIN, PARTNER_TENANT, SECOND_ADMIN
from shared.consents.consent import MANAGEMENT_NAME, Act, Consent, Person, Withdrawal
from shared.entra.sign_in_refusals import SignInFailed
from shared.errors import AuthorityUnavailable, BrokerError, ConsentRefused, ConsentUnreadable
from shared.pages.page import Page
from shared.pages.templates import Templates
from shared.settings import read_settings
from shared.vault_errors import VaultUnavailable
from tests.consent_http.browser import title_of
from tests.consent_http.rig import a_link
from tests.shared.pages.pseudo import PSEUDO, untranslated
from tests.shared.samples import ENVIRONMENT

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
    "details",
    "summary",
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
    return asked(a_link(**fields), unverified_link=text)


def asked(
    link: Link,
    in_force: Act | None = None,
    *,
    unverified_link: str = "sealed",
    partner: str = "",
    templates: Templates = pages.TEMPLATES,
) -> Page:
    environment = {**ENVIRONMENT, "PARTNER_NAME": partner, "CONSENT_SCOPE": "https://graph.microsoft.com/User.Read"}
    return pages.consent_page(
        link,
        in_force=in_force,
        unverified_link=unverified_link,
        settings=read_settings(environment),
        templates=templates,
    )


def nasty_pages(text: str) -> list[Page]:
    """Every page there is, with `text` wherever something from outside can stand."""
    overtaking = consent(text, lineage="another")
    return [
        consent_page(text, name=text, login_hint=text, tenant_id=text),
        consent_page(text, person=text),
        consent_page(text, asker_name=text, asker_id=text),
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
    for told in ("reports", PARTNER_TENANT, "ada@fabrikam.example", "tokens.vault.example", "broker.example"):
        assert told in text
    assert ADMIN.object_id in Read(consent_page(person=ADMIN.object_id).html).text
    assert "an administrator" in Read(consent_page().html).text


def test_the_page_says_who_asks_for_what_for_how_long_and_how_it_ends() -> None:
    page = asked(a_link(asker_name="grace@fabrikam.example", asker_id=SECOND_ADMIN.object_id), partner="Fabrikam")
    text = Read(page.html).text
    assert title_of(page.html) == "Fabrikam asks for your consent"
    for told in (
        "grace@fabrikam.example asks you to sign in once",
        "acts in your name",
        "Until it is withdrawn",
        "Ask grace@fabrikam.example to withdraw it",
        SECOND_ADMIN.object_id,
    ):
        assert told in text
    from_pipeline = Read(asked(a_link(asker_id="ffff0000", asker_is_application=True)).html).text
    assert "An application asks you" in from_pipeline
    assert "ffff0000" in from_pipeline
    assert title_of(asked(a_link()).html) == "You are asked for your consent"
    management = Read(asked(a_link(name=MANAGEMENT_NAME)).html).text
    assert "No workload gets its tokens" in management
    assert "access policy" not in management


def test_no_identifier_stands_in_a_persons_way() -> None:
    html = asked(a_link(person=ADMIN.object_id, asker_name="g@f.example", asker_id=SECOND_ADMIN.object_id)).html
    before, after = html.split("<details>")
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}", Read(before).text)
    for identifier in (PARTNER_TENANT, ADMIN.object_id, SECOND_ADMIN.object_id):
        assert identifier in Read(after).text


REPLACED: list[tuple[dict[str, object], str]] = [
    ({"person": ADMIN.object_id}, "Your consent of 1 May 2026 is in force and would be replaced."),
    ({"login_hint": ADMIN.username.upper()}, "Your consent of 1 May 2026 is in force and would be replaced."),
    (
        {"person": SECOND_ADMIN.object_id, "new_person": True},
        "Another person's consent of 1 May 2026 is in force and would be replaced.",
    ),
    ({"login_hint": "grace@fabrikam.example"}, "Another person's consent of 1 May 2026 is in force, and this link may"),
    ({"new_person": True}, "A consent of 1 May 2026 is in force and would be replaced, whoever gave it."),
    ({}, "The person who gave it, and nobody else, can replace it with this link."),
]


@pytest.mark.parametrize(("fields", "told"), REPLACED)
def test_the_page_says_what_would_be_replaced_and_never_whose_it_is(fields: dict[str, object], told: str) -> None:
    theirs = consent("somebody@fabrikam.example") if "login_hint" not in fields else consent()
    text = Read(asked(a_link(**fields), theirs).html).text
    assert told in text
    assert "somebody@fabrikam.example" not in text


def test_nothing_is_said_to_be_replaced_where_nothing_is_in_force() -> None:
    for act in (None, WITHDRAWAL):
        assert "in force" not in Read(asked(a_link(), act).html).text


def test_a_refusal_says_what_was_kept_and_whom_to_turn_to() -> None:
    error = sign_in_refusals.AnotherPerson.than(consent("ada@fabrikam.example"))
    text = Read(pages.refusal_page(error.knowing(asker="grace@fabrikam.example"), "id").html).text
    assert "In force is the consent of ada@fabrikam.example, given on 1 May 2026." in text
    assert "Nothing of your sign-in was kept" in text
    assert "grace@fabrikam.example made the link" in text
    assert "turn to whoever sent you the link" in Read(pages.refusal_page(refusals.LinkExpired(), "id").html).text
    used = refusals.LinkUsed.by(InForce.of(consent(), names_person=False))
    text = Read(pages.refusal_page(used, "id").html).text
    assert "In force is a consent given on 1 May 2026." in text
    assert "Nothing of your sign-in" not in text, "a consent was stored through this link"


def test_every_text_of_every_page_can_be_translated() -> None:
    """Rendered in a language that is no language, no word of English is left but what is data."""
    templates = pages.TEMPLATES.translated(PSEUDO)
    link: dict[str, object] = {"asker_name": "7", "asker_id": "8", "login_hint": "9", "name": "10", "tenant_id": "11"}
    given = consent("12", name="13")
    shown = [
        *(asked(a_link(**{**link, **fields}), given, templates=templates, partner="14") for fields, _ in REPLACED),
        asked(a_link(**{**link, "name": MANAGEMENT_NAME, "asker_name": "", "login_hint": ""}), templates=templates),
        *(
            pages.done_page(Confirmation(consent=given, in_force=in_force), "15", templates=templates)
            for in_force in (given, consent("16", lineage="another"), WITHDRAWAL)
        ),
        pages.done_page(
            Confirmation(consent=consent(name="13", mfa="unknown"), in_force=given), "15", templates=templates
        ),
        *(pages.refusal_page(kind(), "17", templates=templates) for kind in every_refusal()),
        pages.refusal_page(VaultUnavailable(), "17", templates=templates),
        pages.refusal_page(SignInFailed(authority_code=53003).knowing(asker="18"), "17", templates=templates),
        pages.refusal_page(sign_in_refusals.AnotherPerson.than(given), "17", templates=templates),
        pages.refusal_page(refusals.LinkUsed.by(InForce(day="19")), "17", templates=templates),
    ]
    data = {MANAGEMENT_NAME, PARTNER_TENANT, ADMIN.object_id, SECOND_ADMIN.object_id, "May", "UTC"}
    data |= {"https://graph.microsoft.com/User.Read", "broker.example", "tokens.vault.example", "AADSTS"}
    data |= {"docs/troubleshooting.md"}
    data |= {"grace@fabrikam.example", *(kind.code for kind in every_refusal(BrokerError))}
    data |= {ADMIN.username, ADMIN.username.upper()}
    for page in shown:
        assert untranslated(page.html, data) == []


def test_no_two_sentences_run_into_each_other() -> None:
    shown = [*(asked(a_link(asker_name="g", **fields), consent()) for fields, _ in REPLACED), *nasty_pages("7")]
    shown += [pages.refusal_page(kind(), "7") for kind in every_refusal()]
    for page in shown:
        text = Read(page.html.partition("</style>")[2]).text
        assert re.findall(r"[a-z]{2}[.:][A-Z]", text.replace("https://graph.microsoft.com/User.Read", "")) == []


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
    for told in (kind.says, kind.remedy, kind.code, "correlation-id-1", f"docs/troubleshooting.md#{kind.code}"):
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
