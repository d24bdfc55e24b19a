"""How a customer's delegation stands, and when somebody is told: the latest end counts; what extends itself is calm."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.graph.relationships import CLOUD_APPLICATION_ADMINISTRATOR, relationship
from local.world import CONTOSO, NORTHWIND
from shared.customers.delegation import GONE, THRESHOLDS, Delegation, alarm_of, delegations_of, is_calm
from shared.customers.errors import GraphUnavailable
from shared.customers.relationships import ENDED, relationships_of

NOW = datetime(2026, 11, 29, 2, tzinfo=UTC)
HELPDESK = "729827e3-9c14-49f7-bb1b-9608f156bbb8"


def of(
    days: float = 365,
    *,
    extends: str = "PT0S",
    roles: tuple[str, ...] = (CLOUD_APPLICATION_ADMINISTRATOR,),
    **more: Any,  # noqa: ANN401 - JSON
) -> dict[str, Any]:
    """A relationship with Contoso as Graph writes it, `days` from its end."""
    end = NOW + timedelta(days=days)
    details = {"unifiedRoles": [{"roleDefinitionId": role} for role in roles]}
    usual = {"endDateTime": f"{end:%Y-%m-%dT%H:%M:%S}Z", "autoExtendDuration": extends, "accessDetails": details}
    return relationship(CONTOSO, "Contoso", **{**usual, **more})


def contoso(*items: dict[str, Any]) -> Delegation:
    return delegations_of(relationships_of(items))[CONTOSO]


@pytest.mark.parametrize(("days", "told"), [(31, None), (30, 30), (20, 30), (14, 14), (7, 7), (2, 7), (1, 1), (0.1, 1)])
def test_an_end_is_told_at_thirty_fourteen_seven_days_and_one(days: float, told: int | None) -> None:
    assert alarm_of(contoso(of(days)), warned=None, now=NOW) == told


def test_each_threshold_is_told_once_down_to_the_end() -> None:
    told: list[int] = []
    for day in range(60, 0, -1):
        found = alarm_of(contoso(of(day)), warned=told[-1] if told else None, now=NOW)
        told += [found] if found is not None else []
    ended = contoso(of(-1, status="expired"))
    told += [one for one in (alarm_of(ended, warned=told[-1], now=NOW),) if one is not None]
    assert told == [*THRESHOLDS, GONE]
    assert alarm_of(ended, warned=GONE, now=NOW) is None, "told once"


def test_one_that_extends_itself_is_no_alarm_and_neither_is_one_beside_it() -> None:
    assert alarm_of(contoso(of(3, extends="P180D")), warned=None, now=NOW) is None
    assert alarm_of(contoso(of(3), of(2, extends="P180D")), warned=None, now=NOW) is None
    assert contoso(of(3, extends="P180D")).fields()["auto_extends"] is True


@pytest.mark.parametrize("extends", ["PT0S", "P0D", None])
def test_what_is_no_extension_is_none(extends: str | None) -> None:
    assert alarm_of(contoso(of(3, autoExtendDuration=extends)), warned=None, now=NOW) == 7


def test_the_latest_end_counts() -> None:
    both = contoso(of(3), of(200))
    assert both.days_left(NOW) == 200
    assert alarm_of(both, warned=None, now=NOW) is None


@pytest.mark.parametrize("status", ["terminationRequested", "terminating", "terminated", "expired"])
def test_an_ended_one_alarms_where_nothing_needed_is_left(status: str) -> None:
    over = of(100, status=status)
    assert alarm_of(contoso(over), warned=None, now=NOW) == GONE
    assert alarm_of(contoso(over, of(300)), warned=None, now=NOW) is None, "another one takes its place"
    assert alarm_of(contoso(over, of(300, roles=(HELPDESK,))), warned=None, now=NOW) == GONE, "without the role"


def test_where_no_relationship_ever_let_anybody_consent_all_of_them_count() -> None:
    assert alarm_of(contoso(of(10, roles=(HELPDESK,))), warned=None, now=NOW) == 14
    assert alarm_of(contoso(of(10, roles=(HELPDESK,)), of(300, roles=())), warned=None, now=NOW) is None


@pytest.mark.parametrize("status", ["created", "approvalPending", "approved", "activating", "unknownFutureValue"])
def test_what_is_not_in_force_yet_neither_counts_nor_alarms(status: str) -> None:
    assert alarm_of(contoso(of(3, status=status)), warned=None, now=NOW) is None
    assert contoso(of(3, status=status)).fields() == {
        "status": status.lower(),
        "ends": None,
        "auto_extends": False,
        "roles": [],
    }


def test_the_roles_are_those_of_all_that_is_active_by_name() -> None:
    unknown = "99990000-1111-4222-8333-444444440077"
    told = contoso(of(200, roles=(HELPDESK, unknown)), of(100), of(300, status="expired", roles=("x",))).fields()
    assert told["roles"] == [unknown, "Cloud Application Administrator", "Helpdesk Administrator"]
    assert told["ends"] == "2027-03-09T02:00:00+00:00", "of those that let consent"


def test_a_renewed_one_is_told_of_anew() -> None:
    renewed = contoso(of(400))
    assert is_calm(renewed, NOW)
    assert not is_calm(contoso(of(10)), NOW)
    assert not is_calm(contoso(of(400, status="terminated")), NOW)


def test_microsofts_own_transitions_and_what_no_customer_has_approved_are_passed_over() -> None:
    items = [
        of(3, displayName="MLT_abc"),
        of(3, customer={"tenantId": None, "displayName": None}, status="created"),
        of(3, customer=None),
        relationship(NORTHWIND.upper(), "Northwind"),
    ]
    assert set(delegations_of(relationships_of(items))) == {NORTHWIND}


@pytest.mark.parametrize(
    ("told", "name"),
    [("Contoso \ud83d", "Contoso"), ("\u202eosotnoC", "osotnoC"), ("Con\ntoso", "Con toso"), (None, "")],
)
def test_a_name_is_what_a_row_and_a_page_can_hold(told: str | None, name: str) -> None:
    (found,) = relationships_of([of(3, customer={"tenantId": CONTOSO, "displayName": told})])
    assert found.name == name


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"id": "x"},
        {"id": "x", "status": "active", "endDateTime": "soon"},
        {"id": "x", "status": "active", "customer": ["x"]},
        {"id": "x", "status": "active", "customer": {"tenantId": "common"}},
    ],
    ids=str,
)
def test_an_answer_of_another_form_is_none(broken: dict[str, Any]) -> None:
    with pytest.raises(GraphUnavailable):
        relationships_of([broken])


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["active", "expired", "terminating", "created"]),
            st.integers(-400, 400),
            st.booleans(),
            st.booleans(),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_nobody_is_alarmed_while_something_needed_lasts_and_everybody_is_once_nothing_does(
    rows: list[tuple[str, int, bool, bool]],
) -> None:
    items = [
        of(
            days,
            status=status,
            extends="P180D" if extends else "PT0S",
            roles=(CLOUD_APPLICATION_ADMINISTRATOR,) if needed else (HELPDESK,),
        )
        for status, days, extends, needed in rows
    ]
    matters = [row for row in rows if row[3]] or rows
    lasting = [row for row in matters if row[0] == "active"]
    told = alarm_of(contoso(*items), warned=None, now=NOW)
    if lasting:
        left = max(days for _, days, _, _ in lasting)
        is_far = any(extends for _, _, extends, _ in lasting) or left > max(THRESHOLDS)
        assert (told is None) == is_far
        assert told != GONE
    else:
        assert (told == GONE) == any(row[0] in ENDED for row in matters)
