"""What the routes of consent work with."""

from collections.abc import Callable
from dataclasses import dataclass

from consent_http.desk import Desk
from consent_http.device import DeviceFlow
from consent_http.flow import ConsentFlow
from consent_http.importing import Import
from consent_http.operators import Operators
from consent_http.pools import Pools
from shared.callers.operator_check import OperatorCheck
from shared.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """What consent works with; `on_change` is told the name of each consent that a person has changed."""

    settings: Settings
    operator: OperatorCheck
    flow: ConsentFlow
    device: DeviceFlow
    imports: Import
    operators: Operators
    desk: Desk
    on_change: Callable[[str], None]
    pools: Pools
