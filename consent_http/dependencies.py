"""What the routes of consent work with."""

from collections.abc import Callable
from dataclasses import dataclass

from consent_http.device import DeviceFlow
from consent_http.flow import ConsentFlow
from consent_http.importing import Import
from consent_http.operators import Operators
from consent_http.restoring import Restoration
from shared.callers.operator_check import OperatorCheck
from shared.pool import Pool
from shared.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """What consent works with; `on_change` is told the name of each consent that a person has changed.

    Each kind of work has its pool, by whom it may wait for: `pages_pool` for anybody who holds a link; `redirect_pool`
    for sign-ins and `acts_pool` for operators' acts, which wait for the authority too; `pool` for operators who look,
    and make links. In `emergency_pool` runs what takes something away, behind nobody who is slow or unknown.
    """

    settings: Settings
    operator: OperatorCheck
    flow: ConsentFlow
    device: DeviceFlow
    imports: Import
    operators: Operators
    restoration: Restoration
    on_change: Callable[[str], None]
    pool: Pool
    acts_pool: Pool
    pages_pool: Pool
    redirect_pool: Pool
    emergency_pool: Pool
