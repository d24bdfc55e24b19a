"""Somebody at work, in a thread of their own: stopped before each operation of a service, which may be the last."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from consent_http.completion import Confirmation
from shared.consents.consent import Consent, Withdrawal
from shared.consents.store import ConsentStore
from shared.entra.place import Place
from shared.entra.tokens import Exchanger, TokenSet
from shared.errors import AuthorityUnavailable, BrokerError
from shared.vault import Secret, SecretVault, SecretVersion
from shared.vault_errors import VaultUnavailable

NOTHING, WITHDRAWN = "nothing", "withdrawn"


class Fate(Enum):
    """What happens to one operation on its way."""

    WELL = "it is answered"
    LOST_REQUEST = "it never arrives"
    LOST_ANSWER = "it is done, and the answer is lost"
    REPEATED = "it is done, the answer is lost, and some time later the SDK has it done once more"
    KILLED_BEFORE = "whoever asked is killed before it arrives"
    KILLED_AFTER = "whoever asked is killed when it is done"


class Killed(BaseException):
    """The process is gone: nothing of it runs any more, not even what handles errors."""


@dataclass(slots=True)
class Acts:
    """Both services, and the newest act of a person in the vault: noted when it is written, not by reading.

    An act is its lineage and the refresh token it began with; `written` has their lineages, oldest first, and
    `store_of` makes the store that everybody uses. Key Vault has no conditional write, so of two acts the newer is the
    one that is written later, even when the other came between its last look and its write.
    """

    vault: SecretVault
    authority: Exchanger
    store_of: Callable[[SecretVault], ConsentStore] = ConsentStore
    newest: tuple[str, str] = (NOTHING, "")
    written: list[str] = field(default_factory=list)

    def note(self, value: str) -> None:
        """A person's act is written."""
        content = json.loads(value)
        withdrawn = content["kind"] == "withdrawal"
        self.newest = (WITHDRAWN, "") if withdrawn else (content["lineage"], content["refresh_token"].rstrip("+"))
        self.written.append(content["lineage"])


type Work = Callable[[ConsentStore, Exchanger], object]


class Actor:
    """Somebody at work, stopped before each operation of the vault or the authority.

    `before_a_write` says whether they stand before one now, `told` is the act they were told of at the end, and
    `failure` what ended their work; whoever was killed says nothing. `wrote` says whether they have written an act,
    `blindly` whether they did so without a look just before, or though it showed another act than their first one did.
    """

    def __init__(self, acts: Acts, work: Work, *, is_person: bool) -> None:
        self.ended = self.before_a_write = False
        self.failure: Exception | None = None
        self.told: Consent | Withdrawal | None = None
        self._acts, self._known, self._work = acts, len(acts.written), work
        self._services = _StoppingServices(acts, self._stop, is_person=is_person)
        self._fate = Fate.WELL
        self._let_go, self._stands = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()
        self._stands.acquire()

    @property
    def wrote(self) -> bool:
        return self._services.wrote

    @property
    def blindly(self) -> bool:
        return self._services.blindly

    @property
    def in_force_meanwhile(self) -> list[str]:
        """The lineages of the acts that were in force at some moment since they began."""
        return self._acts.written[max(self._known - 1, 0) :]

    def step(self, fate: Fate = Fate.WELL) -> None:
        """Let them go on to their next operation, or to their end."""
        self._fate = fate
        self._let_go.release()
        self._stands.acquire()

    def to_a_write(self) -> None:
        """Let them go on until they stand before their next write, or to their end."""
        while not (self.ended or self.before_a_write):
            self.step()

    def finish(self) -> None:
        """Let them go on to their end."""
        while not self.ended:
            self.step()
        self._thread.join()

    def _stop(self, *, writes: bool) -> Fate:
        """Stand before an operation; what happens to it, once it may go on."""
        self.before_a_write = writes
        self._stands.release()
        self._let_go.acquire()
        return self._fate

    def _live(self) -> None:
        try:
            self.told = _act_of(self._work(self._acts.store_of(self._services), self._services))
        except Killed:
            pass
        except Exception as error:  # noqa: BLE001 - the machine looks at it
            self.failure = error
        self.ended = True
        self._stands.release()


def _act_of(told: object) -> Consent | Withdrawal | None:
    if isinstance(told, Confirmation):
        return told.in_force
    return told if isinstance(told, Consent | Withdrawal) else None


class _StoppingServices:
    """A SecretVault and an Exchanger that stop their actor before each operation."""

    def __init__(self, acts: Acts, stop: Callable[..., Fate], *, is_person: bool) -> None:
        self.wrote = self.blindly = False
        self._acts, self._vault, self._stop, self._is_person = acts, acts.vault, stop, is_person
        self._last, self._looks = "", list[int]()

    def exchange(
        self,
        refresh_token: str,
        *,
        tenant_id: str,
        scope: str,
        place: Place,
        person: str | None = None,
        claims: str | None = None,
    ) -> TokenSet:
        """See Exchanger."""
        return self._do(
            "exchange",
            lambda: self._acts.authority.exchange(
                refresh_token, tenant_id=tenant_id, scope=scope, place=place, person=person, claims=claims
            ),
            lost=AuthorityUnavailable,
        )

    def get(self, name: str, version: str | None = None) -> Secret | None:
        """See SecretVault."""
        found = self._do(f"get {name} {version or ''}", lambda: self._vault.get(name, version))
        if name.startswith("consent-") and version is None:
            self._looks.append(len(self._acts.written))
        return found

    def put(
        self, name: str, value: str, *, tags: Mapping[str, str], expires_on: datetime | None = None, once: bool = False
    ) -> SecretVersion:
        """See SecretVault."""
        looked = self._last == f"get {name} " and self._looks[-1] == self._looks[0]

        def write() -> SecretVersion:
            version = self._vault.put(name, value, tags=tags, expires_on=expires_on)
            # What the SDK repeats is nobody's new act.
            if name.startswith("consent-") and self._is_person and not self.wrote:
                self._acts.note(value)
                self.wrote, self.blindly = True, not looked
            return version

        return self._do("put", write, writes=True, once=once)

    def patch(
        self, name: str, version: str, *, tags: Mapping[str, str] | None = None, enabled: bool | None = None
    ) -> None:
        """See SecretVault."""
        self._do("patch", lambda: self._vault.patch(name, version, tags=tags, enabled=enabled), writes=True)

    def list_latest(self) -> Iterator[SecretVersion]:
        """See SecretVault."""
        return self._do("list", self._vault.list_latest)

    def list_versions(self, name: str) -> Iterator[SecretVersion]:
        """See SecretVault."""
        return self._do("list versions", lambda: self._vault.list_versions(name))

    def _do[T](
        self,
        name: str,
        operation: Callable[[], T],
        *,
        writes: bool = False,
        once: bool = False,
        lost: type[BrokerError] = VaultUnavailable,
    ) -> T:
        self._last = name
        fate = self._stop(writes=writes)
        if fate is Fate.REPEATED and not once:
            operation()
            fate = self._stop(writes=writes)
        if fate is Fate.KILLED_BEFORE:
            raise Killed
        if fate is Fate.LOST_REQUEST:
            raise lost
        done = operation()
        if fate is Fate.KILLED_AFTER:
            raise Killed
        if fate is Fate.LOST_ANSWER:
            raise lost
        return done
