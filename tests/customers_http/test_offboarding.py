"""The end of a customer, on the stack: nothing of the partner's stays, and what does is named with the reason."""

from collections.abc import Iterator
from typing import Any

import pytest

from customers_http.taking import UNDONE
from local.graph.administrators import PRIVILEGED_ROLE_ADMINISTRATOR
from local.graph.relationships import CLOUD_APPLICATION_ADMINISTRATOR, relationship
from local.state import StackState
from local.world import (
    ADMIN,
    ARM,
    CONTOSO,
    EXCHANGE,
    GRAPH,
    MANAGEMENT_APPLICATION,
    NORTHWIND,
    PARTNER_APPLICATION,
    TAILSPIN,
)
from shared.clock import utc_now
from shared.customers.offboarded import CustomerOffboarded
from shared.entra.errors import ApplicationNotConsented
from shared.entra.place import Place
from shared.errors import BrokerError, InvalidRequest
from tests.customers_http.desk import Desk, open_desk
from tests.local_control import Controls

MAIL_READ = "810c84a8-4a9e-49e6-bf7d-12d183f40d01"
MANAGE_AS_APP = "dc50a0fb-09a3-484d-be87-e023b12c6440"
EXCHANGE_ADMINISTRATOR = "29232cdf-9323-42fd-ade2-1d097af3e4de"
BOTH_ROLES = (CLOUD_APPLICATION_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR)


@pytest.fixture
def desk(stack: StackState) -> Iterator[Desk]:
    with open_desk(stack, managed=True) as opened:
        yield opened


def gdap(desk: Desk, *roles: str, tenant: str = CONTOSO, **changes: Any) -> None:  # noqa: ANN401
    """The roles of the relationship with the customer."""
    held = {"unifiedRoles": [{"roleDefinitionId": role} for role in roles]}
    one = relationship(tenant, "Contoso", accessDetails=held, **changes)
    Controls(desk.state, desk.state.graph).post("relationships", {"relationships": [one]})


def furnish(desk: Desk, tenant: str = CONTOSO) -> None:
    """Everything that the partner application can hold, of two APIs, and a person's own consent."""
    place = {"tenant": tenant, "client": PARTNER_APPLICATION}
    for resource, role in ((GRAPH, MAIL_READ), (EXCHANGE, MANAGE_AS_APP)):
        desk.order("app-roles", {**place, "resource": resource, "role": role})
    desk.order("directory-roles", {**place, "role": EXCHANGE_ADMINISTRATOR})
    desk.order("beside", {**place, "resource": GRAPH, "scope": "Mail.Read"})


def there(desk: Desk, tenant: str = CONTOSO, client: str = PARTNER_APPLICATION) -> dict[str, Any]:
    """What Entra ID knows of the application in the tenant, the object included."""
    told = Controls(desk.state, desk.state.entra).principal(tenant=tenant, client=client)
    return {**told, "consents": desk.held(tenant, client)}


NOTHING = {"is_known": False, "app_roles": [], "directory_roles": [], "consents": {}}


def kinds(told: dict[str, Any], outcome: str) -> list[str]:
    return sorted({one["kind"] for one in told["items"] if one["outcome"] == outcome})


def test_an_offboarded_customer_is_clean_and_no_token_of_the_application_comes_from_its_tenant(desk: Desk) -> None:
    gdap(desk, *BOTH_ROLES)
    furnish(desk)
    told = desk.offboard(dry_run="false")
    assert (told["outcome"], told["commands"]) == ("removed", [])
    assert there(desk) == NOTHING
    assert there(desk, client=MANAGEMENT_APPLICATION) == NOTHING, "what cleaned is gone too"
    assert kinds(told, "removed") == ["app_role", "delegated_grant", "directory_role", "service_principal"]
    assert kinds(told, "absent") == ["partner_center_consent"], "with its grants there was none any more"
    names = [one["name"] for one in told["items"]]
    assert {"graph: Mail.Read", "exchange: Exchange.ManageAsApp", "Exchange Administrator"} <= set(names)
    assert there(desk, NORTHWIND)["consents"], "no other customer is touched"
    authority = desk.actors.applications.partner.authority
    with pytest.raises(ApplicationNotConsented):
        authority.for_application(tenant_id=CONTOSO, scope="https://graph.microsoft.com/.default", place=Place.CUSTOMER)
    with pytest.raises(BrokerError):
        desk.actors.partner("partner").token("https://graph.microsoft.com/.default", CONTOSO)


