"""How the console's pages are made: one layout with the menu, for whoever is signed in."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from console_http.menu import entries_for
from console_http.refusals import ConsoleRefused, SignInAgain, SignInNeeded
from console_http.session import Session
from shared.callers.errors import RoleMissing
from shared.errors import BrokerError
from shared.pages.page import Page, page
from shared.pages.templates import Templates

TEMPLATES = Templates(Path(__file__).parent / "templates")
OWN_FORMS = "'self'"


def console_page(
    template: str, session: Session, values: Mapping[str, Any], *, status: int = 200, templates: Templates = TEMPLATES
) -> Page:
    """A page for this session; its forms go to this app alone."""
    shell = {
        "menu": entries_for(session.roles),
        "username": session.username,
        "form_token": session.form_token,
    }
    return page(templates, template, {**shell, **values}, status=status, form_action=OWN_FORMS)


def signed_out_page(*, templates: Templates = TEMPLATES) -> Page:
    """What is shown after signing out."""
    return page(templates, "signed_out.html", {"tone": "done"})


def refusal_page(error: BrokerError, correlation: str, *, templates: Templates = TEMPLATES) -> Page:
    """What happened, what to do, and what to quote; with the way in where signing in helps."""
    asks_to_sign_in = isinstance(error, (SignInNeeded, SignInAgain))
    values = {
        "says": templates.text(error.says),
        "detail": error.detail,
        "remedy": templates.text(error.remedy),
        "asks_to_sign_in": asks_to_sign_in,
        "may_sign_in": isinstance(error, (ConsoleRefused, RoleMissing)),
        "code": error.code,
        "authority_code": error.authority_code,
        "correlation": correlation,
        "tone": "told" if asks_to_sign_in else "stop",
    }
    return page(templates, "refused.html", values, status=error.status)
