"""A refresh run over a vault in memory and a scripted authority, with time in the test's hand."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from refresh_timer.application import ApplicationWatch
from refresh_timer.backoff import Backoff
from refresh_timer.due import Ages
from refresh_timer.renewal import Renewals
from refresh_timer.report import Report
from refresh_timer.run import RefreshRun
from shared.clock import Clock
from shared.consents.consent import Consent, Person, Renewal
from shared.consents.health import Health
from shared.consents.store import ConsentStore
from shared.consents.stored_consent import Entry
from shared.crew import Limits
from shared.entra.application_credential import ApplicationCredential
from shared.entra.tokens import Exchanger
from shared.vault import Secret
from tests.fakes.fixed_credential import FixedCredential
from tests.fakes.memory_vault import MemoryVault
from tests.fakes.scripted_authority import Asked, ScriptedAuthority

HOME_ID = "aaaa0000-0000-4000-8000-000000000001"
OTHER_TENANT_ID = "aaaa0000-0000-4000-8000-000000000002"
PERSON_ID = "dddd0000-0000-4000-8000-000000000001"
SCOPE = "https://api.partnercenter.microsoft.com/user_impersonation"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CONCURRENT = 8
AGES = Ages(proof=20 * HOUR, store=7 * DAY)


@dataclass(slots=True)
class HandClock:
    """A clock that stands still until it is moved."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


def consent(name: str = "partner", lineage: str = "l1", tenant_id: str = HOME_ID) -> Consent:
    return Consent(
        name=name,
        lineage=lineage,
        refresh_token=f"{name}-{lineage}",
        person=Person(tenant_id=tenant_id, object_id=PERSON_ID, username="ada@partner.example"),
        scope=SCOPE,
        mfa="yes",
        link_id="link",
        consented_on=NOON,
    )


def impatient() -> Backoff:
    """Nobody waits in a test: what is waited for is tested by itself."""
    return Backoff(sleep=lambda _seconds: None)


def refresh_run(  # noqa: PLR0913 - as the composition root
    store: ConsentStore,
    authority: Exchanger,
    clock: Clock,
    *,
    credential: ApplicationCredential | None = None,
    concurrency: int = CONCURRENT,
    backoff: Callable[[], Backoff] = impatient,
    limits: Limits | None = None,
    left_alone: frozenset[str] = frozenset(),
) -> RefreshRun:
    """A run over this store, as the composition root makes one."""
    watch = ApplicationWatch(credential=credential or FixedCredential(["secret"]), store=store, clock=clock)
    renewals = Renewals(
        store=store, authority_of=lambda _name: authority, ages=AGES, clock=clock, left_alone=left_alone
    )
    return RefreshRun(
        renewals=renewals, watch=watch, concurrency=concurrency, clock=clock, backoff=backoff, limits=limits
    )


@dataclass(slots=True)
class Scene:
    """Consents in a vault, what the authority says, and runs."""

    clock: HandClock = field(default_factory=HandClock)
    vault: MemoryVault = field(default_factory=MemoryVault)
    authority: ScriptedAuthority = field(default_factory=ScriptedAuthority)
    credential: FixedCredential = field(default_factory=lambda: FixedCredential(["secret"]))
    concurrency: int = CONCURRENT
    backoff: Callable[[], Backoff] = impatient
    limits: Limits | None = None
    left_alone: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.vault.clock = self.authority.clock = self.clock

    @property
    def store(self) -> ConsentStore:
        return ConsentStore(self.vault)

    def give(
        self, name: str = "partner", lineage: str = "l1", *, tenant_id: str = HOME_ID, proven: bool = True
    ) -> None:
        """A person consents, as the sign-in stores it; `proven` with the first renewal beside it."""
        given = consent(name, lineage, tenant_id)
        self.store.store_consent(given)
        if proven:
            health = Health(lineage=lineage, renewed_on=self.clock(), proven_on=self.clock())
            renewal = Renewal(lineage=lineage, refresh_token=f"{given.refresh_token}+")
            self.store.store_renewal(name, renewal, health, over=self.store.renewal(name))

    def withdraw(self, name: str = "partner") -> None:
        self.store.withdraw(name, by=PERSON_ID, on=self.clock())

    def timer(self) -> RefreshRun:
        """The timer of one instance, which may run again and again."""
        return refresh_run(
            self.store,
            self.authority,
            self.clock,
            credential=self.credential,
            concurrency=self.concurrency,
            backoff=self.backoff,
            limits=self.limits,
            left_alone=self.left_alone,
        )

    def run(self) -> Report:
        return self.timer().run()

    def run_after(self, passed: timedelta) -> Report:
        self.clock.now += passed
        return self.run()

    def entry(self, name: str = "partner") -> Entry:
        return next(entry for entry in self.store.all().entries if entry.name == name)

    def health(self, name: str = "partner") -> Health:
        found = self.entry(name).health
        assert found is not None
        return found

    def latest(self, secret: str) -> Secret:
        return self.vault.written[secret][-1]

    @contextmanager
    def counting(self) -> Iterator[Counter[str]]:
        """How often each operation of the vault is used meanwhile, the exchanges included."""
        counted: Counter[str] = Counter()
        exchanges = len(self.authority.asked)

        def count(operation: str, _name: str) -> None:
            counted[operation] += 1

        before, self.vault.before = self.vault.before, count
        yield counted
        self.vault.before = before
        if made := len(self.authority.asked) - exchanges:
            counted["exchange"] = made


def refreshed(asked: list[Asked]) -> list[str]:
    """The refresh tokens that were exchanged, as people gave them: each renewal adds a plus."""
    return sorted(found.refresh_token.rstrip("+") for found in asked)
