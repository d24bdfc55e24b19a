"""When a consent is due: a pure function of what the listing says and the time; read anew at each run."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from shared.consents.health import FAILING, LOST
from shared.consents.stored_consent import Entry

# Spread over three hours by name, so that consents given in one afternoon do not stay together for ever.
JITTER = timedelta(hours=3)
# A failing consent is tried again after this, so that three failures span more than one bad evening.
FAILING_RETRY = timedelta(hours=6)


class Due(Enum):
    """What a run has to do for one consent."""

    NOTHING = "nothing"
    PROVE = "prove"
    STORE = "store"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ages:
    """How old a proof and a stored refresh token may become."""

    proof: timedelta
    store: timedelta


def due(entry: Entry, *, ages: Ages, now: datetime) -> Due:
    """STORE implies a proof too: every refresh token that is stored was just obtained."""
    if entry.withdrawn:
        return Due.NOTHING
    health = entry.health
    if health is None:
        return Due.STORE
    # A moment in the future, written by a clock that was wrong, must not put a consent off until then: hence `abs`.
    if health.failed_on is not None and abs(now - health.failed_on) < _retry(health.status, ages):
        return Due.NOTHING
    if health.proven_on is not None and abs(now - health.proven_on) < ages.proof + _jitter(entry.name):
        return Due.NOTHING
    return Due.STORE if abs(now - health.renewed_on) >= ages.store else Due.PROVE


def most_urgent_first(entries: list[Entry]) -> list[Entry]:
    """Those whose refresh token ends first come first."""
    return sorted(entries, key=lambda entry: (entry.dies_on, entry.name))


def _retry(status: str, ages: Ages) -> timedelta:
    return {FAILING: FAILING_RETRY, LOST: ages.proof}.get(status, timedelta())


def _jitter(name: str) -> timedelta:
    return JITTER * (int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) / 2**32)
