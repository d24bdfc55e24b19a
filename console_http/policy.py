"""The policy: who may get what, in words; whether a request would be allowed; and what is worth a second look."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from console_http.dependencies import Dependencies
from console_http.door import Door
from console_http.menu import POLICY
from console_http.session import Session
from console_http.views import TEMPLATES, console_page
from console_http.visit import Visit
from shared.errors import BrokerError
from shared.pages.page import Page
from shared.pages.templates import Templates

HOME = "/api/console/policy"
MOST_FINDINGS = 50
# What the form of the dry run asks for; roles stand in one field, apart.
QUESTION = ("caller", "roles", "as", "consent", "tenant", "resource")
APPLICATION = "application"
# Kinds of findings, as their texts' ids: what it is, and what to do.
FINDINGS = {
    "invalid": (
        "broken",
        "Mend the document and store it again. What is served until then stands under Documents.",
    ),
    "contradicted": ("contradicted", "Give the name one tenant in every document; ids go on working."),
    "too wide": ("too wide", "Name the tenants it is really for, or leave it if all of them are meant."),
    "unknown": (
        "unknown",
        "Write what the broker knows: a short name or identifier URI, a tenant's id, a consent that is there.",
    ),
    "shadowed": ("shadowed", "One of the two rows is enough: take one of them out."),
    "advice": ("advice", "Nothing has to be done. Name single hosts where all of them are too many."),
}
# Parts that the nearest row does not have, as their texts' ids.
LACKS = {
    "subject": "it is for tokens in another name",
    "resource": "it does not name this resource",
    "tenant": "it does not name this tenant",
    "apart": "it is for customers' tenants, not for the partner's or the consent's own",
}
SERVES = {
    "current": "in force",
    "last good": "broken: its last good version is in force",
    "nothing": "broken: it grants nothing",
    "disabled": "disabled: it grants nothing",
}


def declare(door: Door, dependencies: Dependencies) -> None:
    """One page, by GET alone: nobody edits a policy here."""
    policy, vault_url = dependencies.policy, dependencies.settings.policy_vault_url

    @door.page("console/policy", *POLICY)
    async def console_policy(visit: Visit) -> Page:
        given = visit.request.params
        answer, problem = None, None
        # Whom the dry run is for cannot be left out, so an address without it asks nothing.
        if "caller" in given:
            try:
                answer = await policy.answer(question_of(given), asker=visit.session.object_id)
            except BrokerError as error:
                problem = error
        found = await policy.page(find=given.get("find", ""), page=given.get("page") or "1")
        return policy_page(visit.session, found, given, answer=answer, problem=problem, vault_url=vault_url)


def policy_page(
    session: Session,
    found: Mapping[str, Any],
    given: Mapping[str, str],
    *,
    vault_url: str,
    answer: Mapping[str, Any] | None = None,
    problem: BrokerError | None = None,
    templates: Templates = TEMPLATES,
) -> Page:
    """What was found, for an address with these parameters."""
    find, page = given.get("find", ""), found["page"]
    values = {
        "found": found,
        "find": find,
        "asked": {name: given.get(name, "").strip() for name in QUESTION},
        "answer": answer,
        "problem": problem,
        "earlier": _address(find, page - 1) if page > 1 else "",
        "later": _address(find, page + 1) if page < found["pages"] else "",
        "findings": found["findings"][:MOST_FINDINGS],
        "kinds": FINDINGS,
        "lacks": LACKS,
        "serves": SERVES,
        "vault": {"url": vault_url, "name": (urlsplit(vault_url).hostname or "").partition(".")[0]},
    }
    status = problem.status if problem else 200
    return console_page("policy.html", session, values, status=status, templates=templates)


def question_of(given: Mapping[str, str]) -> dict[str, Any]:
    """What the form says, as `POST /api/policy/check` takes it: a field that is empty was left out."""
    asked = {name: given.get(name, "").strip() for name in QUESTION}
    fields: dict[str, Any] = {name: text for name, text in asked.items() if text and name != "roles"}
    # The field of the consent goes with every form; a token of the application has none.
    if fields.get("as") == APPLICATION:
        fields.pop("consent", None)
    return {**fields, "roles": [role for role in re.split(r"[\s,;]+", asked["roles"]) if role]}


def _address(find: str, page: int) -> str:
    return f"{HOME}?{urlencode({**({'find': find} if find else {}), 'page': str(page)})}#rows"