def test_a_dry_run_tells_all_of_it_and_changes_nothing(desk: Desk) -> None:
    gdap(desk, *BOTH_ROLES)
    desk.apply()  # the management application is there
    furnish(desk)
    before = there(desk), there(desk, client=MANAGEMENT_APPLICATION)
    told = desk.offboard()
    assert (told["outcome"], told["dry_run"]) == ("removed", True)
    assert not desk.stops.is_offboarded(CONTOSO)
    assert (there(desk), there(desk, client=MANAGEMENT_APPLICATION)) == before
    assert len([one for one in told["items"] if one["kind"] == "app_role"]) == len(before[0]["app_roles"])


def test_it_may_be_said_again_and_makes_nothing_to_look(desk: Desk) -> None:
    gdap(desk, *BOTH_ROLES)
    assert desk.offboard(dry_run="false")["outcome"] == "removed"
    again = desk.offboard(dry_run="false")
    assert (again["outcome"], again["commands"]) == ("absent", [])
    assert there(desk, client=MANAGEMENT_APPLICATION) == NOTHING


def test_a_role_that_gdap_lacks_is_named_and_the_rest_goes_all_the_same(desk: Desk) -> None:
    gdap(desk, PRIVILEGED_ROLE_ADMINISTRATOR, CLOUD_APPLICATION_ADMINISTRATOR)
    desk.apply()
    furnish(desk)
    # The stand-in of Graph lets directory roles go by the privileged role alone.
    gdap(desk, CLOUD_APPLICATION_ADMINISTRATOR)
    told = desk.offboard(dry_run="false")
    roles = [one for one in told["items"] if one["kind"] == "directory_role"]
    assert [(one["outcome"], one["error"]) for one in roles] == [("removed_with_principal", "graph_refused")]
    assert told["outcome"] == "removed"
    assert there(desk) == NOTHING


def test_without_a_role_for_applications_everything_left_is_named_and_the_manager_stays_for_the_next_time(
    desk: Desk,
) -> None:
    gdap(desk, *BOTH_ROLES)
    desk.apply()
    furnish(desk)
    gdap(desk, PRIVILEGED_ROLE_ADMINISTRATOR)
    told = desk.offboard(dry_run="false")
    assert told["outcome"] == "incomplete"
    left = {one["kind"]: one for one in told["items"] if one["outcome"] == "left"}
    assert left["service_principal"]["needs"] == "Cloud Application Administrator"
    assert left["service_principal"]["error"] == "graph_refused"
    assert there(desk)["is_known"]
    assert there(desk, client=MANAGEMENT_APPLICATION)["is_known"]
    assert kinds(told, "kept") == ["service_principal"]
    assert told["commands"] == [
        f"az login --tenant {CONTOSO} --allow-no-subscriptions",
        f"az ad sp delete --id {PARTNER_APPLICATION}",
        f"az ad sp delete --id {MANAGEMENT_APPLICATION}",
    ]
    assert desk.stops.is_offboarded(CONTOSO), "no token comes meanwhile"
    gdap(desk, *BOTH_ROLES)
    assert desk.offboard(dry_run="false")["outcome"] == "removed"
    assert there(desk) == there(desk, client=MANAGEMENT_APPLICATION) == NOTHING


def test_where_the_relationship_has_ended_the_customers_administrator_is_told_what_to_type(desk: Desk) -> None:
    furnish(desk)
    desk.order("errors", {"code": 50020, "tenant": CONTOSO, "client": MANAGEMENT_APPLICATION, "times": 100})
    desk.fault(status=403, times=-1)
    told = desk.offboard(dry_run="false")
    assert told["outcome"] == "incomplete"
    assert there(desk)["is_known"]
    assert {one["outcome"] for one in told["items"]} <= UNDONE
    assert f"az ad sp delete --id {PARTNER_APPLICATION}" in told["commands"]
    assert told["management"]["outcome"] != "there"


def test_without_a_management_application_partner_centers_part_goes_and_the_rest_is_named(stack: StackState) -> None:
    with open_desk(stack, managed=False) as desk:
        told = desk.offboard(dry_run="false")
        assert told["outcome"] == "incomplete"
        assert kinds(told, "removed") == ["partner_center_consent"]
        assert kinds(told, "left") == ["service_principal"]
        assert told["management"] == {"outcome": "none"}


