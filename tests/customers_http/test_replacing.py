"""Replacing: on an operator's word alone, as a dry run has shown it, to the union, and read back."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from customers_http.api_state import ApiState
from customers_http.granting import Granting, Place
from local.state import StackState
from local.world import AAD_GRAPH, ARM, CONTOSO, EXCHANGE, GRAPH, KEY_VAULT, PARTNER_APPLICATION, TAILSPIN, TEAMS
from shared.customers.errors import GrantsUnseen, PartnerCenterRefused, PartnerCenterUnavailable, PlanOutdated
from shared.customers.replacements import REPLACING
from shared.customers.results import TABLE
from tests.customers_http.desk import Desk, open_desk, rows
from tests.local_control import Controls

READ, AS_USER = "Directory.Read.All", "Directory.AccessAsUser.All"
WHOLE = {
    GRAPH: [READ, "Mail.Send", AS_USER],
    ARM: ["user_impersonation"],
    EXCHANGE: ["Exchange.Manage"],
    AAD_GRAPH: [READ],
    KEY_VAULT: ["user_impersonation"],
}


@pytest.fixture
def desk(stack: StackState) -> Iterator[Desk]:
    """Without the management application, and a Graph consent that is richer than the grant set and lacks a scope."""
    with open_desk(stack, managed=False) as opened:
        opened.grant(GRAPH, READ, "Mail.Send")
        yield opened


def test_everything_comes_back_and_what_lacked_with_it(desk: Desk) -> None:
    dry = desk.put(replace="true")
    assert (dry["outcome"], dry["complete"]) == ("replaced", True)
    assert {name: added for name, added in rows(dry, "added").items() if added} == {"graph": [AS_USER]}
    assert desk.asked() == [], "a dry run"
    told = desk.apply(replace="true", plan=dry["plan"])
    assert (told["outcome"], told["complete"]) == ("replaced", True)
    assert desk.held() == WHOLE
    assert desk.asked() == ["DELETE", *["POST"] * 5]
    assert rows(told) == dict.fromkeys(rows(told), "replaced")


def test_what_cannot_be_made_again_is_shown_before_it_is_lost(desk: Desk) -> None:
    place = {"tenant": CONTOSO, "client": PARTNER_APPLICATION}
    role = "99990000-1111-4222-8333-444444440010"
    desk.order("beside", {**place, "resource": GRAPH, "role": role})
    desk.order("beside", {**place, "resource": ARM, "scope": "offline"})
    desk.order("beside", {**place, "resource": TEAMS, "role": role})
    dry = desk.put(replace="true")
    assert {name: lost for name, lost in rows(dry, "lost").items() if lost} == {
        "graph": [f"app role {role}"],
        "arm": ["offline (of one person)"],
        "teams": [f"app role {role}"],
    }
    told = desk.apply(replace="true", plan=dry["plan"])
    assert rows(told, "lost") == rows(dry, "lost")
    assert desk.held() == WHOLE


def test_nothing_is_replaced_without_the_word_or_the_plan(desk: Desk) -> None:
    plan = desk.put(replace="true")["plan"]
    assert desk.apply()["outcome"] == "needs_replace"
    assert desk.apply(plan=plan)["outcome"] == "needs_replace", "a plan is no word"
    for parameters in ({}, {"plan": "0" * 32}):
        with pytest.raises(PlanOutdated):
            desk.apply(replace="true", **parameters)
    assert desk.asked() == []


def test_a_plan_is_void_once_anything_else_stands_there(desk: Desk) -> None:
    plan = desk.put(replace="true")["plan"]
    desk.grant(KEY_VAULT, "user_impersonation", "more")
    with pytest.raises(PlanOutdated):
        desk.apply(replace="true", plan=plan)
    plan = desk.put(replace="true")["plan"]
    desk.wants({"resource": "graph", "scopes": [READ, AS_USER, "User.Read"]})
    with pytest.raises(PlanOutdated):
        desk.apply(replace="true", plan=plan)
    desk.order("beside", {"tenant": CONTOSO, "client": PARTNER_APPLICATION, "resource": ARM, "scope": "offline"})
    with pytest.raises(PlanOutdated):
        desk.apply(replace="true", plan=desk.put(replace="true", tenant=TAILSPIN).get("plan", plan))
    assert desk.asked() == []


def test_where_it_cannot_be_seen_nothing_is_replaced(desk: Desk) -> None:
    """The partner application's own token may not read: what would be lost, nobody knows."""
    desk.grant(GRAPH, "Mail.Send")
    dry = desk.put(replace="true")
    assert (dry["seen"]["by"], dry["seen"]["error"], dry["outcome"]) == ("", "grants_unseen", "needs_replace")
    assert "plan" not in dry
    with pytest.raises(GrantsUnseen):
        desk.apply(replace="true")
    assert desk.asked() == []
    assert desk.held()[GRAPH] == ["Mail.Send"]


