"""One contract of rows, thrice: a file of SQLite and memory do what Azure Table Storage's SDK does with Azurite."""

import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from shared.rows import LONGEST_TEXT, Row, Rows
from shared.rows_errors import RowsUnavailable
from shared.sqlite_rows import SqliteRows
from shared.table_rows import TableRows
from tests.azurite_tables import running_tables, storage_token
from tests.contract.conftest_key_vault import StaticCredential
from tests.fakes.memory_rows import MemoryRows
from tests.programs import require

# More than one page of Table Storage's, which has 1,000.
MANY = 1003


@pytest.fixture(scope="module")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rows]:
    """Azurite by a bearer token, as a managed identity has one."""
    require("azurite")
    with running_tables(tmp_path_factory.mktemp("azurite")) as (url, ca):
        yield TableRows(url, StaticCredential(storage_token()), trusted_ca_file=str(ca))


@pytest.fixture(params=["memory", "sqlite", "azurite"])
def rows(request: pytest.FixtureRequest, tmp_path: Path) -> Rows:
    if request.param == "memory":
        return MemoryRows()
    if request.param == "sqlite":
        return SqliteRows(tmp_path / "made" / "results.sqlite3")
    found: Rows = request.getfixturevalue("azurite")
    return found


@pytest.fixture
def table() -> str:
    """A table that nobody else uses."""
    return f"t{secrets.token_hex(8)}"


def row(key: str, partition: str = "p", **fields: str | int) -> Row:
    return Row(partition=partition, key=key, fields=fields)


def test_a_table_that_nobody_wrote_is_empty(rows: Rows, table: str) -> None:
    assert rows.get(table, "p", "k") is None
    assert list(rows.select(table, "p")) == []
    assert table not in rows.tables()
    rows.delete(table, "p", "k")


def test_what_was_put_is_read_as_it_was_said(rows: Rows, table: str) -> None:
    written = row("k-1.2_3", text="käse \"'\n", empty="", number=-7, large=2**31 - 1)
    rows.put(table, written)
    assert rows.get(table, "p", "k-1.2_3") == written
    assert list(rows.select(table, "p")) == [written]
    assert table in rows.tables()


def test_a_row_is_replaced_whole(rows: Rows, table: str) -> None:
    rows.put(table, row("k", before="1", kept="1"))
    rows.put(table, row("k", kept="2"))
    assert rows.get(table, "p", "k") == row("k", kept="2")


def test_of_many_who_add_a_row_at_once_one_is_told_that_it_was_the_first(rows: Rows, table: str) -> None:
    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(lambda number: rows.add(table, row("k", by=number)), range(8)))
    assert told.count(True) == 1
    assert rows.get(table, "p", "k") == row("k", by=told.index(True))
    assert (rows.add(table, row("k", by=9)), rows.add(table, row("k", partition="q", by=9))) == (False, True)
    rows.delete(table, "p", "k")
    assert rows.add(table, row("k", by=10))


def test_partitions_and_tables_know_nothing_of_each_other(rows: Rows, table: str) -> None:
    rows.put(table, row("k", "p", of="p"))
    rows.put(table, row("k", "q", of="q"))
    rows.put(table + "x", row("k", "p", of="x"))
    rows.delete(table, "p", "k")
    assert list(rows.select(table, "p")) == []
    assert [found.fields["of"] for found in rows.select(table, "q")] == ["q"]
    assert [found.fields["of"] for found in rows.select(table + "x", "p")] == ["x"]


def test_a_row_that_was_taken_away_is_gone_and_may_be_taken_away_again(rows: Rows, table: str) -> None:
    rows.put(table, row("k"))
    rows.delete(table, "p", "k")
    rows.delete(table, "p", "k")
    assert rows.get(table, "p", "k") is None


def test_rows_come_in_the_order_of_their_keys_from_a_beginning_and_after_a_key(rows: Rows, table: str) -> None:
    keys = ["a-1", "a-2", "a.1", "a_1", "aB", "ab", "b-1"]
    for key in reversed(keys):
        rows.put(table, row(key))
    assert [found.key for found in rows.select(table, "p")] == sorted(keys)
    assert [found.key for found in rows.select(table, "p", prefix="a-")] == ["a-1", "a-2"]
    assert [found.key for found in rows.select(table, "p", prefix="a-", after="a-1")] == ["a-2"]
    assert [found.key for found in rows.select(table, "p", after="ab")] == ["b-1"]
    assert [found.key for found in rows.select(table, "p", limit=2)] == sorted(keys)[:2]
    assert list(rows.select(table, "p", limit=0)) == []