def test_nobody_makes_the_consent_again_until_the_end_is_taken_back(desk: Desk) -> None:
    gdap(desk, *BOTH_ROLES)
    desk.offboard(dry_run="false")
    for dry_run in ("true", "false"):
        with pytest.raises(CustomerOffboarded):
            desk.put(dry_run=dry_run)
    assert there(desk) == NOTHING
    assert desk.offboarding.take_back(desk.change())["outcome"] == "returned"
    assert desk.offboarding.take_back(desk.change())["outcome"] == "absent"
    assert desk.apply()["outcome"] == "created"


def test_a_store_that_is_away_stops_the_end_before_anything_is_taken_away(desk: Desk) -> None:
    before = there(desk)
    desk.rows.away = True
    with pytest.raises(BrokerError):
        desk.offboard(dry_run="false")
    assert there(desk) == before


def test_the_partners_own_tenants_are_no_customers_to_be_offboarded(desk: Desk) -> None:
    with pytest.raises(InvalidRequest):
        desk.change("aaaa0000-1111-4222-8333-444444440001", dry_run="false")


def test_a_customer_that_never_had_anything_is_absent_and_gets_nothing(desk: Desk) -> None:
    told = desk.offboard(TAILSPIN, dry_run="false")
    assert told["outcome"] == "absent"
    assert there(desk, TAILSPIN, MANAGEMENT_APPLICATION) == NOTHING
    assert there(desk, TAILSPIN) == NOTHING


def test_what_a_consent_beside_this_one_has_is_no_matter(desk: Desk) -> None:
    """A stored consent that is lost or withdrawn keeps Partner Center's part alone from going."""
    gdap(desk, *BOTH_ROLES)
    furnish(desk)
    desk.actors.store.withdraw("partner", by="somebody", on=utc_now())
    told = desk.offboard(dry_run="false")
    assert there(desk) == NOTHING
    consent = next(
        one
        for one in told["items"]
        if (one["kind"], one["application_id"]) == ("partner_center_consent", PARTNER_APPLICATION)
    )
    assert (consent["outcome"], consent["error"]) == ("left", "consent_withdrawn")
    assert told["outcome"] == "incomplete"
    assert ARM not in there(desk)["consents"]


def test_after_the_relationships_end_the_management_applications_own_object_is_named_too(desk: Desk) -> None:
    """Nobody may look any more, but Entra ID gives both applications tokens of their own there: both are left."""
    gdap(desk, *BOTH_ROLES)
    desk.apply()
    desk.order("errors", {"code": 50020, "tenant": CONTOSO, "user": ADMIN.object_id, "times": 100})
    desk.fault(status=403, times=-1)
    for dry_run in ("true", "false"):
        told = desk.offboard(dry_run=dry_run)
        left = {one["application_id"] for one in told["items"] if one["outcome"] == "left"}
        assert {PARTNER_APPLICATION, MANAGEMENT_APPLICATION} <= left
        assert told["commands"][1:] == [
            f"az ad sp delete --id {PARTNER_APPLICATION}",
            f"az ad sp delete --id {MANAGEMENT_APPLICATION}",
        ]


def test_whoever_is_offboarded_while_a_consent_is_made_gets_no_more_of_it(desk: Desk) -> None:
    """A nightly run may make the consent of a customer for minutes; nothing is made after the end has begun."""
    gdap(desk, *BOTH_ROLES, tenant=TAILSPIN)
    rows = {"resource": "graph", "scopes": ["Directory.Read.All"], "app_roles": ["User.Read.All"]}
    desk.wants(rows, {"resource": "exchange", "app_roles": ["Exchange.ManageAsApp"]})

    def end() -> None:
        desk.waits.on_sleep = None
        assert desk.offboard(TAILSPIN, dry_run="false")["outcome"] == "removed"

    desk.waits.on_sleep = end
    body = {"error": {"code": "Request_BadRequest", "message": "Not a valid reference update."}}
    fault = {"path": ".*/appRoleAssignedTo", "method": "POST", "status": 400, "body": body}
    Controls(desk.state, desk.state.graph).post("faults", fault)
    with pytest.raises(CustomerOffboarded):
        desk.apply(TAILSPIN)
    assert there(desk, TAILSPIN) == there(desk, TAILSPIN, MANAGEMENT_APPLICATION) == NOTHING
