"""How a consent is doing, as the tags of its renewal tell it; anybody who lists the vault may read them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.clock import from_text, to_text
from shared.entra.mfa import UNKNOWN

# Entra ID ends a refresh token after 90 days without use; each exchange yields a fresh one
# (learn: entra/identity-platform/refresh-tokens).
REFRESH_TOKEN_LIFE = timedelta(days=90)
OK, FAILING, LOST = "ok", "failing", "lost"
VERSION = re.compile(r"[0-9a-f]{32}")
_MOMENTS = ("proven_on", "failing_since", "failed_on", "alarmed_on")


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What the last runs found; `previous` is the renewal version this one replaced, `mfa` what the last proof told.

    `authority_code` is the AADSTS number of the last error; `warned` the lowest threshold of days left that was
    reported, `alarmed_on` when it was last reported that the consent is lost.
    """

    lineage: str
    renewed_on: datetime
    proven_on: datetime | None = None
    status: str = OK
    error: str = ""
    authority_code: int | None = None
    failures: int = 0
    failing_since: datetime | None = None
    failed_on: datetime | None = None
    previous: str = ""
    mfa: str = UNKNOWN
    warned: int | None = None
    alarmed_on: datetime | None = None

    @property
    def dies_on(self) -> datetime:
        """When the stored refresh token ends if nothing is stored any more."""
        return self.renewed_on + REFRESH_TOKEN_LIFE


def to_tags(health: Health) -> dict[str, str]:
    """The tags of a renewal; what is not known has no tag."""
    moments = {
        "renewed_on": health.renewed_on,
        "proven_on": health.proven_on,
        "failing_since": health.failing_since,
        "failed_on": health.failed_on,
        "alarmed_on": health.alarmed_on,
    }
    tags = {name: to_text(moment) for name, moment in moments.items() if moment is not None}
    texts = {
        "lineage": health.lineage,
        "status": health.status,
        "error": health.error,
        "previous": health.previous,
        "mfa": health.mfa,
    }
    numbers = {"failures": health.failures, "authority_code": health.authority_code, "warned": health.warned}
    return {
        **tags,
        **{name: text for name, text in texts.items() if text},
        **{name: str(number) for name, number in numbers.items() if number is not None},
    }


def from_tags(tags: Mapping[str, str]) -> Health | None:
    """The health in a renewal's tags; None when they are not ours to read, which makes the consent due at once."""
    try:
        moments = {name: from_text(tags[name]) for name in _MOMENTS if name in tags}
        previous = tags.get("previous", "")
        return Health(
            lineage=tags["lineage"],
            renewed_on=from_text(tags["renewed_on"]),
            status=tags["status"],
            error=tags.get("error", ""),
            failures=int(tags["failures"]),
            # It names what is disabled next: nothing but a version is taken for one.
            previous=previous if VERSION.fullmatch(previous) else "",
            mfa=tags.get("mfa", UNKNOWN),
            authority_code=int(tags["authority_code"]) if "authority_code" in tags else None,
            warned=int(tags["warned"]) if "warned" in tags else None,
            **moments,
        )
    except (KeyError, ValueError):
        return None
