"""The console over thousands of customers: how long a person waits for the first byte, cold and warm.

`python -m bench.console 10000`: cold is the first look after the app has started, by SQLite and over HTTP. Then the
list of customers alone, by SQLite and, where it is on PATH, by Azurite: by the last run's snapshot, by the snapshot and
what has changed since, and by all rows, as where there is no snapshot.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bench.checked import NAMES, NOW, fill, put, result, status
from bench.seeded import seed
from console_http.customers import STATES
from console_http.session import Session
from console_http.views import console_page
from customers_http.matrix import Matrix
from local.parts import Parts
from local.stack import running_parts
from local.world import READER
from shared.customers.results import TABLE
from shared.customers.standings import HEAD, PARTITION, Standings
from shared.rows import Rows
from shared.sqlite_rows import SqliteRows
from shared.table_rows import TableRows
from tests.azurite_tables import running_tables, storage_token
from tests.console_http.browser import Console
from tests.contract.conftest_key_vault import StaticCredential

PAGES = {"overview": "", "customers": "/customers"}
CHANGED, ROUNDS = 300, 5


def main() -> None:
    """Print medians in milliseconds, and as ratios to what is warm or by the snapshot."""
    parser = argparse.ArgumentParser(prog="python -m bench.console", description=__doc__)
    parser.add_argument("customers", type=int, nargs="?", default=10_000)
    count = parser.parse_args().customers
    with tempfile.TemporaryDirectory() as folder:
        over_http(Path(folder) / "state", count)
        by_rows("SQLite", SqliteRows(Path(folder) / "results.sqlite3"), count)
        if shutil.which("azurite"):
            with running_tables(Path(folder)) as (url, ca):
                rows = TableRows(url, StaticCredential(storage_token()), trusted_ca_file=str(ca))
                by_rows("Azurite", rows, count)


def over_http(folder: Path, count: int) -> None:
    """Both pages of a person who is signed in, the first time after a start of the app and the second."""
    taken: dict[tuple[str, str], list[float]] = {}
    with running_parts(folder) as parts:
        seed(parts.state, len(NAMES))
        rows = SqliteRows(folder / "results.sqlite3")
        fill(rows, count)
        Standings(rows).renew(NAMES, NOW)
        with Console(parts.state) as console:
            console.arrive(READER)
            for _ in range(ROUNDS):
                for name, path in PAGES.items():
                    restarted(parts)
                    for when in ("cold", "warm"):
                        taken.setdefault((name, when), []).append(first_byte(console, console.address + path))
    for name in PAGES:
        cold, warm = (statistics.median(taken[name, when]) * 1000 for when in ("cold", "warm"))
        print(f"{name:<10} cold {cold:5.0f} ms (most {max(taken[name, 'cold']) * 1000:.0f})   ", end="")
        print(f"warm {warm:5.0f} ms   {cold / warm:.1f} x")


def restarted(parts: Parts) -> None:
    """A new process of the app, which knows of nothing."""
    parts.kill("host")
    parts.start("host")


def first_byte(console: Console, address: str) -> float:
    """Seconds until the answer begins."""
    begun = time.perf_counter()
    with console.client.stream("GET", address) as answer:
        seconds = time.perf_counter() - begun
        page = answer.read().decode()
    if "customer" not in page.lower() or not answer.is_success:
        raise SystemExit(f"{address} answers {answer.status_code}")
    return seconds


def by_rows(what: str, rows: Rows, count: int) -> None:
    """The list of customers, made anew each time, as a new instance does."""
    fill(rows, count)
    Standings(rows).renew(NAMES, NOW)
    ways = {"by the snapshot": timed(rows)}
    put(rows, [replace(result(number), customer=f"Renamed {number}") for number in range(CHANGED)])
    ways[f"and {CHANGED} changes"] = timed(rows)
    rows.delete(TABLE, PARTITION, HEAD)
    ways["by all rows"] = timed(rows)
    base = ways["by the snapshot"]
    for way, seconds in ways.items():
        print(f"{what:<8} {count:,} customers {way:<18} {seconds * 1000:6.0f} ms   {seconds / base:4.1f} x")


def timed(rows: Rows) -> float:
    """Seconds for one page, from the tables to HTML."""
    session = Session.begun(object_id="ada", username="ada", roles=frozenset({"Customers.Read"}), now=NOW)
    return statistics.median(seconds_of(lambda: shown(rows, session)) for _ in range(ROUNDS))


def shown(rows: Rows, session: Session) -> None:
    """The first hundred customers."""
    found = Matrix(status=status(rows), standings=Standings(rows)).page(state="", cause="", name="", page="1")
    asked = {"state": "", "cause": "", "name": ""}
    values = {"found": found, "states": STATES, "asked": asked, "earlier": "", "later": "", "ids": {}, "may_act": False}
    console_page("customers.html", session, values)


def seconds_of(work: Callable[[], None]) -> float:
    """How long it takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
