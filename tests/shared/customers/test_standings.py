"""How all stand, out of the last run's snapshot and what changed since: always what the rows themselves say."""

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.customers.changes import TABLE as CHANGES
from shared.customers.result import LONGEST_NAME, Result, Standing
from shared.customers.results import FAILING, TABLE, Results, failing_key
from shared.customers.snapshot import Snapshot
from shared.customers.standings import HEAD, IN_FLIGHT, PARTITION, Standings
from shared.rows import Row, Rows
from shared.sqlite_rows import SqliteRows
from shared.table_rows import TableRows
from tests.azurite_tables import running_tables, storage_token
from tests.contract.conftest_key_vault import StaticCredential
from tests.fakes.memory_rows import MemoryRows
from tests.programs import require
from tests.shared.customers.test_results import ARM, CONTOSO, DAY, NOON, NORTHWIND, bad, good

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NAMES = ("partner", "second")
# Enough that one row does not hold them, with names that do not shrink.
MANY = 12_000


class Interrupted(Exception):
    """The process ended."""


class Ending(MemoryRows):
    """Rows of a process that ends after so many writes."""

    def __init__(self) -> None:
        super().__init__()
        self.left: int | None = None

    def put(self, table: str, row: Row) -> None:
        self._spend()
        super().put(table, row)

    def delete(self, table: str, partition: str, key: str) -> None:
        self._spend()
        super().delete(table, partition, key)

    def _spend(self) -> None:
        if self.left is not None:
            if self.left == 0:
                raise Interrupted
            self.left -= 1


@pytest.fixture(scope="module")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rows]:
    require("azurite")
    with running_tables(tmp_path_factory.mktemp("azurite")) as (url, ca):
        yield TableRows(url, StaticCredential(storage_token()), trusted_ca_file=str(ca))


@pytest.fixture(params=["memory", "sqlite", "azurite"])
def rows(request: pytest.FixtureRequest, tmp_path: Path) -> Rows:
    if request.param == "memory":
        return MemoryRows()
    if request.param == "sqlite":
        return SqliteRows(tmp_path / "results.sqlite3")
    found: Rows = request.getfixturevalue("azurite")
    for table in found.tables():
        found.drop(table)
    return found


def told(rows: Rows, now: datetime = NOON, names: Collection[str] = NAMES) -> set[Standing]:
    found = Standings(rows).all(names, now)
    assert len(found) == len(set(found)), "nobody stands twice"
    return set(found)


def by_rows(rows: Rows, names: Collection[str] = NAMES) -> set[Standing]:
    return {one.standing for name in names for one in Results(rows).all(name)}


def without_rows(rows: Rows, names: Collection[str] = NAMES) -> None:
    """Take the results away behind everybody's back: what is told now comes from the snapshot alone."""
    for name in names:
        for one in list(Results(rows).all(name)):
            rows.delete(TABLE, f"checked-{name}", one.key)


def test_a_snapshot_says_what_all_the_rows_say_and_no_row_is_read_for_it(rows: Rows) -> None:
    results = Results(rows)
    for one in (
        good(),
        bad(NORTHWIND),
        replace(good(resource=ARM), unanswered_since=NOON - HOUR),
        replace(bad(), consent="second", customer="Käse \N{GRINNING FACE}" + "ü" * LONGEST_NAME),
    ):
        results.put(one, now=NOON - HOUR)
    expected = by_rows(rows)
    assert len(expected) == 4
    assert told(rows) == expected, "where there is no snapshot, as in tables of an older broker"
    Standings(rows).renew(NAMES, NOON)
    without_rows(rows)
    assert told(rows) == expected
    assert told(rows, names=["second"]) == {one for one in expected if one.consent == "second"}


