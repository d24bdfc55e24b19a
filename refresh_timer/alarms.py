"""When somebody has to be told: thresholds of days left once each, and what is lost again each week."""

from dataclasses import replace
from datetime import datetime, timedelta

from shared.consents.health import LOST, Health

THRESHOLDS = (30, 14, 7, 3, 1)
STILL_AFTER = timedelta(days=7)
DAY = timedelta(days=1)


def days_left(ends: datetime, now: datetime) -> int:
    """Whole days until then; never below zero."""
    return max(0, (ends - now) // DAY)


def crossed(left: int, warned: int | None) -> int | None:
    """The lowest threshold that the days left have come down to, unless it (or a lower one) was reported already."""
    lowest = min((threshold for threshold in THRESHOLDS if left <= threshold), default=None)
    return lowest if lowest is not None and (warned is None or lowest < warned) else None


def alarmed(health: Health, now: datetime) -> tuple[Health, int | None, bool]:
    """The health as it is to be recorded, the threshold it has just crossed, and whether a loss is to be told (again).

    What is recorded keeps the same from being told twice, by whatever instance runs next.
    """
    threshold = crossed(days_left(health.dies_on, now), health.warned)
    told = health.alarmed_on
    tells = health.status == LOST and (told is None or abs(now - told) >= STILL_AFTER)
    recorded = replace(
        health,
        warned=health.warned if threshold is None else threshold,
        alarmed_on=now if tells else told,
    )
    return recorded, threshold, tells
