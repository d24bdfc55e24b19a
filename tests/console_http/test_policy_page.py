"""The policy's page: every row in words, a dry run with its reason, what is wrong, and where it is mended."""

import json
import re
from html import unescape

import pytest

from console_http.policy import policy_page
from console_http.views import TEMPLATES
from shared.callers.assertion import POLICY_READ
from shared.errors import InvalidRequest
from tests.console_http.policy_desk import SESSION, VAULT, PolicyDesk
from tests.console_http.policy_samples import (
    ALLOWED,
    BACKUP_ID,
    REFUSED,
    USUAL,
    WINGTIP_ID,
    a_broken_policy,
    a_policy,
    hundreds_of_rows,
    no_policy,
)
from tests.shared.pages.pseudo import PSEUDO, untranslated
from tests.token_http.samples import CONTOSO_ID, HOME_ID, OTHER_ID, document, row

NASTY = "<script>alert(1)</script>\"'&{{ 7*7 }} %s %(x)s"


def said(html: str, part: str = "rows") -> str:
    """A section of the page as a reader sees it."""
    section = html[html.index(f'<section aria-labelledby="{part}">') :]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", section[: section.index("</section>")])).split())


def test_the_page_is_for_who_may_read_the_policy_and_nobody_else() -> None:
    desk = a_policy()
    desk.show()
    assert desk.roles == {"console/policy": (POLICY_READ,)}


@pytest.mark.parametrize(
    "words",
    [
        "nightly reports policy-1[0] The identity",
        "arm, graph The person of the consent partner contoso",
        "Whoever has the app role Billing.Run partnercenter The person of the consent partner The own tenant of",
        "every host of SharePoint (https://*.sharepoint.com) The persons of the consents archive, partner",
        "exchange, teams The person of the consent partner Every customer's tenant, those to come as well",
        f"mail backup policy-2[0] The identity {BACKUP_ID} graph The partner application itself contoso",
    ],
)
def test_every_row_of_either_schema_is_told_in_words(words: str) -> None:
    assert words in said(a_policy().show().html)


def test_home_and_names_that_lead_nowhere_are_told_as_what_they_are() -> None:
    application = row(consents=None, tenants=["home"], **{"as": "application"})
    text = json.dumps({"schema": 2, "permissions": [application]})
    other = document(tenants={"contoso": OTHER_ID})
    html = PolicyDesk([("policy-1", text), ("policy-2", document(row())), ("policy-3", other)]).show().html
    assert "The partner application itself The partner's own tenant" in said(html)
    assert "No tenant: documents contradict each other about the names" in said(html)
    assert "contradicted policy-2 and policy-3 give contoso different tenants" in said(html, "findings")


def test_a_dry_run_names_the_row_that_decides_and_asks_nobody_for_a_token() -> None:
    desk = a_policy()
    page = desk.show(**ALLOWED)
    answer = said(page.html, "try")
    assert page.status == 200
    assert f"Yes. The policy allows it, in the tenant {CONTOSO_ID}, by this row: Row" in answer
    assert "nightly reports policy-1[0]" in answer
    assert desk.scene.authority.asked == []


def test_a_dry_run_is_for_the_application_too_whatever_stands_in_the_field_of_the_consent() -> None:
    asked = {**ALLOWED, "caller": BACKUP_ID, "as": "application", "tenant": "wingtip"}
    assert "Yes." in said(a_policy().show(**asked).html, "try")
    refused = said(a_policy().show(**{**asked, "as": "user"}).html, "try")
    assert "No. No row of the policy covers it" in refused
    assert "it is for tokens in another name" in refused


def test_a_dry_run_that_is_refused_names_the_nearest_rows_and_why_each_does_not_cover_it() -> None:
    answer = said(a_policy().show(**REFUSED).html, "try")
    assert f"No. No row of the policy covers it in the tenant {WINGTIP_ID}." in answer
    assert "it does not name this resource; it does not name this tenant" in answer
    role = {"caller": OTHER_ID, "roles": "Other.Role, Desk", "tenant": HOME_ID, "resource": "exchange"}
    apart = said(a_policy().show(**role).html, "try")
    assert "it is for customers' tenants, not for the partner's or the consent's own" in apart
    nobody = said(a_policy().show(**{**REFUSED, "caller": OTHER_ID}).html, "try")
    assert "No row is for this caller or any of its roles at all." in nobody


def test_a_dry_run_understands_roles_and_domains_and_says_which_name_leads_nowhere() -> None:
    desk = PolicyDesk([("policy-1", USUAL)], owners={"contoso.example": CONTOSO_ID})
    asked = {**ALLOWED, "tenant": "contoso.example"}
    assert f"in the tenant {CONTOSO_ID}" in said(desk.show(**asked).html, "try")
    assert desk.scene.looked_up == ["contoso.example"]
    unknown = said(desk.show(**{**asked, "tenant": "nobodys.example"}).html, "try")
    assert "No tenant is known by this name or domain." in unknown
    by_role = {"caller": OTHER_ID, "roles": "Desk Billing.Run", "tenant": "home", "resource": "partnercenter"}
    assert "billing policy-1[1]" in said(desk.show(**by_role).html, "try")


def test_opening_the_page_looks_no_domain_up() -> None:
    desk = a_broken_policy()
    assert "'contoso.example' is a domain" in said(desk.show().html, "findings")
    assert desk.scene.looked_up == []


@pytest.mark.parametrize(
    ("changed", "named"),
    [({"caller": "reports"}, "caller:"), ({"resource": "nonsense"}, "resource"), ({"tenant": ""}, "tenant:")],
)
def test_what_is_no_question_is_said_beside_the_form_and_the_page_stays(changed: dict[str, str], named: str) -> None:
    page = a_policy().show(**{**ALLOWED, **changed})
    assert page.status == 400
    assert named in said(page.html, "try")
    assert "nightly reports" in said(page.html)