def test_what_changes_between_runs_is_told_at_once_by_whichever_instance(rows: Rows) -> None:
    Results(rows).put(good(), now=NOON - HOUR)
    Results(rows).put(good(NORTHWIND), now=NOON - HOUR)
    Standings(rows).renew(NAMES, NOON)
    later = NOON + HOUR
    Results(rows).put(bad(), now=later)
    Results(rows).remove(good(NORTHWIND), now=later)
    Results(rows).put(good(resource=ARM), now=later)
    assert told(rows, later) == by_rows(rows) == {bad().standing, good(resource=ARM).standing}
    Results(rows).put(good(), now=later + MINUTE)
    assert told(rows, later + MINUTE) == by_rows(rows) == {good().standing, good(resource=ARM).standing}


def test_a_try_that_began_before_somebody_elses_ended_tells_what_is_so_in_the_end(rows: Rows) -> None:
    """A run plans with what it read at its beginning; an operator's check of one customer comes in between."""
    Results(rows).put(good(), now=NOON - HOUR)
    Standings(rows).renew(NAMES, NOON)
    Results(rows).put(bad(), now=NOON + MINUTE)
    Results(rows).put(good(), now=NOON + 2 * MINUTE)
    assert told(rows, NOON + HOUR) == by_rows(rows) == {good().standing}
    assert list(Results(rows).failing()) == []


def test_a_consent_that_came_after_the_snapshot_is_told_whole(rows: Rows) -> None:
    Results(rows).put(good(), now=NOON - HOUR)
    Results(rows).put(replace(good(), consent="second"), now=NOON - HOUR)
    Standings(rows).renew(["partner"], NOON)
    assert told(rows) == by_rows(rows)
    assert len(told(rows)) == 2


def test_thousands_of_customers_are_few_rows(rows: Rows) -> None:
    standings = [replace(good(tenant(number)), customer=name(number)).standing for number in range(MANY)]
    snapshot = Snapshot(as_of=NOON - IN_FLIGHT, consents=frozenset(NAMES), standings=standings)
    Standings(rows).keep(snapshot, NOON)
    assert 2 <= len(list(rows.select(TABLE, PARTITION))) - 1 <= 4
    assert told(rows) == set(standings)


def tenant(number: int) -> str:
    digits = hashlib.sha256(str(number).encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[12:15]}-8{digits[15:18]}-{digits[18:30]}"


def name(number: int) -> str:
    return f"{hashlib.sha256(str(-number).encode()).hexdigest()[:20]} GmbH"


@pytest.mark.parametrize(
    "harm",
    [
        lambda rows: rows.put(TABLE, Row(partition=PARTITION, key=HEAD, fields={"name": "x", "pages": 1})),
        lambda rows: rows.put(TABLE, Row(partition=PARTITION, key=HEAD, fields={"name": "x", "pages": "many"})),
        lambda rows: rows.put(TABLE, Row(partition=PARTITION, key=HEAD, fields={})),
        lambda rows: [rows.delete(TABLE, PARTITION, one.key) for one in pages(rows)],
        lambda rows: [rows.put(TABLE, replace(one, fields={"text00": "nonsense"})) for one in pages(rows)],
        lambda rows: [rows.put(TABLE, replace(one, fields=half(one))) for one in pages(rows)],
    ],
    ids=["another", "no number", "empty", "pages gone", "nonsense", "half"],
)
def test_a_snapshot_that_is_not_whole_is_not_believed(harm: Callable[[Rows], object]) -> None:
    rows = MemoryRows()
    Results(rows).put(good(), now=NOON - HOUR)
    Standings(rows).renew(NAMES, NOON)
    harm(rows)
    assert told(rows) == {good().standing}


def pages(rows: Rows) -> Sequence[Row]:
    return [one for one in list(rows.select(TABLE, PARTITION)) if one.key != HEAD]


