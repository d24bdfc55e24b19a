"""What the console works with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from console_http.session import Sessions
from console_http.sign_in import SignInFlow
from shared.bursts import Bursts
from shared.clock import Clock
from shared.pool import Pool
from shared.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Pools:
    """Who merely looks waits for nobody who signs in, and the other way round."""

    sessions: Pool = field(default_factory=lambda: Pool("console-sessions", threads=4))
    sign_in: Pool = field(default_factory=lambda: Pool("console-sign-in", threads=4))
    looking: Pool = field(default_factory=lambda: Pool("console", threads=4))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """`status` is the very service that answers operators' `GET /api/status`: consents and customers at a glance."""

    settings: Settings
    clock: Clock
    sessions: Sessions
    flow: SignInFlow
    bursts: Bursts
    status: Callable[[], Mapping[str, Any]]
    pools: Pools = field(default_factory=Pools)
