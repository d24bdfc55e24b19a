"""How the console is put together; without the setting there is none, and none of its addresses."""

from collections.abc import Callable, Mapping
from typing import Any

import azure.functions as func

import console_http
from console_http.deeds import Deeds
from console_http.dependencies import Acts, Consents, Customers, Policy, Pools, Recheck
from console_http.session import Sessions
from console_http.sign_in import SignInFlow
from console_http.telling import Tellings
from shared.bursts import Bursts
from shared.seal import Seals
from shared.services import Services


def wire(
    services: Services,
    *,
    status: Callable[[], Mapping[str, Any]],
    customers: Customers,
    acts: Acts,
    recheck: Recheck,
    policy: Policy,
    consents: Consents,
) -> list[func.Blueprint]:
    """The console's routes; `status` tells how consents and customers are doing, `customers` of each customer.

    `acts` and `recheck` are what the buttons of a customer's page do; `policy` tells who may get what; `consents` is
    what a consent's page is made of.
    """
    settings, clock = services.settings, services.clock
    if not settings.pages.console:
        return []
    seals = Seals(services.token_vault, clock=clock)
    pools = Pools()
    dependencies = console_http.Dependencies(
        settings=settings,
        clock=clock,
        sessions=Sessions(seals, services.marks, clock=clock),
        flow=SignInFlow(
            settings=settings, sign_in=services.person_sign_in, keys=services.keys, seals=seals, clock=clock
        ),
        tellings=Tellings(seals, clock=clock, public_url=settings.public_url, pool=pools.sessions),
        bursts=Bursts(),
        status=status,
        customers=customers,
        policy=policy,
        consents=consents,
        pools=pools,
        acts=acts,
        recheck=recheck,
        deeds=Deeds(rows=services.rows, clock=clock, pool=pools.deeds),
    )
    return console_http.blueprints(dependencies)