def half(page: Row) -> dict[str, str | int]:
    return {field: str(text)[: len(str(text)) // 2] for field, text in page.fields.items()}


@pytest.mark.parametrize("away", [-HOUR, 3 * DAY], ids=["of the future", "older than the changes"])
def test_a_snapshot_that_changes_cannot_be_added_to_is_not_believed(away: timedelta) -> None:
    rows = MemoryRows()
    Results(rows).put(good(), now=NOON)
    Standings(rows).renew(NAMES, NOON)
    without_rows(rows)
    assert told(rows, NOON + away) == set()


def test_snapshots_and_changes_that_nobody_reads_any_more_are_taken_away() -> None:
    rows = MemoryRows()
    for hours in range(100):
        now = NOON + hours * HOUR
        Results(rows).put((good, bad)[hours % 2](), now=now)
        Standings(rows).renew(NAMES, now)
        assert told(rows, now) == by_rows(rows)
    assert len(pages(rows)) <= 5
    assert len([table for table in rows.tables() if table.startswith(CHANGES)]) <= 4


def test_a_failure_that_is_told_and_is_none_is_mended_and_so_is_one_that_is_not_told() -> None:
    """The process ended between the two rows of a write, and the next try came out as the row says."""
    rows, stray = MemoryRows(), bad(NORTHWIND)
    Results(rows).put(good(NORTHWIND), now=NOON)
    Results(rows).put(bad(), now=NOON)
    rows.put(TABLE, Row(partition=FAILING, key=failing_key(stray), fields=fields_of(rows, bad(), stray)))
    rows.delete(TABLE, FAILING, failing_key(bad()))
    Standings(rows).renew(NAMES, NOON + MINUTE)
    assert list(Results(rows).failing()) == [stray], "it may be on its way"
    Standings(rows).renew(NAMES, NOON + HOUR)
    assert list(Results(rows).failing()) == [bad()]


def fields_of(rows: Rows, kept: Result, like: Result) -> dict[str, str | int]:
    row = rows.get(TABLE, "checked-partner", kept.key)
    assert row is not None
    return {**row.fields, "tenant_id": like.tenant_id}


SUBJECTS, OUTCOMES = st.integers(0, 3), st.integers(0, 3)
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), SUBJECTS, OUTCOMES),
        st.tuples(st.just("remove"), SUBJECTS, st.just(0)),
        st.tuples(st.just("renew"), st.just(2) | st.integers(0, 1), st.just(0)),
        st.tuples(st.just("cut"), SUBJECTS, OUTCOMES),
        st.tuples(st.just("cut renewal"), st.integers(0, 3), st.just(0)),
        st.tuples(st.just("wait"), st.integers(0, 200), st.just(0)),
    ),
    max_size=40,
)


@settings(max_examples=300)
@given(acts=ACTS)
def test_whatever_happens_in_whatever_order_it_is_what_the_rows_say(acts: list[tuple[str, int, int]]) -> None:
    """Runs, checks of one customer, customers who go, and processes that end at any write: the next run mends these."""
    rows, now = Ending(), NOON
    for act, first, second in acts:
        now += timedelta(seconds=1)
        one, then = result(first, second, now), result(first, 0, now + HOUR)
        if act == "put":
            Results(rows).put(one, now=now)
        elif act == "remove":
            Results(rows).remove(one, now=now)
        elif act == "renew":
            Standings(rows).renew(NAMES[:first], now)
        elif act == "cut":
            cut(rows, second, partial(Results(rows).put, one, now=now))
            now += HOUR
            Results(rows).put(then, now=now)
            Standings(rows).renew(NAMES, now)
        elif act == "cut renewal":
            cut(rows, first, partial(Standings(rows).renew, NAMES, now))
        else:
            now += timedelta(minutes=20 * first)
        assert told(rows, now) == by_rows(rows)
    Standings(rows).renew(NAMES, now + HOUR)
    failing = {one.standing for one in Results(rows).failing()}
    assert failing == {one for one in by_rows(rows) if one.is_failing(now + HOUR)}


def cut(rows: Ending, after: int, work: Callable[[], None]) -> None:
    rows.left = after
    try:
        work()
    except Interrupted:
        pass
    finally:
        rows.left = None


def result(number: int, outcome: int, now: datetime) -> Result:
    """One of four, in one of four ways."""
    one = (good, bad)[outcome % 2]((CONTOSO, NORTHWIND)[number % 2], on=now)
    silent = now if outcome > 1 else None
    return replace(one, consent=NAMES[number // 2 % 2], since=NOON, unanswered_since=silent)