def test_each_finding_has_its_row_and_what_to_do() -> None:
    html = a_policy().show().html
    findings = said(html, "findings")
    assert (
        findings.index("too wide") < findings.index("unknown") < findings.index("shadowed") < findings.index("advice")
    )
    assert "there is no consent archive (yet)." in findings
    assert 'href="/api/console/policy?find=policy-1%5B3%5D#rows"' in html
    assert "One of the two rows is enough: take one of them out." in findings
    assert "1 row, page 1 of 1" in said(a_policy().show(find="policy-1[3]").html)


def test_a_broken_document_says_what_is_wrong_and_what_is_served_in_its_place() -> None:
    html = a_broken_policy().show().html
    documents = said(html, "documents")
    above = unescape(html[: html.index("<section")])
    assert "policy-2 is broken: policy-2[0]: a tenant that is no id and no name of a document." in above
    assert "Its last good version stays in force while this instance of the broker runs" in above
    assert "policy-3 is broken: policy-3 is not JSON" in above
    assert re.search(r"policy-1 in force [0-9a-f]{32} 2026-03-01 12:00 UTC", documents)
    assert re.search(r"policy-2 broken: its last good version is in force [0-9a-f]{32} [0-9a-f]{32} ", documents)
    assert "policy-3 broken: it grants nothing" in documents
    assert "policy-4 disabled: it grants nothing" in documents
    assert "mail backup policy-2[0]" in said(html), "the last good rows are shown, for they count"
    assert "policy-4[0]" not in said(html)


def test_without_a_policy_the_page_says_that_nobody_gets_a_token_and_how_to_begin() -> None:
    html = no_policy().show().html
    assert "There is no policy yet: nobody gets a token." in unescape(html)
    assert "No row is in force" in said(html)
    commands = said(html, "documents")
    assert "az keyvault secret download --vault-name policies --name policy-1 --file policy-1.json" in commands
    assert f"partner-broker policy put policy-1.json --vault-url {VAULT}" in commands


def test_hundreds_of_rows_come_a_hundred_at_a_time_and_are_found_by_what_is_in_them() -> None:
    desk = hundreds_of_rows()
    first = desk.show().html
    assert first.count('<small class="id">policy-1[') == 100
    assert "350 rows, page 1 of 4" in said(first)
    assert 'href="/api/console/policy?page=2#rows" rel="next"' in first
    last = desk.show(page="9999").html
    assert last.count('<small class="id">policy-1[') == 50
    assert "1 row, page 1 of 1" in said(desk.show(find="AUTOMATION 77").html)
    assert "1 row, page 1 of 1" in said(desk.show(find="eeee0000-0000-4000-8000-000000000077").html)
    assert "No row has this." in said(desk.show(find="nobody").html)
    assert "and 55 more" in said(first), "a row of many tenants is folded, and whole"
    assert first.count("customer-059-with") == 1


@pytest.mark.parametrize(
    "asked", [{"page": "0"}, {"page": "x"}, {"page": "9" * 9}, {"find": "x" * 101}, {"find": "\n"}]
)
def test_what_no_form_sends_is_refused(asked: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        a_policy().show(**asked)


def test_whatever_others_wrote_stands_as_text() -> None:
    rows = [row(name=NASTY), row(caller=None, role=NASTY, resources=[NASTY.replace("*", "")], tenants=[NASTY, "home"])]
    desk = PolicyDesk([("policy-1", document(*rows, tenants={"contoso": CONTOSO_ID, NASTY: CONTOSO_ID}))])
    for html in (
        desk.show(find="<script>").html,
        desk.show(**dict.fromkeys(("caller", "roles", "as", "consent", "tenant", "resource"), NASTY)).html,
        desk.show(**{**ALLOWED, "roles": NASTY, "tenant": NASTY}).html,
    ):
        assert "<script" not in html
        assert "&lt;script&gt;" in html
        assert "{{ 7*7 }}" in html


@pytest.mark.parametrize("make", [a_policy, a_broken_policy, no_policy, hundreds_of_rows])
@pytest.mark.parametrize("question", [ALLOWED, REFUSED, {**REFUSED, "tenant": "nobody"}], ids=["yes", "no", "unknown"])
def test_every_word_goes_through_translation(make: type[PolicyDesk], question: dict[str, str]) -> None:
    desk = make()
    found = desk.seen(lambda view: view.page(find="", page="1"))
    answer = desk.seen(lambda view: view.answer({**question, "roles": ["Desk"]}, asker="ada"))
    templates = TEMPLATES.translated(PSEUDO)
    html = policy_page(SESSION, found, question, vault_url=VAULT, answer=answer, templates=templates).html
    html = re.sub(r"<pre.*?</pre>", " ", html, flags=re.DOTALL)
    data = [SESSION.username, VAULT, "UTC", *found["documents"]]
    for told in (found, answer):
        data.extend(text for text in texts(told) if len(text) > 1)
    assert untranslated(html, [str(one) for one in data]) == []


def texts(told: object) -> list[str]:
    """Every text in it; a row's place and name stand apart on the page."""
    if isinstance(told, str):
        place, _, title = told.partition(" ")
        return [told, place, title] if place.startswith("policy-") else [told]
    if isinstance(told, dict):
        return [text for key, one in told.items() if key not in {"serves", "lacks", "code"} for text in texts(one)]
    return [text for one in told for text in texts(one)] if isinstance(told, list) else []
