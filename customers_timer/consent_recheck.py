"""Whether the consent of a try is in force still: a run is long, and what is withdrawn or stopped asks for no more."""

import threading
import time
from collections.abc import Callable

from customers_timer.target import Part
from shared.application_stops import ApplicationStopped, ApplicationStops
from shared.consents.consent import Consent
from shared.consents.errors import ConsentWithdrawn
from shared.consents.store import ConsentStore


class InForce:
    """Reads each consent again when the last reading is older than `max_age` seconds; threads share it."""

    def __init__(
        self,
        store: ConsentStore,
        stops: ApplicationStops,
        *,
        max_age: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._stops = stops
        self._max_age = max_age
        self._monotonic = monotonic
        self._read_on: dict[str, float] = {}
        self._lock = threading.Lock()

    def require(self, part: Part) -> None:
        """Raise ConsentWithdrawn unless this part's consent is in force yet, ApplicationStopped of the application's.

        And what the vault and the tables raise.
        """
        now = self._monotonic()
        with self._lock:
            if now - self._read_on.get(part.lineage, float("-inf")) < self._max_age:
                return
        if part.is_application:
            if self._stops.read().is_stopped:
                raise ApplicationStopped
        else:
            act = self._store.in_force(part.consent)
            if not isinstance(act, Consent) or act.lineage != part.lineage:
                raise ConsentWithdrawn(f"Its name is {part.consent}.").knowing(consent=part.consent)
        with self._lock:
            self._read_on[part.lineage] = now
