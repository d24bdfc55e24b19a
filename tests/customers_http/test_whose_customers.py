"""Whose customers they are: the partner's own, in the name of a person of the partner's own tenant alone."""

from dataclasses import replace
from typing import Any, cast

import pytest

from customers_http.change import Change
from customers_http.customers import Customers
from customers_http.listing import CustomerList
from local.world import CONTOSO
from shared.application_stops import ApplicationStops
from shared.clock import utc_now
from shared.consents.applications import Application, Applications
from shared.consents.consent import MANAGEMENT_NAME
from shared.consents.store import ConsentStore
from shared.customers.access import Actors
from shared.customers.exclusions import Exclusions
from shared.customers.sources import CustomerSources
from shared.errors import InvalidRequest
from shared.settings import read_settings
from tests.consent_http.rig import OPERATOR
from tests.fakes.memory_rows import MemoryRows
from tests.fakes.memory_vault import MemoryVault
from tests.shared.samples import ENVIRONMENT, consent

NOBODY = cast("Any", None)  # whoever was asked would fail
APPLICATION = Application(client_id="partner", authority=NOBODY)


def ask(asked: str, store: ConsentStore, name: str) -> None:
    settings = read_settings({**ENVIRONMENT, "CONSENT_TENANTS": CONTOSO})
    applications = Applications(partner=APPLICATION, management=APPLICATION)
    actors = Actors(settings=settings, applications=applications, store=store)
    parts = dict.fromkeys(
        ("policy_vault", "seeing", "granting", "replacing", "replacements", "management", "roles"), NOBODY
    )
    customers = Customers(
        actors=actors,
        exclusions=Exclusions(MemoryRows()),
        stops=ApplicationStops(MemoryRows(), clock=utc_now),
        clock=utc_now,
        **parts,
    )
    change = Change(
        tenant_id=CONTOSO, consent=name, dry_run=False, replace=False, plan="", operator=OPERATOR, correlation="c"
    )
    if asked == "list":
        sources = CustomerSources(actors=actors, center=NOBODY, reader=NOBODY)
        listing = CustomerList(sources=sources, exclusions=Exclusions(MemoryRows()), clock=utc_now)
        listing.all({"consent": name}, correlation="c")
    else:
        {"grant": customers.grant, "remove": customers.remove}[asked](change)


@pytest.mark.parametrize("asked", ["list", "grant", "remove"])
def test_a_consent_of_another_tenants_person_opens_no_customers_and_reaches_nobody(asked: str) -> None:
    """CONSENT_TENANTS lets other tenants' people consent; their customers, and ours, are none of each other's."""
    store = ConsentStore(MemoryVault())
    given = consent("l1")
    store.store_consent(replace(given, person=replace(given.person, tenant_id=CONTOSO)))
    with pytest.raises(InvalidRequest, match="partner's own tenant"):
        ask(asked, store, "partner")


@pytest.mark.parametrize("asked", ["list", "grant", "remove"])
def test_no_request_names_the_brokers_own_consent(asked: str) -> None:
    store = ConsentStore(MemoryVault())
    store.store_consent(replace(consent("l1"), name=MANAGEMENT_NAME))
    with pytest.raises(InvalidRequest, match="not the broker's own"):
        ask(asked, store, MANAGEMENT_NAME)
