"""When customers' tenants refused a consent on its own account: by day and cause, from what checks have kept."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from customers_http.blame import Blame
from shared.customers.result import Result
from shared.customers.results import Results, history_table
from shared.entra.whose_fault import CONSENT, CUSTOMER, NOBODY, PERSON
from shared.errors import InvalidRequest
from shared.rows import Row
from tests.fakes.memory_rows import MemoryRows

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
DAY = timedelta(days=1)


class Checks:
    """What checks have kept, up to a noon by hand."""

    def __init__(self) -> None:
        self.rows = MemoryRows()
        self.blame = Blame(results=Results(self.rows), clock=lambda: NOON)

    def met(self, number: int, outcome: str, whose: str, *, days_ago: int = 0, said: int | None = None) -> None:
        on = NOON - days_ago * DAY
        result = Result(
            consent="partner",
            tenant_id=f"bbbb0000-0000-4000-8000-{number:012}",
            resource="https://graph.microsoft.com",
            customer="",
            first_on=on,
            tried_on=on,
            good_on=None,
            outcome=outcome,
            number=said,
            whose=whose,
            since=on,
        )
        Results(self.rows).put(result, now=on)

    @property
    def days(self) -> list[tuple[str, str, int | None, int]]:
        return [
            (one["day"], one["error"], one["authority_code"], one["count"]) for one in self.blame.of("partner")["days"]
        ]


@pytest.fixture
def checks() -> Checks:
    return Checks()


def test_what_the_consent_or_its_person_is_to_blame_for_is_counted_by_day_and_cause(checks: Checks) -> None:
    checks.met(1, "account_refused", PERSON, said=50057)
    checks.met(2, "account_refused", PERSON, said=50057)
    checks.met(3, "new_consent_needed", CONSENT, said=50173, days_ago=40)
    checks.met(4, "customer_consent_missing", CUSTOMER, said=65001)
    checks.met(5, "works", NOBODY)
    assert checks.days == [
        ("2026-03-31", "account_refused", 50057, 2),
        ("2026-02-19", "new_consent_needed", 50173, 1),
    ]
    assert checks.blame.of("partner")["days"][0]["says"]
    assert checks.blame.of("another") == {"days": [], "has_all": True}


def test_no_more_rows_are_read_than_the_bound_and_the_rest_is_said_to_be_there(checks: Checks) -> None:
    for number in range(5):
        checks.met(number, "account_refused", PERSON)
    found = replace(checks.blame, most=3).of("partner")
    assert (found["days"][0]["count"], found["has_all"]) == (3, False)


@pytest.mark.parametrize("on", ["", "x", "2026-03-31", 5])
def test_a_row_that_cannot_be_read_is_passed_over(checks: Checks, on: str | int) -> None:
    fields: dict[str, str | int] = {"on": on, "whose": PERSON, "outcome": "account_refused"}
    checks.rows.put(history_table(NOON), Row(partition="partner", key="x", fields=fields))
    checks.rows.put(history_table(NOON), Row(partition="partner", key="y", fields={}))
    assert checks.days == []


def test_a_name_that_no_consent_can_have_is_refused(checks: Checks) -> None:
    with pytest.raises(InvalidRequest):
        checks.blame.of("Partner/x")
