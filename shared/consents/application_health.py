"""How the partner application itself is doing, as the tags of one secret tell it: no consent is to blame for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.clock import from_text, to_text

SECRET = "application-health"  # noqa: S105 - a name; its value says nothing
OK, MISCONFIGURED = "ok", "misconfigured"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationHealth:
    """What the last run found; `since` is when it began.

    `warned` is the lowest threshold of days left that was reported of the credential that ends at `ends`.
    """

    status: str = OK
    error: str = ""
    authority_code: int | None = None
    since: datetime | None = None
    warned: int | None = None
    ends: datetime | None = None


def to_tags(health: ApplicationHealth) -> dict[str, str]:
    """The tags of the secret; what is not known has no tag."""
    told = {
        "status": health.status,
        "error": health.error,
        "authority_code": health.authority_code,
        "since": to_text(health.since) if health.since else None,
        "warned": health.warned,
        "ends": to_text(health.ends) if health.ends else None,
    }
    return {name: str(text) for name, text in told.items() if text not in {None, ""}}


def from_tags(tags: Mapping[str, str]) -> ApplicationHealth:
    """The health in these tags; a fresh one when they are not ours to read."""
    try:
        return ApplicationHealth(
            status=tags["status"],
            error=tags.get("error", ""),
            authority_code=int(tags["authority_code"]) if "authority_code" in tags else None,
            since=from_text(tags["since"]) if "since" in tags else None,
            warned=int(tags["warned"]) if "warned" in tags else None,
            ends=from_text(tags["ends"]) if "ends" in tags else None,
        )
    except (KeyError, ValueError):
        return ApplicationHealth()