def test_the_list_goes_on_past_its_first_page(rows: Rows, table: str) -> None:
    rows.put(table, row("00000"))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: rows.put(table, row(f"{number:05}")), range(1, MANY)))
    assert [found.key for found in rows.select(table, "p")] == [f"{number:05}" for number in range(MANY)]
    assert len(list(rows.select(table, "p", limit=MANY - 1))) == MANY - 1


def test_threads_of_one_process_never_find_the_file_of_results_busy(tmp_path: Path) -> None:
    rows = SqliteRows(tmp_path / "results.sqlite3", busy_seconds=0)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: rows.put("results", row(f"{number:05}")), range(80)))
    assert len(list(rows.select("results", "p"))) == 80


def test_a_table_is_dropped_with_all_that_is_in_it(rows: Rows, table: str) -> None:
    rows.put(table, row("k"))
    rows.drop(table)
    assert table not in rows.tables()
    assert list(rows.select(table, "p")) == []


@pytest.mark.parametrize("key", ["", "a/b", "a b", "a#b", "a?b", "a\\b", "ä", "a~", "k" * 201])
def test_a_key_that_one_of_them_would_refuse_is_none(key: str) -> None:
    with pytest.raises(ValueError, match="a key is"):
        row(key)
    with pytest.raises(ValueError, match="a key is"):
        row("k", key)


def test_a_number_that_one_of_them_would_refuse_is_none() -> None:
    with pytest.raises(ValueError, match="32 bits"):
        row("k", number=2**31)


def test_the_longest_text_is_kept_and_a_longer_one_is_none(rows: Rows, table: str) -> None:
    """Counted as UTF-16: a character beyond its plane is two."""
    longest = row("k", ascii="a" * LONGEST_TEXT, other="\N{GRINNING FACE}" * (LONGEST_TEXT // 2))
    rows.put(table, longest)
    assert rows.get(table, "p", "k") == longest
    for text in ("a" * (LONGEST_TEXT + 1), "\N{GRINNING FACE}" * (LONGEST_TEXT // 2 + 1)):
        with pytest.raises(ValueError, match="UTF-16"):
            row("k", text=text)


def test_what_somebody_else_put_there_is_passed_over(azurite: TableRows, tmp_path: Path, table: str) -> None:
    """By hand, in a browser for tables: one such row must not make all the others unreadable."""
    file = SqliteRows(tmp_path / "results.sqlite3")
    for rows in (azurite, file):
        rows.put(table, row("a"))
        rows.put(table, row("z"))
    azurite._of(table).upsert_entity({"PartitionKey": "p", "RowKey": "of a person", "note": "look here"})
    with closing(sqlite3.connect(tmp_path / "results.sqlite3")) as database, database:
        for key, fields in (
            ("of a person", "{}"),
            ("b", "no JSON"),
            ("c", "[]"),
            ("d", '{"a": null}'),
            ("e", "[" * 9999),
        ):
            database.execute("INSERT INTO entries VALUES (?, 'p', ?, ?)", (table, key, fields))
    for rows in (azurite, file):
        assert [one.key for one in rows.select(table, "p")] == ["a", "z"]
    assert file.get(table, "p", "b") is None


@pytest.mark.parametrize("name", ["", "ab", "with-hyphen", "1table", "t" * 64])
def test_a_name_that_one_of_them_would_refuse_names_no_table(rows: Rows, name: str) -> None:
    with pytest.raises(ValueError, match="the name of a table"):
        rows.put(name, row("k"))


def test_a_file_is_read_by_this_user_alone(tmp_path: Path) -> None:
    file = tmp_path / "made" / "results.sqlite3"
    SqliteRows(file).put("results", row("k"))
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_file_that_is_no_database_is_unavailable_and_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "results.sqlite3"
    file.write_text("something else, and long enough to be taken for a header of something else\n" * 9)
    before = file.read_bytes()
    with pytest.raises(RowsUnavailable):
        SqliteRows(file).put("results", row("k"))
    assert file.read_bytes() == before


def test_a_folder_that_is_gone_is_made_anew(tmp_path: Path) -> None:
    rows = SqliteRows(tmp_path / "made" / "results.sqlite3")
    rows.put("results", row("k"))
    shutil.rmtree(tmp_path / "made")
    assert list(rows.select("results", "p")) == []
