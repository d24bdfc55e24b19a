"""Refusals on record, of which anybody may cause any number: one record for many that are alike, with their count.

The first one of a kind is written at once, the twentieth with those before it, then each time that there are ten times
as many; the others once a minute. The host drops what is logged outside an invocation, so what is due is written by
whichever request comes next; what no request comes after is lost with the instance.
"""

import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shared.audit import Field, record

MINUTE = 60.0
# As many as the alert on refusals looks for.
MANY, TIMES = 20, 10
# One who asks for something else each time, and many who do: what goes beyond is counted without what was asked.
MOST_OF_ONE, MOST, MOST_NAMED = 500, 5_000, 20_000


@dataclass(slots=True, kw_only=True)
class _Burst:
    """Records that are alike: how many were written, how many wait, and what the latest of them says."""

    event: str
    who: str
    alike: Mapping[str, Field]
    latest: Mapping[str, Field]
    since: float
    written: int = 0
    waiting: int = 0


class Bursts:
    """For the event loop's thread alone."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._bursts: OrderedDict[tuple[str, str], _Burst] = OrderedDict()  # the one that is due first comes first
        self._of_one: Counter[str] = Counter()

    def tell(
        self,
        event: str,
        *,
        who: Mapping[str, Field],
        kind: Mapping[str, Field],
        asked: Mapping[str, Field],
        latest: Mapping[str, Field],
    ) -> None:
        """Put one on record, or count it with those that are alike: of the same `who`, `kind` and `asked`.

        `who` is verified or empty, `kind` one of few, `asked` whatever was sent; where there is no room to tell what
        was asked apart, or even who asked, that is left out. `latest` is as the last one has it.
        """
        self.write_what_is_due()
        burst = self._burst(event, who, kind, asked)
        burst.latest = latest
        burst.waiting += 1
        if burst.written == 0 or burst.written + burst.waiting >= _next(burst.written):
            _write(burst)

    def write_what_is_due(self) -> None:
        """Write the counts that have waited for a minute, and forget what has been quiet for so long."""
        now = self._monotonic()
        while self._bursts:
            key, first = next(iter(self._bursts.items()))
            if now - first.since < MINUTE:
                return
            if first.waiting:
                _write(first)
                first.since = now
                self._bursts.move_to_end(key)
                continue
            del self._bursts[key]
            self._of_one[first.who] -= 1
            if not self._of_one[first.who]:
                del self._of_one[first.who]

    def _burst(
        self, event: str, who: Mapping[str, Field], kind: Mapping[str, Field], asked: Mapping[str, Field]
    ) -> _Burst:
        one = _text(who)
        for alike, fits in (
            ({**kind, **who, **asked}, len(self._bursts) < MOST and self._of_one[one] < MOST_OF_ONE),
            # Who is verified, and kinds are few: there are not so many that one could hide another.
            ({**kind, **who, **dict.fromkeys(asked)}, len(self._bursts) < MOST_NAMED),
            ({**kind, **dict.fromkeys(who), **dict.fromkeys(asked)}, True),
        ):
            key = (event, _text(alike))
            if key not in self._bursts and fits:
                self._of_one[one] += 1
                self._bursts[key] = _Burst(event=event, who=one, alike=alike, latest={}, since=self._monotonic())
            if key in self._bursts:
                break
        return self._bursts[key]


def _text(fields: Mapping[str, Field]) -> str:
    return repr(sorted(fields.items()))


def _next(written: int) -> int:
    """How many there must be in all for the next record."""
    return MANY if written < MANY else written * TIMES


def _write(burst: _Burst) -> None:
    record(burst.event, {**burst.alike, **burst.latest, "count": burst.waiting})
    burst.written, burst.waiting = burst.written + burst.waiting, 0
