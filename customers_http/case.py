"""One customer's case: what is asked, who acts, what the application is to have there, and what it has."""

from dataclasses import dataclass

from customers_http.change import Change
from customers_http.seeing import Seen
from shared.cloud import Cloud
from shared.customers.access import Actor
from shared.customers.application_grants import GrantSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`partner` acts by the consent that the operator names, `management` by its own where there is one."""

    change: Change
    cloud: Cloud
    partner: Actor
    management: Actor | None
    grants: GrantSet
    seen: Seen
