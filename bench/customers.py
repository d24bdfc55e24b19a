"""The check of customers over thousands of them whose tenants answer after 200 ms: runs, pace, requests and memory.

`python -m bench.customers 3000 30000`: for each number a stand-in and results of its own, and as many runs as it takes
until nothing is due. Time is real: 30,000 take half an hour.
"""

import argparse
import os
import re
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

from bench.reaching import application_planner, reach
from bench.tenants import HOME, Tenants, running_tenants
from customers_timer.attempt import Attempts
from customers_timer.consent_recheck import InForce
from customers_timer.newcomers import Newcomers
from customers_timer.pace import Pace
from customers_timer.plan import Planner
from customers_timer.run import CheckRun
from customers_timer.watch import Watched
from shared.application_stops import ApplicationStops
from shared.clock import utc_now
from shared.cloud import PUBLIC
from shared.consents.applications import Application
from shared.consents.consent import Consent, Person
from shared.consents.store import ConsentStore
from shared.customers.access import Actor
from shared.customers.exclusions import Exclusions
from shared.customers.partner_center import PartnerCenter
from shared.customers.results import Results
from shared.customers.sources import PARTNER_CENTER, Found, Known
from shared.customers.standings import Standings
from shared.entra.authority import Authority
from shared.entra.authority_http import AuthorityHttp
from shared.entra.discovery import Discovery
from shared.kept_document import Ages
from shared.outbound import Outbound
from shared.sqlite_rows import SqliteRows
from tests.fakes.fixed_credential import FixedCredential
from tests.fakes.memory_rows import MemoryRows
from tests.fakes.memory_vault import MemoryVault

MEBIBYTE, EVERY_SECONDS = 2**20, 0.5
THREADS, PER_SECOND, MOST_RUNS = 32, 20.0, 8
AGE = timedelta(hours=20)


def main() -> None:
    """Measure for each number of customers, and print each run once it is over."""
    parser = argparse.ArgumentParser(prog="python -m bench.customers", description=__doc__)
    parser.add_argument("customers", type=int, nargs="*", default=[300])
    parser.add_argument("--answer-ms", type=int, default=200, help="how long a tenant takes to answer")
    arguments = parser.parse_args()
    for count in arguments.customers:
        print(f"-- {count:,} customers, answers after {arguments.answer_ms} ms", flush=True)
        with (
            tempfile.TemporaryDirectory() as folder,
            running_tenants(Path(folder), count, seconds=arguments.answer_ms / 1000) as tenants,
        ):
            measure(check_of(tenants, Path(folder) / "results.sqlite3"), tenants)


def measure(check: CheckRun, tenants: Tenants) -> None:
    """One run after the other, until nothing was left."""
    for number in range(1, MOST_RUNS + 1):
        asked, begun = tenants.asked, time.monotonic()
        with watched() as memory:
            report = check.run()
        seconds, told = time.monotonic() - begun, report.fields()
        first, second = memory.peaks_of_halves()
        print(
            f"run {number}: {seconds:.0f} s, {report.tally.done:,} of {report.due:,} tried "
            f"({report.tally.done / seconds:.1f}/s, aim: {PER_SECOND:.0f}), left {report.left:,}; "
            f"tokens asked for: {tenants.asked - asked:,}\n"
            f"   works {told['works']}, failing {told['failing']}, unanswered {told['unanswered']}, "
            f"untried {told['untried']}\n"
            f"   memory: {max(first, second) / MEBIBYTE:.0f} MiB at most, second half / first: {second / first:.3f}",
            flush=True,
        )
        if not report.left:
            return


def check_of(tenants: Tenants, results: Path) -> CheckRun:
    """The product's own parts over the stand-in; only the vaults are in memory."""
    outbound = Outbound(trusted_ca_file=str(tenants.ca), threads=THREADS)
    discovery = Discovery(outbound, authority_host=tenants.url, home_tenant=HOME, ages=Ages(last_good=3600.0))
    http = AuthorityHttp(outbound, discovery, authority_host=tenants.url)
    authority = Authority(http, client_id="client", credential=FixedCredential(["secret"]), clock=utc_now)
    rows, stops = SqliteRows(results), ApplicationStops(MemoryRows(), clock=utc_now)
    kept, center = Results(rows), PartnerCenter(outbound, url=tenants.url)
    planner = Planner(
        home_tenant=HOME,
        cloud=PUBLIC,
        application=Application(client_id="client", authority=authority),
        store=_store(),
        find=partial(_found, center),
        results=kept,
        exclusions=Exclusions(rows),
        stops=stops,
        clock=utc_now,
    )
    return CheckRun(
        planner=planner,
        own=application_planner(kept, planner.exclusions, stops),
        attempts=Attempts(
            authority=authority,
            clock=utc_now,
            probe=lambda _token, _target: None,
            in_force=InForce(planner.store, stops, max_age=30.0),
        ),
        results=kept,
        standings=Standings(rows),
        stops=stops,
        read_reach=lambda: reach,
        read_grants=lambda: lambda _tenant_id, _resource: None,
        sweep=lambda: None,
        watch=lambda _looks, _correlation: Watched(),
        pace=lambda: Pace(PER_SECOND),
        newcomers=Newcomers(),
        age=AGE,
        clock=utc_now,
    )


def _found(center: PartnerCenter, partner: Actor, correlation: str) -> Found:
    listed = center.customers(partner.token(PUBLIC.partner_center_scope), correlation=correlation)
    return Found(customers=[Known(customer=one, sources=(PARTNER_CENTER,), delegation=None) for one in listed])


def _store() -> ConsentStore:
    store = ConsentStore(MemoryVault())
    store.store_consent(
        Consent(
            name="partner",
            lineage="lineage",
            refresh_token="token" * 200,
            person=Person(tenant_id=HOME, object_id="person", username="ada@partner.example"),
            scope=PUBLIC.partner_center_scope,
            mfa="yes",
            link_id="link",
            consented_on=utc_now(),
        )
    )
    return store


@dataclass(slots=True)
class Memory:
    """The resident memory of this process, looked at twice a second, in bytes."""

    samples: list[int] = field(default_factory=list)

    def peaks_of_halves(self) -> tuple[int, int]:
        """The most in the first half of the time, and in the second."""
        half = max(1, len(self.samples) // 2)
        return max(self.samples[:half]), max(self.samples[half:] or self.samples)


@contextmanager
def watched() -> Iterator[Memory]:
    """Look while the context lasts; read from /proc, so this needs Linux."""
    memory, ended = Memory(), threading.Event()

    def look() -> None:
        last = False
        while not last:
            last = ended.wait(EVERY_SECONDS)
            found = re.search(r"^VmRSS:\s+(\d+) kB$", Path(f"/proc/{os.getpid()}/status").read_text(), re.MULTILINE)
            memory.samples.append(int(found[1]) * 1024 if found else 0)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield memory
    finally:
        ended.set()
        watcher.join()


if __name__ == "__main__":
    main()
