"""The end of customers put together beside what makes consents there: by the same actors, rows and management."""

from customers_http.customers import Customers
from customers_http.offboarding import Offboarding
from customers_http.own_end import OwnEnd
from customers_http.removal_rights import RemovalRights
from shared.customers.graph import Graph
from shared.customers.partner_center import PartnerCenter


def offboarding_beside(customers: Customers, *, center: PartnerCenter, graph: Graph, graph_scope: str) -> Offboarding:
    """What ends the work for the customers whose consents `customers` makes."""
    rights = RemovalRights(
        actors=customers.actors, management=customers.management, graph=graph, graph_scope=graph_scope
    )
    return Offboarding(
        actors=customers.actors,
        stops=customers.stops,
        replacements=customers.replacements,
        center=center,
        rights=rights,
        own_end=OwnEnd(rights=rights),
    )
