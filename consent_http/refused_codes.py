"""Codes that the authority has refused a moment ago, by the sign-in they came to: it is not asked again at once."""

import threading
from collections import OrderedDict
from datetime import datetime, timedelta

from shared.clock import Clock
from shared.errors import BrokerError

REMEMBERED, MOST_REMEMBERED = timedelta(seconds=5), 1_000


class RefusedCodes:
    """The last refusal of each sign-in, for five seconds: shorter than it takes a person to sign in once more."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._refused: OrderedDict[str, tuple[BrokerError, datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def require_none(self, state: str) -> None:
        """Raise what this sign-in was refused with, if that was a moment ago."""
        with self._lock:
            found = self._refused.get(state)
        if found is not None and abs(self._clock() - found[1]) < REMEMBERED:
            raise found[0].afresh()

    def remember(self, state: str, error: BrokerError) -> None:
        """This sign-in was refused just now."""
        with self._lock:
            self._refused[state] = error.afresh(), self._clock()
            self._refused.move_to_end(state)
            while len(self._refused) > MOST_REMEMBERED:
                self._refused.popitem(last=False)
