"""Graph's client and what is read through it, against the running stand-in: pages, batches, and whatever comes back."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from local.graph.principals import principal_id
from local.graph.relationships import ADMIN_AGENTS, CLOUD_APPLICATION_ADMINISTRATOR, relationship
from local.state import StackState
from local.world import ADMIN, CONTOSO, GRAPH, NORTHWIND, PARTNER_APPLICATION, PARTNER_TENANT, TAILSPIN, WITHOUT_MFA
from shared.consents.consent import Person
from shared.customers.delegation import delegations_of
from shared.customers.errors import GraphRefused, GraphUnavailable, PartnerCenterUnavailable, RelationshipsUnseen
from shared.customers.granted import Standing, extend, standing_of
from shared.customers.membership import Membership
from shared.customers.relationships import LIST, Relationship, RelationshipReader
from shared.customers.sources import CustomerSources, Found
from shared.errors import BrokerError
from tests.customers_http.desk import Desk, open_desk
from tests.local_control import Controls

ADA = Person(tenant_id=PARTNER_TENANT, object_id=ADMIN.object_id, username=ADMIN.username)
OTHER_GROUP = "9999aaaa-1111-4222-8333-444444440002"
RELATIONSHIPS = f"/v1.0/{LIST}"


@pytest.fixture
def desk(stack: StackState) -> Iterator[Desk]:
    with open_desk(stack, managed=True) as opened:
        yield opened


@pytest.fixture
def graph(desk: Desk) -> Controls:
    return Controls(desk.state, desk.state.graph)


def reader_of(desk: Desk) -> RelationshipReader:
    return RelationshipReader(graph=desk.graph, graph_scope=desk.actors.settings.cloud.graph_scope)


def read(desk: Desk) -> list[Relationship]:
    return reader_of(desk).read(desk.actors.partner("partner"), desk.actors.management(), correlation="c")


def sources(desk: Desk) -> Found:
    asking = CustomerSources(actors=desk.actors, center=desk.center, reader=reader_of(desk))
    found = asking.found(desk.actors.partner("partner"), correlation="c")
    found.require_any()
    return found


def test_relationships_are_read_by_the_management_application_page_after_page(desk: Desk, graph: Controls) -> None:
    assert [one.tenant_id for one in read(desk)] == [CONTOSO, NORTHWIND, TAILSPIN]
    graph.post("relationships", {"relationships": [relationship(CONTOSO, "Contoso", id=f"r{n}") for n in range(700)]})
    graph.clear("requests")
    assert len({one.id for one in read(desk)}) == 700
    assert graph.requests()["GET", RELATIONSHIPS] == 3


def test_without_it_the_partner_application_reads_where_it_has_the_scope(stack: StackState) -> None:
    with open_desk(stack, managed=False) as desk:
        with pytest.raises(RelationshipsUnseen, match="no management application"):
            read(desk)
        desk.grant(GRAPH, "DelegatedAdminRelationship.Read.All", tenant=PARTNER_TENANT)
        assert len(read(desk)) == 3


def test_a_token_is_sent_to_no_other_place_than_graph(desk: Desk, graph: Controls) -> None:
    body = {"value": [], "@odata.nextLink": "https://127.0.0.1:1/v1.0/elsewhere"}
    graph.post("faults", {"path": RELATIONSHIPS, "status": 200, "body": body})
    with pytest.raises(GraphUnavailable, match="somewhere else"):
        read(desk)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 403, "body": {"error": {"code": "Authorization_RequestDenied", "message": "x"}}}, GraphRefused),
        ({"status": 403, "body": "<html>"}, GraphRefused),
        ({"status": 401}, GraphRefused),
        ({"status": 503, "times": -1}, GraphUnavailable),
        ({"status": 200, "body": []}, GraphUnavailable),
        ({"status": 200, "body": {"value": "x"}}, GraphUnavailable),
        ({"status": 200, "body": {"value": ["x"]}}, GraphUnavailable),
        ({"status": 200, "body": {"value": [{"id": "x"}]}}, GraphUnavailable),
    ],
    ids=str,
)
def test_whatever_comes_back_is_an_error_of_the_tree(
    desk: Desk, graph: Controls, fault: dict[str, Any], error: type[BrokerError]
) -> None:
    graph.post("faults", {"path": RELATIONSHIPS, **fault})
    with pytest.raises(error) as refused:
        read(desk)
    assert "html" not in refused.value.description


@pytest.mark.parametrize("fault", [{"status": 429}, {"status": 500}, {"drop": "before"}], ids=str)
def test_a_reading_is_tried_again(desk: Desk, graph: Controls, fault: dict[str, Any]) -> None:
    graph.post("faults", {"path": RELATIONSHIPS, "times": 2, **fault})
    assert len(read(desk)) == 3


def test_an_application_that_a_tenant_does_not_know_stands_there_with_nothing(desk: Desk) -> None:
    desk.grant(GRAPH, "Directory.Read.All", tenant=TAILSPIN, client=desk.actors.settings.management.client_id or "")
    manager = desk.actors.management()
    assert manager is not None
    token = manager.token(desk.actors.settings.cloud.graph_scope, TAILSPIN)
    assert standing_of(desk.graph, token, PARTNER_APPLICATION, correlation="c").apis == ()


def test_a_persons_roles_are_those_of_the_groups_that_she_is_in(desk: Desk, graph: Controls) -> None:
    role, other = CLOUD_APPLICATION_ADMINISTRATOR, "729827e3-9c14-49f7-bb1b-9608f156bbb8"

    def held(group: str, role_id: str, status: str = "active") -> dict[str, Any]:
        container = {"accessContainerId": group, "accessContainerType": "securityGroup"}
        details = {"unifiedRoles": [{"roleDefinitionId": role_id}]}
        return {"id": "a", "status": status, "accessContainer": container, "accessDetails": details}

    # Forty-one of them: three batches.
    made = [
        relationship(CONTOSO, "Contoso", id=f"r{n}", assignments=[held(ADMIN_AGENTS, role), held(OTHER_GROUP, other)])
        for n in range(39)
    ]
    made += [relationship(CONTOSO, "Contoso", id="other", assignments=[held(OTHER_GROUP, other)])]
    made += [relationship(CONTOSO, "Contoso", id="gone", assignments=[held(ADMIN_AGENTS, role, "deleted")])]
    made += [relationship(CONTOSO, "Contoso", id="over", status="expired")]
    graph.post("relationships", {"relationships": made})
    found = read(desk)
    graph.clear("requests")
    asking, token = (
        Membership(graph=desk.graph),
        reader_of(desk).token(desk.actors.partner("partner"), desk.actors.management()),
    )
    mine = asking.roles_of(ADA, found, token, home_tenant=PARTNER_TENANT, correlation="c")
    assert mine is not None
    assert (mine["r0"], mine["other"], mine["gone"]) == (frozenset({role}), frozenset(), frozenset())
    assert "over" not in mine
    assert graph.requests()["POST", "/v1.0/$batch"] == 3


def test_one_relationship_that_cannot_be_read_hides_no_other(desk: Desk) -> None:
    found = read(desk)
    token = reader_of(desk).token(desk.actors.partner("partner"), desk.actors.management())
    asked = [replace(found[0], id="not there"), *found[1:]]
    mine = Membership(graph=desk.graph).roles_of(ADA, asked, token, home_tenant=PARTNER_TENANT, correlation="c")
    assert mine is not None
    assert mine["not there"] is None
    assert mine[found[1].id] == frozenset({CLOUD_APPLICATION_ADMINISTRATOR})


def test_a_person_of_a_customers_tenant_needs_no_relationship(desk: Desk) -> None:
    carl = replace(ADA, tenant_id=CONTOSO)
    token = reader_of(desk).token(desk.actors.partner("partner"), desk.actors.management())
    asking = Membership(graph=desk.graph)
    assert asking.roles_of(carl, read(desk), token, home_tenant=PARTNER_TENANT, correlation="c") is None
    assert WITHOUT_MFA.tenant_id == PARTNER_TENANT


def test_customers_are_those_of_both_sources_and_each_says_which(desk: Desk, graph: Controls) -> None:
    reseller = "bbbb0000-1111-4222-8333-444444440099"
    graph.post(
        "relationships",
        {
            "relationships": [
                relationship(reseller, "Of the reseller"),
                relationship(CONTOSO, "Contoso Ltd"),
                relationship("bbbb0000-1111-4222-8333-444444440098", "Gone", status="terminated"),
            ]
        },
    )
    found = {one.customer.tenant_id: one for one in sources(desk).customers}
    assert found[CONTOSO].sources == ["partner_center", "gdap"]
    assert found[CONTOSO].customer.name == "Contoso", "Partner Center's own"
    assert (found[reseller].sources, found[reseller].customer.name) == (["gdap"], "Of the reseller")
    assert (found[NORTHWIND].sources, found[NORTHWIND].delegation) == (["partner_center"], None)
    assert len(found) == 5, "who is in no list and has ended is no customer"


def test_either_source_may_fail_and_both_may_not(desk: Desk, graph: Controls) -> None:
    center = Controls(desk.state, desk.state.partner_center)
    center.post("faults", {"path": "/v1/customers", "times": 1, "status": 403})
    found = sources(desk)
    assert [one.customer.tenant_id for one in found.customers] == [CONTOSO, NORTHWIND, TAILSPIN]
    assert [(name, error.code) for name, error in found.failures.items()] == [
        ("partner_center", "partner_center_refused")
    ]
    graph.post("faults", {"path": RELATIONSHIPS, "times": -1, "status": 503})
    found = sources(desk)
    assert len(found.customers) == 4
    assert [(name, error.code) for name, error in found.failures.items()] == [("gdap", "graph_unavailable")]
    center.post("faults", {"path": "/v1/customers", "times": -1, "status": 503})
    with pytest.raises(PartnerCenterUnavailable):
        sources(desk)


def test_the_end_and_the_roles_are_told_of_each_customer(desk: Desk) -> None:
    told = delegations_of(read(desk))[CONTOSO].fields()
    assert (told["status"], told["auto_extends"]) == ("active", True)
    assert told["roles"] == ["Cloud Application Administrator"]
    assert told["ends"].endswith("+00:00")


def looked(desk: Desk) -> Standing:
    token = desk.actors.partner("partner").token(desk.actors.settings.cloud.graph_scope, CONTOSO)
    return standing_of(desk.graph, token, PARTNER_APPLICATION, correlation="c")


def told_grants(graph: Controls, *grants: dict[str, str], client: str = PARTNER_APPLICATION) -> None:
    """What Graph says that the application was granted of Graph in Contoso."""
    usual = {"clientId": principal_id(CONTOSO, client), "resourceId": principal_id(CONTOSO, GRAPH)}
    value = [{"id": f"grant-{index}", **usual, **one} for index, one in enumerate(grants)]
    graph.post("faults", {"path": ".*/oauth2PermissionGrants", "status": 200, "body": {"value": value}})


def test_of_several_grants_of_one_api_all_that_they_hold_is_there(desk: Desk, graph: Controls) -> None:
    """A replacement takes all of them back, so all of it is to be made again."""
    everybody = {"consentType": "AllPrincipals"}
    told_grants(graph, {**everybody, "scope": "A B"}, {**everybody, "scope": "b C"}, {"consentType": "Principal"})
    granted = looked(desk).grant_of(GRAPH)
    assert granted is not None
    assert (granted.id, granted.scopes) == ("grant-0", ("A", "B", "C"))


def test_grants_of_another_application_are_no_answer(desk: Desk, graph: Controls) -> None:
    told_grants(graph, {"consentType": "AllPrincipals", "scope": "A"}, client=GRAPH)
    with pytest.raises(GraphUnavailable, match="another application"):
        looked(desk)


def test_what_somebody_added_since_it_was_read_stays(desk: Desk) -> None:
    desk.grant(GRAPH, "DelegatedPermissionGrant.ReadWrite.All", "Directory.Read.All")
    granted = looked(desk).grant_of(GRAPH)
    assert granted is not None
    desk.grant(GRAPH, *granted.scopes, "Mail.Send")
    token = desk.actors.partner("partner").token(desk.actors.settings.cloud.graph_scope, CONTOSO)
    whole = extend(desk.graph, token, granted, ["User.Read"], correlation="c")
    assert whole == (*granted.scopes, "Mail.Send", "User.Read")
    assert tuple(desk.held()[GRAPH]) == whole
    desk.ungrant(resource=GRAPH)
    with pytest.raises(GraphRefused, match="meanwhile"):
        extend(desk.graph, token, granted, ["User.Read"], correlation="c")
