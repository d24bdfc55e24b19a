"""What the routes of consent work with."""

from collections.abc import Callable
from dataclasses import dataclass, field

from consent_http.device import DeviceFlow
from consent_http.flow import ConsentFlow
from consent_http.importing import Import
from consent_http.operators import Operators
from consent_http.restoring import Restoration
from shared.callers.operator_check import OperatorCheck
from shared.pool import Pool
from shared.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Pools:
    """Each kind of work has its threads, by whom it may wait for.

    What takes something away (`emergency`) waits behind nobody who is slow or unknown.
    """

    emergency: Pool = field(default_factory=lambda: Pool("emergency", threads=4))
    # Operators who look, and make links: the vault alone.
    operators: Pool = field(default_factory=lambda: Pool("consent", threads=4))
    # A link's page and its button: anybody.
    pages: Pool = field(default_factory=lambda: Pool("pages", threads=4))
    # Sign-ins that come back, and operators' acts: the authority too.
    redirect: Pool = field(default_factory=lambda: Pool("redirect", threads=8))
    acts: Pool = field(default_factory=lambda: Pool("acts", threads=8))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """What consent works with; `on_change` is told the name of each consent that a person has changed."""

    settings: Settings
    operator: OperatorCheck
    flow: ConsentFlow
    device: DeviceFlow
    imports: Import
    operators: Operators
    restoration: Restoration
    on_change: Callable[[str], None]
    pools: Pools