def test_a_failure_of_graph_is_no_sight(desk: Desk) -> None:
    order = {"path": ".*/appRoleAssignments", "times": -1, "status": 500}
    Controls(desk.state, desk.state.graph).post("faults", order)
    dry = desk.put(replace="true")
    assert dry["seen"]["error"] == "graph_unavailable"
    with pytest.raises(GrantsUnseen):
        desk.apply(replace="true")
    assert desk.asked() == []


def test_a_refused_removal_changes_nothing(desk: Desk) -> None:
    plan = desk.put(replace="true")["plan"]
    desk.fault(method="DELETE", status=403)
    with pytest.raises(PartnerCenterRefused):
        desk.apply(replace="true", plan=plan)
    assert desk.held()[GRAPH] == [READ, "Mail.Send"]
    assert desk.asked() == ["DELETE"]


@pytest.mark.parametrize("drop", ["before", "after"])
def test_a_removal_whose_answer_is_lost_is_followed_by_making_all_again(desk: Desk, drop: str) -> None:
    """Done or not, nobody knows; either way nothing may be missing in the end."""
    plan = desk.put(replace="true")["plan"]
    desk.fault(method="DELETE", drop=drop, times=1)
    told = desk.apply(replace="true", plan=plan)
    held = {api: set(scopes) for api, scopes in desk.held().items()}
    if drop == "after":
        assert (held, told["complete"]) == ({api: set(scopes) for api, scopes in WHOLE.items()}, True)
    else:
        assert held == {**{api: set(scopes) for api, scopes in WHOLE.items()}, GRAPH: {READ, "Mail.Send"}}
        assert (rows(told)["graph"], rows(told, "lost")["graph"], told["complete"]) == ("incomplete", [], False)


def test_a_removal_that_is_done_late_is_made_good_too(desk: Desk) -> None:
    """Partner Center has not answered, and does it when all was asked for again."""
    plan = desk.put(replace="true")["plan"]
    desk.fault(method="DELETE", drop="before", times=1)

    def late() -> None:
        if len(desk.waits.slept) == 3:  # two while the old consent is known, then the first of reading back
            desk.ungrant()

    desk.waits.on_sleep = late
    told = desk.apply(replace="true", plan=plan)
    assert (told["outcome"], told["complete"]) == ("replaced", True)
    assert desk.held() == WHOLE


@pytest.mark.parametrize("fault", [{"drop": "before"}, {"drop": "after"}, {"status": 409}, {"status": 503}], ids=str)
def test_what_was_taken_back_is_asked_for_until_it_is_there(desk: Desk, fault: dict[str, object]) -> None:
    plan = desk.put(replace="true")["plan"]
    desk.fault(method="POST", times=2, **fault)
    told = desk.apply(replace="true", plan=plan)
    assert told["complete"] is True
    assert desk.held() == WHOLE


def test_an_api_that_is_refused_is_named_as_lost_and_all_others_are_made(desk: Desk) -> None:
    plan = desk.put(replace="true")["plan"]
    desk.fault(method="POST", status=400, body={"code": 2000})  # the first is Graph's
    told = desk.apply(replace="true", plan=plan)
    assert (told["outcome"], told["complete"]) == ("refused", False)
    assert rows(told, "lost")["graph"] == [READ, "Mail.Send"]
    assert desk.held() == {api: scopes for api, scopes in WHOLE.items() if api != GRAPH}
    desk.fault(method="POST", status=400, body={"code": 2000})
    assert rows(desk.apply(), "missing")["graph"] == [READ, AS_USER, "Mail.Send"], "a repeat asks for all of it"
    again = desk.apply()
    assert rows(again)["graph"] == "created", "and the next one for what the grant set wants"
    assert desk.held()[GRAPH] == [READ, AS_USER]


