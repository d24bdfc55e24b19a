"""What the console works with."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from console_http.deeds import Deeds
from console_http.session import Sessions
from console_http.sign_in import SignInFlow
from console_http.telling import Tellings
from shared.bursts import Bursts
from shared.callers.assertion import Principal
from shared.clock import Clock
from shared.pool import Pool
from shared.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Pools:
    """Who merely looks waits for nobody who signs in, and the other way round."""

    sessions: Pool = field(default_factory=lambda: Pool("console-sessions", threads=4))
    sign_in: Pool = field(default_factory=lambda: Pool("console-sign-in", threads=4))
    looking: Pool = field(default_factory=lambda: Pool("console", threads=4))
    deeds: Pool = field(default_factory=lambda: Pool("console-deeds", threads=4))
    checking: Pool = field(default_factory=lambda: Pool("console-check", threads=4))


class Customers(Protocol):
    """How customers stand, by the results of checks; every method may block, and raises InvalidRequest."""

    def page(self, *, state: str, cause: str, name: str, page: str) -> Mapping[str, Any]:
        """One page of those in this state, whose name has this part; the worst first."""

    def forget(self) -> None:
        """Something was just changed: whoever looks next sees it, on this instance."""

    def customer(self, unverified_tenant: str, unverified_consent: str, /) -> Mapping[str, Any] | None:
        """One customer by one consent; None where no check has met it."""


class Acts(Protocol):
    """What is done on a customer's page; each waits in threads of its own, and raises what the operators' routes do."""

    async def plan(
        self, tenant: str, consent: str, /, *, replace: bool, operator: Principal, correlation: str
    ) -> Mapping[str, Any]:
        """What making the application's consent would come to; `shown` names it."""

    async def consent(
        self, tenant: str, consent: str, /, *, replace: bool, shown: str, operator: Principal, correlation: str
    ) -> Mapping[str, Any]:
        """Make it as it was shown, or tell the new plan (`outdated`)."""

    async def exclude(
        self, tenant: str, fields: Mapping[str, Any], /, *, operator: Principal, correlation: str
    ) -> Mapping[str, Any]:
        """Keep the customer out until a day."""

    async def include(self, tenant: str, /, *, operator: Principal, correlation: str) -> Mapping[str, Any]:
        """Let it in again."""


class Recheck(Protocol):
    """Tries a customer again; blocks for two minutes at most."""

    def __call__(self, tenant: str, consent: str, /, *, operator: Principal, correlation: str) -> Mapping[str, Any]:
        """How many were tried, how many work, and for how many there was no time."""


class Policy(Protocol):
    """The access policy in force, as people read it; every method raises what reading it raises, and InvalidRequest."""

    async def page(self, *, find: str, page: str) -> Mapping[str, Any]:
        """One page of the rows that have this text somewhere, what lint finds, and the documents."""

    async def answer(self, fields: Mapping[str, Any], /, *, asker: str) -> Mapping[str, Any]:
        """Whether a request would be allowed, and by which row, or which are the nearest; nothing is issued."""


class Desk(Protocol):
    """One consent and what operators do with it; every act is audited, and raises what its route answers."""

    def look(self, unverified_name: str, /) -> Mapping[str, Any]:
        """How it is doing and what became of it; may block. Raises InvalidRequest and what the vault raises."""

    async def make_link(
        self, name: str, fields: Mapping[str, Any], /, *, operator: Principal, correlation: str
    ) -> Mapping[str, Any]:
        """A one-time link: `url`, `expires_on`, `tenant`, `consent`."""

    async def withdraw(self, name: str, /, *, operator: Principal, correlation: str) -> Mapping[str, Any]:
        """End it."""

    async def restore(self, name: str, /, *, operator: Principal, correlation: str) -> Mapping[str, Any]:
        """Take a withdrawal back; `status` is `in_force` where there was none."""


class Check(Protocol):
    """Tries a consent by real exchanges."""

    async def audited(
        self, unverified_name: str, fields: Mapping[str, Any], /, *, operator: Principal, correlation: str
    ) -> Mapping[str, Any]:
        """An outcome for each of the fields' `pairs`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consents:
    """What a consent's page is made of.

    `rows` of the policy by which it is used, `blame`: when customers' tenants refused it on its own account. The former
    raises what the policy vault raises, the latter what rows raise; the latter may block.
    """

    desk: Desk
    check: Check
    rows: Callable[[str], Awaitable[Mapping[str, Any]]]
    blame: Callable[[str], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """`status` is the very service that answers operators' `GET /api/status`: consents and customers at a glance."""

    settings: Settings
    clock: Clock
    sessions: Sessions
    flow: SignInFlow
    tellings: Tellings
    bursts: Bursts
    status: Callable[[], Mapping[str, Any]]
    customers: Customers
    acts: Acts
    recheck: Recheck
    deeds: Deeds
    policy: Policy
    consents: Consents
    pools: Pools = field(default_factory=Pools)
