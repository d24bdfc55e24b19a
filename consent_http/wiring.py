"""How consent is put together: links and seals, the ways a person consents, and the operators' side."""

from collections.abc import Callable

import azure.functions as func

import consent_http
from consent_http.acceptance import Acceptance
from consent_http.completion import Completion
from consent_http.dependencies import Dependencies
from consent_http.desk import Desk
from consent_http.device import DeviceFlow
from consent_http.flow import ConsentFlow
from consent_http.importing import Import
from consent_http.link import Links
from consent_http.link_standing import Standings
from consent_http.operators import Operators
from consent_http.pools import Pools
from consent_http.restoring import Restoration
from shared.consents.history import Histories
from shared.seal import Seals
from shared.services import Services


def wire(dependencies: Dependencies) -> list[func.Blueprint]:
    """The routes of a person's browser and of operators."""
    return consent_http.blueprints(dependencies)


def dependencies(services: Services, *, on_change: Callable[[str], None]) -> Dependencies:
    """What consent works with, its `desk` for others too; `on_change` hears the name of each consent that changed."""
    settings, store, clock = services.settings, services.store, services.clock
    applications = services.applications
    seals = Seals(services.token_vault, clock=clock)
    standings = Standings(services.token_vault, store, clock=clock)
    links = Links(seals, public_url=settings.public_url, clock=clock)
    acceptance = Acceptance(settings, services.keys)
    completion = Completion(
        applications=applications, store=store, standings=standings, acceptance=acceptance, clock=clock
    )
    restoration = Restoration(
        settings=settings, acceptance=acceptance, applications=applications, store=store, completion=completion
    )
    desk = _desk(services, _operators(services, standings, links), restoration, on_change=on_change)
    return Dependencies(
        settings=settings,
        operator=services.operator,
        flow=ConsentFlow(
            settings=settings,
            applications=applications,
            standings=standings,
            links=links,
            seals=seals,
            completion=completion,
            clock=clock,
        ),
        device=DeviceFlow(
            settings=settings, applications=applications, standings=standings, seals=seals, completion=completion
        ),
        imports=Import(settings=settings, applications=applications, standings=standings, completion=completion),
        operators=desk.operators,
        desk=desk,
        on_change=on_change,
        pools=desk.pools,
    )


def _desk(
    services: Services, operators: Operators, restoration: Restoration, *, on_change: Callable[[str], None]
) -> Desk:
    return Desk(
        operators=operators,
        restoration=restoration,
        histories=Histories(services.token_vault),
        on_change=on_change,
        pools=Pools(),
    )


def _operators(services: Services, standings: Standings, links: Links) -> Operators:
    return Operators(
        settings=services.settings,
        store=services.store,
        standings=standings,
        links=links,
        credential=services.credential,
        clock=services.clock,
    )
