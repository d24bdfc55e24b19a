"""The pages that a person who consents is shown: what each of them says, in the templates beside this module."""

from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from consent_http.completion import Confirmation
from consent_http.flow import ASKER
from consent_http.link import Link
from consent_http.refusals import LinkRefused
from consent_http.replacement import Replacement
from shared.clock import for_people
from shared.consents.consent import MANAGEMENT_NAME, Act, Consent
from shared.errors import BrokerError, ConsentRefused
from shared.pages.page import Page, page
from shared.pages.templates import Templates
from shared.settings import Settings

TEMPLATES = Templates(Path(__file__).parent / "templates")


def consent_page(
    link: Link, *, in_force: Act | None, unverified_link: str, settings: Settings, templates: Templates = TEMPLATES
) -> Page:
    """Who asks for what, for how long and in whose place, and the button that begins the sign-in."""
    values: dict[str, Any] = {
        "partner": settings.pages.partner_name,
        "management": link.name == MANAGEMENT_NAME,
        "asker": {"name": link.asker_name, "id": link.asker_id, "is_application": link.asker_is_application},
        "login_hint": link.login_hint,
        "person": link.person,
        "tenant": link.tenant_id,
        "name": link.name,
        "replaced": Replacement.of(link, in_force),
        "link": unverified_link,
        "public_url": settings.public_url,
        "broker": urlsplit(settings.public_url).netloc,
        "vault": urlsplit(settings.token_vault_url).netloc,
        "scope": settings.consent_scope,
        "tone": "asks",
    }
    # Chromium applies form-action to the whole chain of redirects, and this form leads to the authority.
    return page(templates, "consent.html", values, form_action=None)


def done_page(confirmation: Confirmation, correlation: str, *, templates: Templates = TEMPLATES) -> Page:
    """The consent that is stored, or who else's is in force."""
    consent, in_force = confirmation.consent, confirmation.in_force
    if in_force.lineage != consent.lineage:
        who = in_force.person.username if isinstance(in_force, Consent) else ""
        overtaken = {"who": who, "name": consent.name, "correlation": correlation, "tone": "told"}
        return page(templates, "overtaken.html", overtaken, status=HTTPStatus.CONFLICT)
    stored = {"consent": consent, "stored": for_people(consent.consented_on), "correlation": correlation}
    return page(templates, "done.html", {**stored, "tone": "done"})


def refusal_page(error: BrokerError, correlation: str, *, templates: Templates = TEMPLATES) -> Page:
    """What happened, what was kept, what to do, whom to turn to, and what to quote when asking for help."""
    about_link = isinstance(error, LinkRefused)  # of a used one, a consent was stored
    refused = isinstance(error, ConsentRefused)
    # Gone by somebody's act or by time: worth knowing, and nothing that went wrong.
    told = about_link and error.status == HTTPStatus.GONE
    values: dict[str, Any] = {
        "about": "link" if about_link else "consent" if refused else "",
        "says": templates.text(error.says),
        "detail": error.detail,
        "in_force": getattr(error, "in_force", None),
        # True even when it is in doubt whether the vault took the consent.
        "transient": error.transient,
        "remedy": templates.text(error.remedy),
        "kept_nothing": refused and not about_link,
        "asker": error.facts.get(ASKER, ""),
        "code": error.code,
        "authority_code": error.authority_code,
        "correlation": correlation,
        "tone": "told" if told else "stop",
    }
    return page(templates, "refusal.html", values, status=error.status)
