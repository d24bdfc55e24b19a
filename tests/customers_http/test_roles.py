"""Roles of the application itself, named by the grant set and assigned by the management application, on the stack."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers_http.plan import digest_told
from local.app_roles import APP_ROLES
from local.graph.administrators import PRIVILEGED_ROLE_ADMINISTRATOR
from local.graph.principals import principal_id
from local.graph.relationships import CLOUD_APPLICATION_ADMINISTRATOR, relationship
from local.state import StackState
from local.world import CONTOSO, EXCHANGE, GRAPH, MANAGEMENT_APPLICATION, PARTNER_APPLICATION, TAILSPIN
from shared.consents.errors import ConsentWithdrawn
from shared.customers.application_roles import ApplicationRoles
from shared.customers.errors import PlanOutdated
from shared.entra.tokens import AccessToken
from tests.customers_http.desk import Desk, open_desk
from tests.local_control import Controls
from tests.shared.samples import consent

USUAL = {"resource": "graph", "scopes": ["Directory.Read.All"], "app_roles": ["User.Read.All", "Reports.Read.All"]}
EXCHANGE_ALONE = {"resource": "exchange", "app_roles": ["Exchange.ManageAsApp"]}
EXCHANGE_ADMINISTRATOR = "29232cdf-9323-42fd-ade2-1d097af3e4de"
ASSIGNING = r"/v1.0/servicePrincipals/.*/appRoleAssignedTo"
APPOINTING = "/v1.0/roleManagement/directory/roleAssignments"
SCOPES = ["DelegatedPermissionGrant.ReadWrite.All", "Directory.Read.All", "AppRoleAssignment.ReadWrite.All"]


@pytest.fixture
def desk(stack: StackState) -> Iterator[Desk]:
    with open_desk(stack, managed=True) as opened:
        with_gdap(opened, PRIVILEGED_ROLE_ADMINISTRATOR, CLOUD_APPLICATION_ADMINISTRATOR)
        opened.wants(USUAL)
        yield opened


def with_gdap(desk: Desk, *roles: str) -> None:
    """What the person holds by GDAP in Contoso and Tailspin from now on."""
    details = {"unifiedRoles": [{"roleDefinitionId": role} for role in roles]}
    ordered = [relationship(tenant, "x", accessDetails=details) for tenant in (CONTOSO, TAILSPIN)]
    Controls(desk.state, desk.state.graph).post("relationships", {"relationships": ordered})


def assigned(desk: Desk, resource: str = GRAPH, tenant: str = CONTOSO) -> set[str]:
    """The values of the app roles that the partner application has, as Entra ID knows it."""
    named = {role: value for value, role in APP_ROLES[resource].items()}
    return {named.get(role, role) for api, role in told_of(desk, tenant)["app_roles"] if api == resource}


def told_of(desk: Desk, tenant: str = CONTOSO) -> Mapping[str, Any]:
    told: Mapping[str, Any] = (
        Controls(desk.state, desk.state.entra)
        ._send("GET", f"principals?tenant={tenant}&client={PARTNER_APPLICATION}", None)
        .json()
    )
    return told


def give(desk: Desk, value: str, resource: str = GRAPH) -> None:
    place = {"tenant": CONTOSO, "client": PARTNER_APPLICATION, "resource": resource}
    desk.order("app-roles", {**place, "role": APP_ROLES[resource][value]})


def fault(desk: Desk, path: str = ASSIGNING, method: str = "POST", **more: Any) -> None:  # noqa: ANN401 - a fault's fields
    Controls(desk.state, desk.state.graph).post("faults", {"path": path, "method": method, **more})


def sent(desk: Desk, fragment: str = "appRoleAssignedTo") -> int:
    requests = Controls(desk.state, desk.state.graph).requests()
    return sum(count for (method, path), count in requests.items() if method == "POST" and fragment in path)


def role_row(told: Mapping[str, Any], resource: str = "graph") -> dict[str, Any]:
    row: dict[str, Any] = next(one for one in told["roles"] if one["resource"] == resource)
    return row


def test_a_grant_set_without_roles_wants_none_and_the_management_application_gets_no_more(desk: Desk) -> None:
    desk.wants({"resource": "graph", "scopes": ["Directory.Read.All"]})
    told = desk.apply(TAILSPIN)
    assert (told["roles"], told["complete"]) == ([], True)
    assert desk.held(TAILSPIN, MANAGEMENT_APPLICATION) == {GRAPH: SCOPES[:2]}


def test_a_dry_run_says_what_would_be_added_and_adds_nothing(desk: Desk) -> None:
    give(desk, "User.Read.All")
    give(desk, "Mail.Read")
    told = desk.put()
    row = role_row(told)
    assert (row["there"], row["added"]) == (["Mail.Read", "User.Read.All"], ["Reports.Read.All"]), (
        "the partner may read"
    )
    assert told["management"]["outcome"] == "created"
    desk.grant(GRAPH, *SCOPES, client=MANAGEMENT_APPLICATION)
    row = role_row(desk.put())
    assert row["there"] == ["Mail.Read", "User.Read.All"]
    assert (row["added"], row["lost"], row["outcome"]) == (["Reports.Read.All"], [], "extended")
    assert assigned(desk) == {"User.Read.All", "Mail.Read"}


def test_a_dry_run_where_nobody_can_look_yet_says_what_is_wanted(desk: Desk) -> None:
    told = desk.put(TAILSPIN)
    row = role_row(told)
    assert (row["outcome"], row["added"], row["there"]) == ("extended", ["User.Read.All", "Reports.Read.All"], [])
    assert (told["management"]["outcome"], assigned(desk, tenant=TAILSPIN)) == ("created", set())


def test_what_is_missing_is_assigned_once_and_what_is_beyond_the_set_stays(desk: Desk) -> None:
    give(desk, "Mail.Read")
    told = desk.apply()
    assert (told["outcome"], told["complete"]) == ("extended", True)
    assert role_row(told)["added"] == ["User.Read.All", "Reports.Read.All"]
    assert assigned(desk) == {"Mail.Read", "User.Read.All", "Reports.Read.All"}
    before = sent(desk)
    again = desk.apply()
    assert (role_row(again)["outcome"], again["outcome"], sent(desk)) == ("unchanged", "unchanged", before)


def test_a_customer_that_had_nothing_gets_scopes_and_roles_in_one_request(desk: Desk) -> None:
    desk.wants(USUAL, EXCHANGE_ALONE, directory_roles=["Exchange Administrator"])
    told = desk.apply(TAILSPIN)
    assert (told["outcome"], told["complete"]) == ("created", True), told
    assert [row["resource"] for row in told["grants"]] == ["graph"], "an API with app roles alone is no scope's row"
    assert assigned(desk, tenant=TAILSPIN) == {"User.Read.All", "Reports.Read.All"}
    assert assigned(desk, EXCHANGE, TAILSPIN) == {"Exchange.ManageAsApp"}
    assert told_of(desk, TAILSPIN)["directory_roles"] == [EXCHANGE_ADMINISTRATOR]
    directory = role_row(told, "directory")
    assert (directory["added"], directory["outcome"]) == (["Exchange Administrator"], "extended")
    assert "application_id" not in directory
    assert set(desk.held(TAILSPIN, MANAGEMENT_APPLICATION)[GRAPH]) == {*SCOPES, "RoleManagement.ReadWrite.Directory"}


def test_a_management_application_that_is_there_already_adds_to_its_own_grant_what_roles_need(desk: Desk) -> None:
    desk.grant(GRAPH, *SCOPES[:2], client=MANAGEMENT_APPLICATION)
    assert desk.put()["management"]["outcome"] == "extended"
    assert desk.held(client=MANAGEMENT_APPLICATION) == {GRAPH: SCOPES[:2]}, "a dry run adds nothing"
    told = desk.apply()
    assert (told["management"]["outcome"], told["complete"]) == ("extended", True)
    assert desk.held(client=MANAGEMENT_APPLICATION) == {GRAPH: SCOPES}
    assert desk.apply()["management"]["outcome"] == "there"


def test_without_the_gdap_role_each_missing_role_is_named_and_the_rest_goes_on(desk: Desk) -> None:
    with_gdap(desk, CLOUD_APPLICATION_ADMINISTRATOR)
    desk.wants(USUAL, EXCHANGE_ALONE, directory_roles=["Exchange Administrator"])
    told = desk.apply(TAILSPIN)
    assert (told["outcome"], told["complete"]) == ("refused", False)
    graph = role_row(told)
    assert (graph["outcome"], graph["error"], graph["added"]) == ("refused", "role_assignment_refused", [])
    assert "Missing: User.Read.All, Reports.Read.All." in graph["says"]
    assert "Privileged Role Administrator" in graph["remedy"]
    assert role_row(told, "exchange")["outcome"] == "extended", "the lesser role is enough for other APIs"
    assert "Missing: Exchange Administrator." in role_row(told, "directory")["says"]
    assert [row["outcome"] for row in told["grants"]] == ["created"]


def test_a_role_that_the_api_does_not_define_is_named(desk: Desk) -> None:
    desk.wants({**USUAL, "app_roles": ["User.Read.All", "User.Raed.All"]})
    for told in (desk.put(), desk.apply()):
        row = role_row(told)
        assert (row["outcome"], row["error"], told["complete"]) == ("refused", "app_role_unknown", False)
        assert "User.Raed.All" in row["says"]
    assert assigned(desk) == set(), "nothing of an API whose roles are in doubt"


def test_a_service_that_is_not_there_is_no_failure(desk: Desk) -> None:
    desk.lack(EXCHANGE)
    desk.wants(USUAL, EXCHANGE_ALONE)
    told = desk.apply()
    assert (role_row(told, "exchange")["outcome"], told["complete"]) == ("service_missing", True)


def test_without_a_management_application_it_is_said_who_assigns(stack: StackState) -> None:
    with open_desk(stack, managed=False) as desk:
        desk.wants(USUAL)
        told = desk.apply()
        row = role_row(told)
        assert (row["outcome"], row["error"], told["complete"]) == ("refused", "roles_unmanaged", False)
        give(desk, "User.Read.All")
        give(desk, "Reports.Read.All")
        assert role_row(desk.apply())["outcome"] == "unchanged", "the partner application's own token may read"


@pytest.mark.parametrize("drop", ["before", "after"])
def test_an_answer_that_is_lost_is_looked_after_and_nothing_doubles(desk: Desk, drop: str) -> None:
    desk.apply(TAILSPIN)
    desk.grant(GRAPH, *SCOPES, client=MANAGEMENT_APPLICATION)
    fault(desk, drop=drop)
    told = desk.apply()
    assert (role_row(told)["added"], told["complete"]) == (["User.Read.All", "Reports.Read.All"], True)
    roles = told_of(desk)["app_roles"]
    assert len(roles) == len({tuple(one) for one in roles}) == 2


@pytest.mark.parametrize("status", [400, 404])
def test_what_is_too_early_is_tried_again_until_a_minute_is_over(desk: Desk, status: int) -> None:
    """The application was made known there a moment ago, and Graph does not find it everywhere."""
    body = {"error": {"code": "Request_BadRequest", "message": "Not a valid reference update."}}
    fault(desk, status=status, body=body, times=3)
    assert desk.apply()["complete"] is True
    assert desk.waits.slept.count(5.0) >= 3
    desk.order("app-roles", {"tenant": CONTOSO, "client": PARTNER_APPLICATION, "resource": GRAPH, "role": "x"})
    desk.wants({**USUAL, "app_roles": ["Mail.Read"]})
    fault(desk, status=status, body=body, times=-1)
    told = desk.apply()
    assert role_row(told)["error"] == "role_assignment_refused"
    assert f"HTTP {status}" in role_row(told)["says"]


def test_graph_that_asks_to_wait_is_obeyed(desk: Desk) -> None:
    fault(desk, status=429, headers={"Retry-After": "2"}, times=2)
    assert desk.apply()["complete"] is True


def test_graph_that_stays_away_leaves_it_unknown_and_the_scopes_granted(desk: Desk) -> None:
    fault(desk, method=".*", status=503, times=-1)
    told = desk.apply()
    assert (role_row(told)["outcome"], told["outcome"], told["complete"]) == ("unknown", "unknown", False)
    assert role_row(told)["error"] == "graph_unavailable"
    assert "graph" in {row["resource"] for row in told["grants"]}


HOSTILE = [
    {"oddity": "in a list"},
    {"members": {"id": "../../users"}},
    {"members": {"id": 5}},
    {"members": {"appId": "99990000-1111-4222-8333-444444440001"}},
    {"members": {"appRoles": "x"}},
    {"members": {"appRoles": [{"value": "User.Read.All"}]}},
    {"members": {"appRoles": [5]}},
]


@pytest.mark.parametrize("answer", HOSTILE, ids=str)
def test_an_answer_that_cannot_be_is_believed_in_nothing(desk: Desk, answer: dict[str, Any]) -> None:
    desk.grant(GRAPH, *SCOPES, client=MANAGEMENT_APPLICATION)
    fault(desk, rf".*servicePrincipals\(appId='{GRAPH}'\)", "GET", mode="odd_json", times=-1, **answer)
    told = desk.apply()
    assert (role_row(told)["outcome"], role_row(told)["error"]) == ("unknown", "graph_unavailable")
    assert sent(desk) == 0


@pytest.mark.parametrize(
    "value",
    [[{"principalId": "another", "resourceId": "x", "appRoleId": "y"}], [{"resourceId": "x"}], "x", [5]],
    ids=str,
)
def test_roles_of_another_application_are_not_taken_for_its_own(desk: Desk, value: object) -> None:
    desk.grant(GRAPH, *SCOPES, client=MANAGEMENT_APPLICATION)
    # The standing is read before, by the same address: what cannot be read there ends with the partner's own look.
    fault(desk, ".*/appRoleAssignments", "GET", status=200, body={"value": value}, times=-1)
    told = desk.apply()
    assert role_row(told)["outcome"] == "unknown"
    assert sent(desk) == 0


def test_a_consent_that_is_withdrawn_meanwhile_ends_it_and_what_was_done_is_on_record(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.grant(GRAPH, *SCOPES, client=MANAGEMENT_APPLICATION)
    desk.wants(USUAL, EXCHANGE_ALONE)
    path = f"/v1.0/servicePrincipals/{principal_id(CONTOSO, EXCHANGE)}/appRoleAssignedTo"
    fault(desk, path, status=404, body={"error": {"code": "Request_BadRequest", "message": "x"}})

    def withdraw() -> None:
        desk.actors.store.withdraw("partner", by="operator", on=consent("x").consented_on)
        desk.waits.on_sleep = None

    desk.waits.on_sleep = withdraw
    with caplog.at_level("INFO", logger="broker.audit"), pytest.raises(ConsentWithdrawn):
        desk.apply()
    assert assigned(desk) == {"User.Read.All", "Reports.Read.All"}
    assert assigned(desk, EXCHANGE) == set()
    assert "graph role Reports.Read.All: extended" in caplog.text


def defined(value: object, role: str, *types: str, **more: object) -> dict[str, Any]:
    """An app role as an API defines it."""
    return {"id": role, "value": value, "allowedMemberTypes": list(types), "isEnabled": True, **more}


USERS_OWN, SWITCHED_OFF, GOOD = (f"99990000-1111-4222-8333-44444444000{number}" for number in (1, 2, 3))


@pytest.mark.parametrize(
    ("wanted", "outcome"),
    [("Survey.Read", "refused"), ("Old.Read", "refused"), ("Twice.Read", "unknown")],
)
def test_roles_for_people_alone_and_roles_switched_off_are_none_for_applications(
    desk: Desk, wanted: str, outcome: str
) -> None:
    """Of two roles of one value, the one that applications may have is meant: it is tried, and Graph decides."""
    desk.grant(GRAPH, *SCOPES, client=MANAGEMENT_APPLICATION)
    roles = [
        defined("Survey.Read", USERS_OWN, "User"),
        defined("Old.Read", SWITCHED_OFF, "Application", isEnabled=False),
        defined(None, SWITCHED_OFF, "Application"),
        defined("Twice.Read", USERS_OWN, "User"),
        defined("Twice.Read", GOOD, "User", "Application"),
    ]
    api = rf".*servicePrincipals\(appId='{GRAPH}'\)"
    fault(desk, api, "GET", mode="odd_json", members={"appRoles": roles}, times=-1)
    desk.wants({**USUAL, "app_roles": [wanted]})
    fault(desk, status=503, times=-1)
    row = role_row(desk.apply())
    assert (row["outcome"], row["added"]) == (outcome, [])
    assert (row["error"] == "app_role_unknown") == (outcome == "refused")
    assert bool(sent(desk)) == (outcome == "unknown")


def test_what_is_on_the_last_of_many_pages_is_there_all_the_same(desk: Desk) -> None:
    """More than a thousand assignments, of which the last pages hold what is wanted."""
    desk.grant(GRAPH, *SCOPES, client=MANAGEMENT_APPLICATION)
    here, api = principal_id(CONTOSO, PARTNER_APPLICATION), principal_id(CONTOSO, GRAPH)
    wanted = [APP_ROLES[GRAPH][value] for value in USUAL["app_roles"]]
    many = [f"99990000-1111-4222-8333-{number:012d}" for number in range(1200)] + wanted
    lists = f"/v1.0/servicePrincipals/{here}/appRoleAssignments"
    size = 100
    pages = [many[begin : begin + size] for begin in range(0, len(many), size)]
    for number, page in enumerate(pages, start=1):
        value = [{"principalId": here, "resourceId": api, "appRoleId": role} for role in page]
        following = {"@odata.nextLink": f"{desk.state.graph}{lists}?$skiptoken={number}"} if number < len(pages) else {}
        fault(desk, lists, "GET", status=200, body={"value": value, **following}, times=1)
    roles = ApplicationRoles(graph=desk.graph, token=management_token(desk), correlation="c")
    assert roles.held(here) == {api: frozenset(many)}


def management_token(desk: Desk) -> AccessToken:
    actor = desk.actors.management()
    assert actor is not None
    return actor.token("https://graph.microsoft.com/.default", CONTOSO)


@pytest.mark.parametrize("status", [400, 409])
def test_what_somebody_else_assigned_meanwhile_is_no_refusal(desk: Desk, status: int) -> None:
    desk.grant(GRAPH, *SCOPES, client=MANAGEMENT_APPLICATION)
    body = {"error": {"code": "Request_BadRequest", "message": "Permission being assigned already exists"}}
    fault(desk, status=status, body=body)

    def somebody_else() -> None:
        for value in USUAL["app_roles"]:
            give(desk, value)

    desk.waits.on_sleep = somebody_else
    told = desk.apply()
    assert (told["complete"], assigned(desk)) == (True, set(USUAL["app_roles"]))
    roles = told_of(desk)["app_roles"]
    assert len(roles) == len({tuple(one) for one in roles})


def test_a_refusal_amid_them_tells_what_was_added_and_what_is_missing(desk: Desk) -> None:
    desk.grant(GRAPH, *SCOPES, client=MANAGEMENT_APPLICATION)
    body = {"error": {"code": "Authorization_RequestDenied", "message": "x"}}
    wanted = ["User.Read.All", "Reports.Read.All", "Mail.Read"]
    desk.wants({**USUAL, "app_roles": wanted})
    give(desk, "User.Read.All")
    fault(desk, status=429, headers={"Retry-After": "1"})
    fault(desk, status=503)
    fault(desk, status=403, body=body, times=-1)
    row = role_row(desk.apply())
    assert set(row["there"]) | set(row["added"]) == assigned(desk)
    assert set(wanted) - assigned(desk) <= {name.strip(" .,") for name in row["says"].split()}


VALUES = sorted(APP_ROLES[GRAPH].keys() - {"AppRoleAssignment.ReadWrite.All", "RoleManagement.ReadWrite.Directory"})
SUBSETS = st.frozensets(st.sampled_from(VALUES), max_size=len(VALUES))
FAULTS = st.sampled_from(
    [
        None,
        *({"drop": "before"}, {"drop": "after"}, {"drop": "after", "times": 2}, {"status": 500}, {"status": 503}),
        *({"status": 429}, {"status": 400}, {"status": 404}, {"status": 409}),
    ]
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=SUBSETS.filter(bool), there=SUBSETS, met=FAULTS)
def test_whatever_is_wanted_and_there_what_is_told_is_what_then_stands(
    desk: Desk, wanted: frozenset[str], there: frozenset[str], met: dict[str, Any] | None
) -> None:
    """There, added and lost are right, dry run or not; a lost answer doubles nothing, and repeating adds nothing."""
    Controls(desk.state, desk.state.entra).clear("consents")
    desk.grant(GRAPH, *SCOPES, client=MANAGEMENT_APPLICATION)
    desk.waits.now = 0.0
    for value in there:
        give(desk, value)
    desk.wants({**USUAL, "app_roles": sorted(wanted)})
    planned = role_row(desk.put())
    assert set(planned["there"]) == there
    assert (set(planned["added"]), planned["lost"]) == (set(wanted - there), [])
    assert assigned(desk) == there
    if met:
        fault(desk, **met)
    done = role_row(desk.apply())
    assert (done["there"], done["added"], done["lost"]) == (planned["there"], planned["added"], [])
    assert assigned(desk) == there | wanted
    Controls(desk.state, desk.state.graph).clear("faults")
    again = role_row(desk.apply())
    assert (again["added"], again["outcome"]) == ([], "unchanged")
    assert set(again["there"]) == there | wanted
    assert len(told_of(desk)["app_roles"]) == len(there | wanted)


def follow(desk: Desk, told: Mapping[str, Any]) -> dict[str, Any]:
    """What a person does who was shown this by a dry run."""
    shown = digest_told(CONTOSO, told["grants"], told["roles"])
    change = desk.change_to_grant(dry_run="false")
    return desk.customers.grant(dataclasses.replace(change, shown=shown))


@pytest.mark.parametrize("scopes", [["Directory.Read.All"], ["User.Read"]], ids=["there", "lacking"])
def test_what_a_dry_run_has_shown_of_roles_is_done_and_nothing_that_it_has_not(desk: Desk, scopes: list[str]) -> None:
    """Also where nothing is left to do but the roles."""
    desk.grant(GRAPH, *SCOPES, client=MANAGEMENT_APPLICATION)
    desk.grant(GRAPH, *scopes)
    told = desk.put()
    desk.wants({**USUAL, "app_roles": [*USUAL["app_roles"], "Mail.Read"]})
    with pytest.raises(PlanOutdated):
        follow(desk, told)
    assert assigned(desk) == set()
    assert sorted(follow(desk, desk.put())["roles"][0]["added"]) == ["Mail.Read", "Reports.Read.All", "User.Read.All"]
    assert follow(desk, told)["outcome"] == "unchanged", "nothing is left to do, whatever was shown"