class Killed(Granting):
    """The process ends when the first API is to be made again."""

    def post(self, place: Place, state: ApiState, scopes: Sequence[str]) -> bool:
        raise SystemExit(f"{place.change.tenant_id} {state.grant.resource} {scopes}")


def test_what_a_killed_process_has_taken_back_the_next_request_makes_again(desk: Desk) -> None:
    """Also beyond the grant set: nobody else knows any more what there was."""
    plan = desk.put(replace="true")["plan"]
    whole = desk.customers
    killed = Killed(center=desk.center, graph=desk.graph)
    desk.customers = replace(whole, replacing=replace(whole.replacing, granting=killed))
    with pytest.raises(SystemExit):
        desk.apply(replace="true", plan=plan)
    assert desk.held() == {}
    desk.customers = whole
    dry = desk.put()
    assert rows(dry, "added")["graph"] == [READ, AS_USER, "Mail.Send"]
    assert rows(dry)["keyvault"] == "created", "an API that the grant set does not name"
    told = desk.apply()
    assert (told["outcome"], told["complete"]) == ("created", True)
    assert {api: set(scopes) for api, scopes in desk.held().items()} == {api: set(has) for api, has in WHOLE.items()}
    assert desk.customers.replacements.unfinished(CONTOSO) == {}, "it is ended"


def test_who_takes_all_back_ends_what_was_begun(desk: Desk) -> None:
    desk.customers.replacements.begin(CONTOSO, {GRAPH: ["Mail.Send"]})
    desk.remove(dry_run="false")
    assert rows(desk.put(), "added")["graph"] == [READ, AS_USER]


@pytest.mark.parametrize(
    "damage", [{"wanted": "["}, {"wanted": "7"}, {"wanted": '{"a": 5}'}, {"begun_on": "2020-01-01T00:00:00+00:00"}]
)
def test_what_cannot_be_read_or_is_long_past_is_not_made(desk: Desk, damage: dict[str, str]) -> None:
    desk.customers.replacements.begin(CONTOSO, {GRAPH: ["Mail.Send"]})
    (begun,) = desk.rows.select(TABLE, REPLACING)
    desk.rows.put(TABLE, replace(begun, fields={**begun.fields, **damage}))
    assert desk.customers.replacements.unfinished(CONTOSO) == {}


def test_with_the_management_application_there_is_nothing_to_replace(stack: StackState) -> None:
    with open_desk(stack, managed=True) as managed:
        managed.grant(
            GRAPH, READ, "DelegatedPermissionGrant.ReadWrite.All", client="cccc0000-1111-4222-8333-444444440003"
        )
        managed.grant(GRAPH, READ, "Mail.Send")
        told = managed.apply(replace="true")
        assert (told["outcome"], managed.asked()) == ("extended", [])
        assert managed.held() == WHOLE


def test_nothing_is_taken_back_when_there_is_little_time_to_make_it_again(desk: Desk) -> None:
    """The front end cuts a request off: what was taken back by then would be missing, and nobody would be told."""
    plan = desk.put(replace="true")["plan"]
    desk.customers = replace(desk.customers, request_seconds=90.0)
    with pytest.raises(PartnerCenterUnavailable, match="no time left"):
        desk.apply(replace="true", plan=plan)
    assert desk.asked() == []


def test_a_service_that_is_not_there_is_neither_asked_for_nor_waited_for(desk: Desk) -> None:
    desk.lack(EXCHANGE)
    dry = desk.put(replace="true")
    assert rows(dry)["exchange"] == "service_missing"
    told = desk.apply(replace="true", plan=dry["plan"])
    assert (told["outcome"], told["complete"], rows(told)["exchange"]) == ("replaced", True, "service_missing")
    assert desk.asked() == ["DELETE", *["POST"] * 4]
    assert desk.waits.slept == []


def test_whoever_is_offboarded_amid_a_replacement_gets_nothing_made_again(desk: Desk) -> None:
    plan = desk.put(replace="true")["plan"]
    desk.fault(method="POST", drop="before")

    def end() -> None:
        desk.waits.on_sleep = None
        desk.stops.offboard(CONTOSO, by="operator")

    desk.waits.on_sleep = end
    told = desk.apply(replace="true", plan=plan)
    assert {one["error"] for one in told["grants"]} == {"customer_offboarded"}
    assert desk.held() == {}
