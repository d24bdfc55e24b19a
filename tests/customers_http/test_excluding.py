"""A customer is kept out until a day that an operator names, with a reason; nothing else counts for one."""

from datetime import UTC, date, datetime, timedelta

import pytest

from customers_http.excluding import Excluding
from shared.customers.exclusions import Exclusions
from shared.errors import InvalidRequest
from shared.rows_errors import RowsUnavailable
from tests.consent_http.rig import OPERATOR
from tests.fakes.memory_rows import MemoryRows

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TENANT = "bbbb0000-0000-4000-8000-000000000001"


@pytest.fixture
def excluding() -> Excluding:
    return Excluding(exclusions=Exclusions(MemoryRows()), clock=lambda: NOON, knows=lambda tenant: tenant == TENANT)


def exclude(excluding: Excluding, reason: object = "leaves us", until: object = "2026-03-31") -> dict[str, object]:
    return excluding.exclude(TENANT, {"reason": reason, "until": until}, operator=OPERATOR, correlation="c")


def test_it_is_kept_out_through_that_day_and_in_again_on_the_next(excluding: Excluding) -> None:
    told = exclude(excluding)
    assert (told["until"], told["by"], told["outcome"]) == ("2026-03-31", OPERATOR.object_id, "excluded")
    last = datetime(2026, 3, 31, 23, 59, tzinfo=UTC)
    assert set(excluding.exclusions.in_force(last)) == {TENANT}
    assert excluding.exclusions.in_force(last + timedelta(minutes=1)) == {}
    excluding.exclusions.sweep(last)
    found = excluding.exclusions.of(TENANT, last)
    assert found is not None
    assert (found.until, found.reason) == (date(2026, 3, 31), "leaves us")
    excluding.exclusions.sweep(last + timedelta(minutes=1))
    assert excluding.exclusions.of(TENANT, last) is None


def test_a_tenant_that_no_check_has_met_is_kept_out_too_and_the_answer_says_so(excluding: Excluding) -> None:
    assert exclude(excluding)["known"] is True
    stranger = TENANT.replace("1", "2")
    fields = {"reason": "comes next week", "until": "2026-03-31"}
    told = excluding.exclude(stranger, fields, operator=OPERATOR, correlation="c")
    assert told["known"] is False
    assert set(excluding.exclusions.in_force(NOON)) == {TENANT, stranger}


def test_where_nobody_can_tell_whether_it_is_known_it_is_kept_out_all_the_same() -> None:
    def knows(_tenant: str) -> bool:
        raise RowsUnavailable

    excluding = Excluding(exclusions=Exclusions(MemoryRows()), clock=lambda: NOON, knows=knows)
    assert exclude(excluding)["known"] is None
    assert set(excluding.exclusions.in_force(NOON)) == {TENANT}


def test_it_is_let_in_again_once(excluding: Excluding) -> None:
    exclude(excluding)
    told = [excluding.include(TENANT, operator=OPERATOR, correlation="c")["outcome"] for _ in range(2)]
    assert told == ["included", "absent"]


@pytest.mark.parametrize(
    ("reason", "until"),
    [
        ("", "2026-03-31"),
        ("   ", "2026-03-31"),
        ("a\nb", "2026-03-31"),
        ("x" * 201, "2026-03-31"),
        ("read backwards: \u202egood", "2026-03-31"),
        ("half a character: \ud83d", "2026-03-31"),
        ("good", "2026-02-28"),
        ("good", "2027-03-03"),
        ("good", "2026-02-30"),
        ("good", "20260331"),
        ("good", ""),
    ],
)
def test_without_a_reason_or_a_day_within_a_year_nothing_is_kept_out(
    excluding: Excluding, reason: str, until: str
) -> None:
    with pytest.raises(InvalidRequest):
        exclude(excluding, reason, until)
    assert excluding.exclusions.in_force(NOON) == {}
