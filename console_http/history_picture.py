"""Where the events of a consent's history stand in its picture: three lines of time, as numbers for an SVG."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.clock import from_text, to_text

LONGEST, SHORTEST = timedelta(days=366), timedelta(days=7)
DAY = timedelta(days=1)
WIDTH, MARGIN = 640.0, 12.0
# Which line a kind of event stands on, by its height: what people did, the stored token, refusals.
PEOPLE, TOKEN, REFUSALS = 44, 96, 148
LINES = {
    "consented": PEOPLE,
    "restored": PEOPLE,
    "withdrawn": PEOPLE,
    "unreadable": PEOPLE,
    "stored": TOKEN,
    "failed": REFUSALS,
    "lost": REFUSALS,
    "blamed": REFUSALS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One event at its place; `width` is how long it went on, 0 for a moment."""

    kind: str
    x: float
    y: int
    width: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is drawn; `begins` and `ends` are moments, `months` where one begins. `has_earlier`: what is left out."""

    begins: str
    ends: str
    months: Sequence[float]
    marks: Sequence[Mark]
    has_earlier: bool

    def count(self, *kinds: str) -> int:
        """How many events of these kinds it shows."""
        return sum(mark.kind in kinds for mark in self.marks)


def picture_of(events: Sequence[Mapping[str, Any]], *, now: datetime) -> Picture | None:
    """The picture of these events (a history's, and days of blame); None where nothing has happened."""
    spans = [(str(event["kind"]), from_text(event["on"]), from_text(event["until"] or event["on"])) for event in events]
    if not spans:
        return None
    last = max(now, *(until for _, _, until in spans))
    first = min(on for _, on, _ in spans)
    begins = max(min(first, last - SHORTEST), last - LONGEST)
    whole = (last - begins) / DAY

    def place(moment: datetime) -> float:
        part = max(0.0, (moment - begins) / DAY / whole)
        return round(MARGIN + part * (WIDTH - 2 * MARGIN), 1)

    shown = [(kind, on, until) for kind, on, until in spans if until >= begins]
    marks = [
        Mark(kind=kind, x=place(on), y=LINES[kind], width=round(place(until) - place(on), 1))
        for kind, on, until in shown
    ]
    return Picture(
        begins=to_text(begins),
        ends=to_text(last),
        months=[place(month) for month in _months(begins, last)],
        marks=sorted(marks, key=lambda mark: mark.x),
        has_earlier=len(shown) < len(spans),
    )


def _months(begins: datetime, ends: datetime) -> Iterator[datetime]:
    """The first of each month in between."""
    month = begins.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while month < ends:
        if month > begins:
            yield month
        month = (month + 32 * DAY).replace(day=1)
