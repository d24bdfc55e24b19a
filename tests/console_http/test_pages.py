"""The console's pages without a host: every text goes through translation, every value is escaped."""

from datetime import UTC, datetime
from typing import Any

import pytest

from console_http import refusals
from console_http.overview import overview_page
from console_http.session import Session
from console_http.views import TEMPLATES, refusal_page, signed_out_page
from shared.callers.errors import RoleMissing
from shared.errors import BrokerError
from tests.shared.pages.pseudo import PSEUDO, untranslated

NASTY = "<script>alert(1)</script>\"'&</form><base href=//evil>"
NOW = datetime(2026, 5, 1, tzinfo=UTC)
TRANSLATED = TEMPLATES.translated(PSEUDO)


def a_session(username: str = "ada@fabrikam.example", *roles: str) -> Session:
    return Session.begun(
        object_id="ada", username=username, roles=frozenset(roles or {"Consent.Read", "Customers.Read"}), now=NOW
    )


def a_status(text: str = "12345") -> dict[str, Any]:
    """What the status service answers, in every shape at once; `text` stands for whatever others have written."""
    moment = "2026-04-30T10:00:00Z"
    consents = [
        {
            "name": text,
            "status": state,
            "days_left": days,
            "proven_on": proven,
            "mfa": text,
            "username": text,
            "remedy": remedy,
        }
        for state, days, proven, remedy in (
            ("lost", None, None, text),
            ("failing", 3, moment, text),
            ("unproven", 90, None, None),
            ("withdrawn", None, None, None),
            ("ok", 80, moment, None),
        )
    ]
    customer = {"name": text, "tenant": text, "consent": text, "resource": text, "since": moment}
    numbers = {"due": 12345, "left": 0, "works": 12345, "failing": 12345, "newly_failing_count": None, "recovered": 0}
    return {
        "consents": consents,
        "damaged": [text],
        "application": {"credential": "secret", "days_left": 5, "expires_on": moment, "remedy": text},
        "failing": [{"cause": text, "says": text, "remedy": text, "customers": [customer] * 12}],
        "ending": [{"name": text, "tenant": text, "days_left": days} for days in (3, 0, None, 1) * 3],
        "runs": [{"began_on": moment, "ended_on": moment, **numbers}],
        "check": {"ended_on": moment, "silent": True, "remedy": text},
        "next": "more",
        "unavailable": None,
    }


LISTS: dict[str, Any] = {
    "consents": [],
    "damaged": [],
    "failing": [],
    "ending": [],
    "runs": [],
    "check": None,
    "next": None,
}
FEDERATED = {"credential": "federated", "days_left": None, "expires_on": None, "remedy": None}
EMPTY = {**LISTS, "application": FEDERATED, "unavailable": None}
UNREADABLE = {**LISTS, "application": {**FEDERATED, "credential": "secret"}, "unavailable": {"remedy": "12345"}}
REFUSALS = [
    refusals.ConsoleRefused(),
    refusals.SignInNeeded(),
    refusals.SignInAgain(authority_code=50058),
    refusals.SignInNotDone(),
    refusals.FormFromElsewhere(),
    RoleMissing(),
]


@pytest.mark.parametrize("status", [a_status(), EMPTY, UNREADABLE], ids=["full", "empty", "unreadable"])
def test_every_text_of_the_overview_goes_through_translation(status: dict[str, Any]) -> None:
    page = overview_page(a_session("12345"), status, templates=TRANSLATED)
    assert untranslated(page.html, ["UTC", "Apr", "April"]) == []


@pytest.mark.parametrize("error", REFUSALS, ids=lambda error: error.code)
def test_every_text_of_a_refusal_goes_through_translation(error: BrokerError) -> None:
    page = refusal_page(error, "12345", templates=TRANSLATED)
    assert untranslated(page.html, [error.code, "AADSTS"]) == []
    assert "/api/console/sign-in" in page.html, "there is a way on"


def test_every_text_after_signing_out_goes_through_translation() -> None:
    assert untranslated(signed_out_page(templates=TRANSLATED).html) == []


def test_nothing_that_others_have_written_becomes_markup() -> None:
    page = overview_page(a_session(NASTY), a_status(NASTY))
    assert "<script" not in page.html
    assert "<base" not in page.html
    assert page.html.count("</form>") == 1


@pytest.mark.parametrize(
    ("role", "sees", "not_"), [("Consent.Read", "consents", "customers"), ("Customers.Manage", "customers", "consents")]
)
def test_a_page_shows_what_the_roles_allow_and_nothing_else(role: str, sees: str, not_: str) -> None:
    page = overview_page(a_session("12345", role), a_status())
    assert f'id="{sees}"' in page.html
    assert f'id="{not_}"' not in page.html
