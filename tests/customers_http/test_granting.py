"""API by API: what can be granted is granted, what cannot is named with its reason, and nothing that is there goes."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from local.state import StackState
from local.world import (
    ARM,
    CONTOSO,
    EXCHANGE,
    GRAPH,
    MANAGEMENT_APPLICATION,
    NORTHWIND,
    TAILSPIN,
    WINGTIP,
)
from shared.customers.errors import PartnerCenterMfaMissing, PartnerCenterUnavailable
from shared.entra.errors import DelegatedRightsMissing
from shared.errors import AuthorityUnavailable, kind_of
from tests.customers_http.desk import Desk, open_desk, rows
from tests.local_control import Controls

READ, AS_USER = "Directory.Read.All", "Directory.AccessAsUser.All"


@pytest.fixture
def desk(stack: StackState) -> Iterator[Desk]:
    with open_desk(stack, managed=False) as opened:
        yield opened


@pytest.fixture
def managed(stack: StackState) -> Iterator[Desk]:
    with open_desk(stack, managed=True) as opened:
        yield opened


def test_each_api_that_has_nothing_is_asked_for_alone(desk: Desk) -> None:
    assert rows(desk.put(TAILSPIN)) == {"graph": "created", "arm": "created", "exchange": "created"}
    told = desk.apply(TAILSPIN)
    assert (told["outcome"], told["complete"]) == ("created", True)
    assert desk.asked() == ["POST"] * 3
    assert desk.held(TAILSPIN) == {GRAPH: [READ, AS_USER], ARM: ["user_impersonation"], EXCHANGE: ["Exchange.Manage"]}
    assert rows(desk.apply(TAILSPIN)) == dict.fromkeys(("graph", "arm", "exchange"), "unchanged")
    assert desk.asked() == ["POST"] * 3, "what is so already is left alone"


def test_an_api_more_is_added_and_the_others_are_not_touched(desk: Desk) -> None:
    desk.ungrant(resource=EXCHANGE)
    before = desk.held()
    told = desk.apply()
    assert (told["outcome"], rows(told)["exchange"]) == ("extended", "created")
    assert desk.asked() == ["POST"]
    assert desk.held() == {**before, EXCHANGE: ["Exchange.Manage"]}


def test_the_dry_run_tells_what_is_there_what_comes_and_that_nothing_goes(desk: Desk) -> None:
    """All that the application has in the tenant: the APIs that the grant set does not name too."""
    desk.grant(GRAPH, READ, "Mail.Send")
    told = desk.put()
    assert told["seen"] == {"by": "partner"}
    assert rows(told, "there") == {
        "graph": [READ, "Mail.Send"],
        "arm": ["user_impersonation"],
        "exchange": ["Exchange.Manage"],
        "aadgraph": [READ],
        "keyvault": ["user_impersonation"],
    }
    assert rows(told, "missing")["graph"] == [AS_USER]
    assert set(map(len, rows(told, "lost").values())) == {0}


def test_without_the_management_application_a_scope_more_needs_a_word(desk: Desk) -> None:
    desk.grant(GRAPH, READ, "Mail.Send")
    desk.ungrant(resource=ARM)
    for told in (desk.put(), desk.apply()):
        assert (told["outcome"], told["complete"]) == ("needs_replace", False)
        assert rows(told)["graph"] == "needs_replace"
        assert rows(told)["arm"] == "created", "the others are not kept waiting"
        assert told["management"] == {"outcome": "none"}
    assert desk.asked() == ["POST"]
    assert desk.held()[GRAPH] == [READ, "Mail.Send"]
    assert desk.held()[ARM] == ["user_impersonation"]


def test_the_management_application_adds_the_scope_and_takes_nothing(managed: Desk) -> None:
    managed.grant(GRAPH, READ, "Mail.Send")
    dry = managed.put()
    assert (rows(dry)["graph"], rows(dry, "added")["graph"]) == ("needs_replace", [])
    assert dry["management"] == {"outcome": "created"}, "it would be consented to"
    told = managed.apply()
    assert (told["outcome"], told["complete"], told["seen"]) == ("extended", True, {"by": "management"})
    assert (rows(told)["graph"], rows(told, "added")["graph"]) == ("extended", [AS_USER])
    assert managed.held()[GRAPH] == [READ, "Mail.Send", AS_USER], "a union"
    assert managed.held(client=MANAGEMENT_APPLICATION) == {GRAPH: ["DelegatedPermissionGrant.ReadWrite.All", READ]}, (
        "its own consent there, and no more than it needs"
    )
    assert managed.asked() == ["POST"], "of the management application alone"
    assert managed.put()["management"] == {"outcome": "there"}


def test_a_management_application_that_may_only_read_leaves_it_to_a_replacement(managed: Desk) -> None:
    """Whatever its consent there has become: an addition that Graph refuses each time would be the end of the way."""
    managed.grant(GRAPH, READ, "Mail.Send")
    managed.grant(GRAPH, READ, client=MANAGEMENT_APPLICATION)
    told = managed.apply()
    assert (rows(told)["graph"], told["seen"]) == ("needs_replace", {"by": "management"})
    assert rows(managed.put(replace="true"))["graph"] == "replaced"


def test_a_customer_without_exchange_online_gets_the_rest_and_that_is_no_failure(desk: Desk) -> None:
    desk.lack(EXCHANGE, TAILSPIN)
    for told in (desk.put(TAILSPIN), desk.apply(TAILSPIN)):
        assert (told["outcome"], told["complete"]) == ("created", True)
        assert rows(told) == {"graph": "created", "arm": "created", "exchange": "service_missing"}
    (exchange,) = [row for row in told["grants"] if row["resource"] == "exchange"]
    assert (exchange["error"], exchange["remedy"]) == (
        "service_missing",
        getattr(kind_of("service_missing"), "remedy", ""),
    )
    assert set(desk.held(TAILSPIN)) == {GRAPH, ARM}
    again = desk.apply(TAILSPIN)
    assert (again["outcome"], again["complete"]) == ("unchanged", True)


def test_an_api_that_partner_center_refuses_is_named_and_the_others_are_made(desk: Desk) -> None:
    desk.wants(
        {"resource": "graph", "scopes": [READ]},
        {"resource": "99990000-1111-4222-8333-444444440099", "scopes": ["Do"]},
        {"resource": "arm", "scopes": ["user_impersonation"]},
    )
    desk.fault(method="POST", status=400, body={"code": 2000, "description": "no"})
    told = desk.apply(TAILSPIN)
    assert (told["outcome"], told["complete"]) == ("refused", False)
    assert list(rows(told).values()) == ["refused", "service_missing", "created"]
    (graph,) = [row for row in told["grants"] if row["resource"] == "graph"]
    assert (graph["error"], graph["added"]) == ("partner_center_rejected", [])
    assert "2000" in graph["says"]


@pytest.mark.parametrize(
    "refusal",
    [{"status": 409}, {"status": 400, "body": {"code": 400, "description": "Permission entry already exists."}}],
    ids=["409", "400"],
)
def test_what_partner_center_says_is_there_is_compared(desk: Desk, refusal: dict[str, object]) -> None:
    """A token does not name it yet; a moment later it does."""
    desk.ungrant(resource=ARM)
    desk.fault(method="POST", **refusal)
    desk.waits.on_sleep = lambda: desk.grant(ARM, "user_impersonation")
    told = desk.apply()
    assert (rows(told)["arm"], told["outcome"], told["complete"]) == ("already", "unchanged", True)
    assert desk.waits.slept == [5.0]


def test_what_is_there_and_lacks_scopes_after_a_minute_is_incomplete(desk: Desk) -> None:
    desk.ungrant(resource=ARM)
    desk.fault(method="POST", status=400, body={"description": "Permission entry already exists."})
    told = desk.apply()
    assert (rows(told)["arm"], told["outcome"], told["complete"]) == ("incomplete", "incomplete", False)
    assert rows(told, "missing")["arm"] == ["user_impersonation"]
    assert 50 <= sum(desk.waits.slept) <= 60


@pytest.mark.parametrize("text", ["Permission already exists", "A scope is malformed.", ""])
def test_no_other_text_of_partner_centers_is_read(desk: Desk, text: str) -> None:
    desk.ungrant(resource=ARM)
    desk.fault(method="POST", status=400, body={"code": 400, "description": text})
    assert rows(desk.apply())["arm"] == "refused"
    assert not desk.waits.slept


def test_a_missing_mfa_is_the_answer_and_no_row(desk: Desk) -> None:
    """It is so for every customer alike."""
    desk.fault(method="POST", status=401, body={"code": 900421})
    with pytest.raises(PartnerCenterMfaMissing, match="900421"):
        desk.apply(TAILSPIN)
    assert desk.asked() == ["POST"], "nobody knocks three times"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(403, "partner_center_refused"), (404, "customer_unknown"), (418, "partner_center_rejected")],
)
@pytest.mark.parametrize("body", [None, "<html><body>Sorry</body></html>", {"code": ["x"]}, {"code": "a b"}], ids=str)
def test_each_refusal_has_its_own_remedy_whatever_its_body(desk: Desk, status: int, outcome: str, body: object) -> None:
    desk.ungrant(resource=ARM)
    desk.fault(method="POST", status=status, body=body)
    (arm,) = [row for row in desk.apply()["grants"] if row["resource"] == "arm"]
    assert (arm["error"], arm["remedy"]) == (outcome, getattr(kind_of(outcome), "remedy", ""))
    assert "Sorry" not in arm["says"]


def test_a_lost_answer_ends_it_and_a_repeat_goes_on(desk: Desk) -> None:
    desk.fault(method="POST", drop="after", times=1)
    with pytest.raises(PartnerCenterUnavailable, match="may have been done"):
        desk.apply(TAILSPIN)
    assert set(desk.held(TAILSPIN)) == {GRAPH}
    assert rows(desk.apply(TAILSPIN)) == {"graph": "unchanged", "arm": "created", "exchange": "created"}


def test_one_api_that_cannot_be_told_keeps_no_other_waiting(desk: Desk) -> None:
    desk.wants({"resource": "arm", "scopes": ["user_impersonation"]}, {"resource": "graph", "scopes": [READ]})
    desk.ungrant(TAILSPIN)
    desk.order("errors", {"code": 53003, "tenant": TAILSPIN, "resource": ARM, "times": -1})
    told = desk.apply(TAILSPIN)
    assert (told["outcome"], told["complete"]) == ("unknown", False)
    assert rows(told) == {"arm": "unknown", "graph": "created"}
    assert set(desk.held(TAILSPIN)) == {GRAPH}


def test_where_nothing_can_be_told_the_reason_is_the_answer(desk: Desk) -> None:
    dry = desk.put(WINGTIP)
    assert (dry["outcome"], dry["seen"]["error"]) == ("unknown", "delegated_rights_missing")
    with pytest.raises(DelegatedRightsMissing):
        desk.apply(WINGTIP)
    assert desk.asked() == []


def test_the_management_application_that_cannot_act_is_told_and_the_partner_application_sees(managed: Desk) -> None:
    managed.order("errors", {"code": 50173, "client": MANAGEMENT_APPLICATION, "times": -1})
    managed.ungrant(resource=ARM)
    told = managed.apply()
    assert told["management"]["outcome"] == "new_consent_needed"
    assert (told["seen"], rows(told)["arm"]) == ({"by": "partner"}, "created")


def test_a_grant_that_graph_does_not_change_is_named(managed: Desk) -> None:
    managed.grant(GRAPH, READ)
    managed.grant(GRAPH, READ, "DelegatedPermissionGrant.ReadWrite.All", client=MANAGEMENT_APPLICATION)
    fault = {"method": "PATCH", "path": ".*", "status": 403, "body": {"error": {"code": "Authorization_RequestDenied"}}}
    Controls(managed.state, managed.state.graph).post("faults", fault)
    told = managed.apply()
    (graph,) = [row for row in told["grants"] if row["resource"] == "graph"]
    assert (graph["outcome"], graph["error"], told["complete"]) == ("refused", "graph_refused", False)
    assert "Authorization_RequestDenied" in graph["says"]


def test_both_applications_are_taken_back(managed: Desk) -> None:
    managed.grant(GRAPH, READ, client=MANAGEMENT_APPLICATION)
    assert managed.remove()["outcome"] == "removed"
    assert managed.held()
    told = managed.remove(dry_run="false")
    assert (told["outcome"], told["management"]) == ("removed", {"outcome": "removed"})
    assert (managed.held(), managed.held(client=MANAGEMENT_APPLICATION)) == ({}, {})
    assert managed.remove()["outcome"] == "absent"


def test_a_customer_gets_the_set_that_lists_it_and_the_others_the_usual_one(desk: Desk) -> None:
    desk.wants(
        {"resource": "arm", "scopes": ["user_impersonation"]}, name="application-grants-azure", customers=[NORTHWIND]
    )
    desk.ungrant(NORTHWIND)
    told = desk.apply(NORTHWIND)
    assert (told["set"], rows(told)) == ("application-grants-azure", {"arm": "created"})
    assert desk.held(NORTHWIND) == {ARM: ["user_impersonation"]}
    assert desk.put(CONTOSO)["set"] == "application-grants"


def test_once_the_time_of_a_request_is_over_nothing_more_is_asked_of_anybody(desk: Desk) -> None:
    """It would be answered to nobody: the front end ends a request after 230 seconds."""
    desk.ungrant(resource=ARM)
    Controls(desk.state, desk.state.entra).clear("requests")
    desk.customers = replace(desk.customers, request_seconds=0.0)
    with pytest.raises(AuthorityUnavailable, match="no time left"):
        desk.apply()
    for url in (desk.state.entra, desk.state.graph, desk.state.partner_center):
        assert not [path for _, path in Controls(desk.state, url).requests() if "/v1" in path or "/token" in path]


def test_a_consent_of_its_own_that_is_not_known_everywhere_yet_is_waited_for(managed: Desk) -> None:
    """Otherwise the first request for each customer would only say what the second one does."""
    managed.grant(GRAPH, READ)
    order = {"code": 65001, "tenant": CONTOSO, "client": MANAGEMENT_APPLICATION, "times": 3}
    managed.order("errors", order)
    told = managed.apply()
    assert (told["outcome"], told["seen"]) == ("extended", {"by": "management"})
    assert managed.waits.slept == [5.0, 5.0]
