"""How the partner application and a stored consent are doing, as every answer to an operator tells it."""

from datetime import datetime, timedelta
from typing import Any

from shared.clock import to_text
from shared.consents.application_health import ApplicationHealth
from shared.consents.stored_consent import Entry
from shared.entra.application_credential import ApplicationCredential
from shared.entra.place import Place
from shared.entra.what_to_look_at import what_to_do
from shared.errors import BrokerError

DAY = timedelta(days=1)
WITHDRAWN, UNPROVEN = "withdrawn", "unproven"


def application_told(health: ApplicationHealth, credential: ApplicationCredential, now: datetime) -> dict[str, Any]:
    """How the partner application is doing, what it proves itself with, and how long yet; may block.

    No end: nobody says, or there is none.
    """
    told: dict[str, Any] = {
        "status": health.status,
        "since": to_text(health.since) if health.since else None,
        "error": health.error or None,
        "authority_code": health.authority_code,
        **what_to_do(health.error, health.authority_code, Place.HOME),
        "credential": credential.kind,
    }
    try:
        ends = credential.in_use().expires_on
    except BrokerError as error:
        return {**told, "expires_on": None, "days_left": None, "error": error.code, **error.what_to_do}
    left = (ends - now) // DAY if ends else None
    return {**told, "expires_on": to_text(ends) if ends else None, "days_left": left}


def consent_told(entry: Entry, now: datetime) -> dict[str, Any]:
    """A stored consent: its status, the days left, and what to do about it; from tags alone."""
    health = entry.health
    error, number = (health.error, health.authority_code) if health else ("", None)
    return {
        "name": entry.name,
        "status": WITHDRAWN if entry.withdrawn else health.status if health else UNPROVEN,
        "username": entry.person.username,
        "mfa": health.mfa if health else entry.mfa,
        "days_left": None if entry.withdrawn else max(0, (entry.dies_on - now) // DAY),
        "proven_on": to_text(health.proven_on) if health and health.proven_on else None,
        "error": error or None,
        "authority_code": number,
        **what_to_do(error, number, Place.HOME, consent=entry.name),
    }
