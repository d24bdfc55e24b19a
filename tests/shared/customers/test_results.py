"""Results are kept: what works, what fails and since when, the changes month by month, and the runs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.customers.result import WORKS, Result, from_row, resource_hash, to_fields
from shared.customers.results import FAILING, RUNS, TABLE, NewCustomer, Results, history_table
from shared.entra.whose_fault import CUSTOMER, LATER, NOBODY
from shared.rows import Row, Rows
from shared.sqlite_rows import SqliteRows
from tests.fakes.memory_rows import MemoryRows

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CONTOSO, NORTHWIND = "bbbb0000-0000-4000-8000-000000000001", "bbbb0000-0000-4000-8000-000000000002"
GRAPH, ARM = "https://graph.microsoft.com", "https://management.azure.com"


@pytest.fixture(params=["memory", "sqlite"])
def rows(request: pytest.FixtureRequest, tmp_path: Path) -> Rows:
    return MemoryRows() if request.param == "memory" else SqliteRows(tmp_path / "results.sqlite3")


def good(tenant_id: str = CONTOSO, resource: str = GRAPH, on: datetime = NOON) -> Result:
    return Result(
        consent="partner",
        tenant_id=tenant_id,
        resource=resource,
        customer="Contoso",
        first_on=on,
        tried_on=on,
        good_on=on,
        outcome=WORKS,
        number=None,
        whose=NOBODY,
        since=on,
    )


def bad(tenant_id: str = CONTOSO, on: datetime = NOON) -> Result:
    worked = good(tenant_id, on=on)
    return replace(worked, good_on=None, outcome="delegated_rights_missing", number=50020, whose=CUSTOMER)


def test_a_result_is_read_as_it_was_kept(rows: Rows) -> None:
    results = Results(rows)
    written = replace(bad(), missing=("User.Read", "Mail.Send"), unanswered_since=NOON, good_on=NOON - DAY)
    results.put(written, now=NOON)
    results.put(good(NORTHWIND), now=NOON)
    assert list(results.all("partner")) == [written, good(NORTHWIND)]
    assert list(results.all("partner", tenant_id=NORTHWIND)) == [good(NORTHWIND)]
    assert list(results.all("partner", after=written.key, limit=1)) == [good(NORTHWIND)]
    assert list(results.all("other")) == []


def test_two_resources_of_a_customer_are_two_rows_whose_keys_hold_no_slash(rows: Rows) -> None:
    results = Results(rows)
    results.put(good(resource=GRAPH), now=NOON)
    results.put(good(resource=ARM), now=NOON)
    assert {found.resource for found in results.all("partner", tenant_id=CONTOSO)} == {GRAPH, ARM}
    assert resource_hash(GRAPH) != resource_hash(ARM)


def test_failures_are_found_without_reading_what_works(rows: Rows) -> None:
    results = Results(rows)
    results.put(good(), now=NOON)
    results.put(bad(NORTHWIND), now=NOON)
    assert list(results.failing()) == [bad(NORTHWIND)]


def test_what_works_again_fails_no_more(rows: Rows) -> None:
    results = Results(rows)
    results.put(bad(), now=NOON)
    results.put(good(on=NOON + DAY), now=NOON + DAY)
    assert list(results.failing()) == []
    assert list(results.all("partner")) == [good(on=NOON + DAY)]


def test_a_failure_whose_row_of_results_was_lost_is_cleared_by_success(rows: Rows) -> None:
    """A run was cut between the two writes: the next one tries again, and knows of nothing before."""
    rows.put(TABLE, Row(partition=FAILING, key=f"partner_{bad().key}", fields=to_fields(bad())))
    Results(rows).put(good(), now=NOON)
    assert list(Results(rows).failing()) == []


def test_silence_is_told_once_it_has_lasted_a_day(rows: Rows) -> None:
    results = Results(rows)
    silent = replace(good(), unanswered_since=NOON)
    results.put(silent, now=NOON)
    assert list(results.failing()) == []
    results.put(silent, now=NOON + DAY)
    assert list(results.failing()) == [silent]
    results.put(good(on=NOON + DAY), now=NOON + DAY)
    assert list(results.failing()) == []


def test_what_was_never_answered_is_no_failure_of_the_customer() -> None:
    never = replace(bad(), outcome="authority_unavailable", whose=LATER, unanswered_since=NOON)
    assert not never.is_failing(NOON)
    assert never.is_failing(NOON + DAY)


def test_only_changes_are_history(rows: Rows) -> None:
    results = Results(rows)
    results.put(good(), now=NOON)
    results.put(good(on=NOON + DAY), now=NOON + DAY)
    results.put(bad(on=NOON + 2 * DAY), now=NOON + 2 * DAY)
    changes = list(results.history("partner", CONTOSO, now=NOON))
    told = [(change["before"], change["outcome"], change.get("number")) for change in changes]
    assert told == [("", WORKS, None), (WORKS, "delegated_rights_missing", 50020)]


def test_a_month_of_history_is_dropped_whole_after_three(rows: Rows) -> None:
    results = Results(rows)
    moments = [datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3, 4)]
    for moment in moments:
        results.put(good(on=moment) if moment.month % 2 else bad(on=moment), now=moment)
    results.sweep(datetime(2026, 5, 1, tzinfo=UTC))
    left = [table for table in rows.tables() if table.startswith("brokerhistory")]
    assert left == ["brokerhistory202602", "brokerhistory202603", "brokerhistory202604"]
    assert list(results.all("partner")) == [bad(on=moments[-1])], "what is known now has no end"


def test_months_are_counted_across_the_end_of_a_year() -> None:
    assert history_table(datetime(2026, 1, 31, tzinfo=UTC), months_ago=3) == "brokerhistory202510"
    assert history_table(datetime(2026, 12, 1, tzinfo=UTC)) == "brokerhistory202612"


def test_what_is_not_checked_any_more_is_taken_away(rows: Rows) -> None:
    results = Results(rows)
    results.put(bad(), now=NOON)
    results.remove(bad(), now=NOON)
    assert [*results.all("partner"), *results.failing()] == []


def test_the_last_run_is_the_one_that_is_read_first(rows: Rows) -> None:
    results = Results(rows)
    assert results.last_run() is None
    for hours in (0, 2, 1):
        results.put_run(NOON + timedelta(hours=hours), {"hours": hours})
    assert results.last_run() == {"hours": 2}


def test_a_run_is_kept_however_many_customers_it_names_in_whatever_script(rows: Rows) -> None:
    """A text in a table has 64 KiB, and JSON makes six characters of one."""
    results = Results(rows)
    names = ["株式会社" * 50] * 100
    results.put_run(NOON, {"works": 7, "newly_failing": names, "new": names, "causes": {"lost": 3}})
    kept = results.last_run()
    assert kept is not None
    assert (kept["works"], kept["causes"]) == (7, {"lost": 3})
    assert 5 < len(kept["newly_failing"]) < 100
    assert 5 < len(kept["new"]) < 100


def test_a_run_that_cannot_be_read_is_none(rows: Rows) -> None:
    results = Results(rows)
    results.put_run(NOON, {"works": 7})
    (row,) = rows.select(TABLE, RUNS)
    for report in ("[" * 20_000, "7", "{"):
        rows.put(TABLE, replace(row, fields={**row.fields, "report": report}))
        assert results.last_run() is None


def test_old_runs_are_swept(rows: Rows) -> None:
    results = Results(rows)
    results.put_run(NOON, {"first": True})
    results.sweep(NOON + 31 * DAY)
    assert results.last_run() is None


def test_a_customer_is_new_for_a_week(rows: Rows) -> None:
    results = Results(rows)
    new = NewCustomer(consent="partner", tenant_id=CONTOSO, customer="Contoso", first_on=NOON)
    results.add_new(new)
    assert list(results.new(now=NOON + 6 * DAY)) == [new]
    assert list(results.new(now=NOON + 7 * DAY)) == []
    results.sweep(NOON + 7 * DAY)
    assert list(results.new(now=NOON)) == []


@pytest.mark.parametrize(
    "damage",
    [
        {"since": "yesterday"},
        {"number": "many"},
        {"missing": "{"},
        {"missing": "7"},
        {"missing": "[" * 20_000},
        {"tenant_id": "common"},
        {"tenant_id": NORTHWIND},
    ],
    ids=lambda damage: f"{damage}"[:40],
)
def test_a_row_that_cannot_be_read_is_passed_over(rows: Rows, damage: dict[str, str]) -> None:
    fields = {**to_fields(bad()), **damage}
    row = Row(partition="checked-partner", key=bad().key, fields=fields)
    rows.put(TABLE, row)
    assert list(Results(rows).all("partner")) == []
    if "tenant_id" not in damage:
        assert from_row(row) is None
