"""What a link is held against: the newest act under its name, and what operators have last said of its links.

An operator can revoke links that nobody has used yet. That is one more version of the secret `links-{name}`, whose id
each link carries that is made from then on: links of another id are void. So it tells before from after without a
clock, a write that comes late can only make links void, and what the secret holds is for people alone.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.budget import Budget
from shared.clock import Clock, to_text
from shared.consents.consent import Act
from shared.consents.store import ConsentStore
from shared.errors import BrokerError
from shared.vault import SecretVault

LINKS = "links-"
# Whoever holds a link may open it as often as he likes: the vault is asked once in this time for each link, and by
# pages at most so many times in any ten seconds, of the 4,000 that Key Vault takes from everybody.
REMEMBERED, MOST_REMEMBERED = timedelta(seconds=5), 1_000
PAGE_READS, WINDOW_SECONDS = 100, 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The newest act under a name, and the id of the last revocation of its links ("" for none)."""

    act: Act | None
    revocation: str = ""

    @property
    def lineage(self) -> str:
        """The lineage of that act, "" where there is none."""
        return self.act.lineage if self.act else ""


class Standings:
    """Reads and writes them; may block, and raises what the vault raises."""

    def __init__(
        self, vault: SecretVault, store: ConsentStore, *, clock: Clock, most_remembered: int = MOST_REMEMBERED
    ) -> None:
        self._vault = vault
        self._store = store
        self._clock = clock
        self._most = most_remembered
        self._budget = Budget(PAGE_READS, seconds=WINDOW_SECONDS)
        self._lately: OrderedDict[str, _Look] = OrderedDict()  # by the link's id
        self._lock = threading.Lock()

    def now(self, name: str) -> Standing:
        """What stands under this name at this moment."""
        return Standing(act=self._store.newest_act(name), revocation=self._revocation(name))

    def lately(self, link_id: str, name: str) -> Standing:
        """The same, or what it was at most five seconds ago, for whoever opens this link; nothing is stored by it.

        By the link and not by the name: a link just made is held against what it was made for.
        """
        mine = _Look(name)
        with self._lock:
            look = self._lately.get(link_id, mine)
            if look is mine or look.is_over(self._clock()):
                look = self._lately[link_id] = mine
                self._lately.move_to_end(link_id)
                while len(self._lately) > self._most:
                    self._lately.popitem(last=False)
        if look is mine:
            mine.run(lambda: self._within_budget(name), self._clock)
        return look.found()

    def forget(self, name: str) -> None:
        """Look again for whoever comes next: something was done under this name."""
        with self._lock:
            for link_id in [link_id for link_id, look in self._lately.items() if look.name == name]:
                del self._lately[link_id]

    def revoke_links(self, name: str, *, by: str, on: datetime) -> None:
        """Make void every link under this name, and every sign-in begun with one; to do it twice does no harm."""
        try:
            self._vault.put(LINKS + name, "{}", tags={"revoked_by": by, "revoked_on": to_text(on)})
        finally:  # what failed may have been done all the same
            self.forget(name)

    def _revocation(self, name: str) -> str:
        secret = self._vault.get(LINKS + name)
        return secret.version.version if secret else ""

    def _within_budget(self, name: str) -> Standing:
        self._budget.spend()
        self._budget.spend()
        return self.now(name)


class _Look:
    """One look for all who ask until it is too old; what it failed with is told to them too."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._outcome: Future[Standing] = Future()
        self._ended_on: datetime | None = None

    def is_over(self, now: datetime) -> bool:
        return self._ended_on is not None and abs(now - self._ended_on) >= REMEMBERED

    def run(self, read: Callable[[], Standing], clock: Clock) -> None:
        try:
            found = read()
        except Exception as error:  # noqa: BLE001 - whatever it was, those who wait must hear of it
            self._ended_on = clock()
            self._outcome.set_exception(error.afresh() if isinstance(error, BrokerError) else error)
        else:
            self._ended_on = clock()
            self._outcome.set_result(found)

    def found(self) -> Standing:
        try:
            return self._outcome.result()
        except BrokerError as error:
            raise error.afresh() from error
