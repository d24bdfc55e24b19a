"""Results of checks by the thousand, as a night leaves them: what a page over all customers is read from."""

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from customers_http.status import Status
from local.world import READER
from shared.clock import utc_now
from shared.consents.consent import Consent, Person
from shared.consents.store import ConsentStore
from shared.customers.exclusions import Exclusions
from shared.customers.result import WORKS, Result, to_fields
from shared.customers.results import TABLE, Results
from shared.customers.worries import Worries
from shared.rows import Row, Rows
from shared.sqlite_rows import SqliteRows
from tests.fakes.fixed_credential import FixedCredential
from tests.fakes.memory_vault import MemoryVault

# As bench.seeded names its consents.
NAMES = ("bench-00000", "bench-00001")
FAILING_ONE_IN = 40
NOW = utc_now().replace(microsecond=0)
HOUR = timedelta(hours=1)


def fill(rows: Rows, count: int) -> None:
    """A result of each customer; into SQLite by hand, since a transaction each takes minutes."""
    results = [result(number) for number in range(count)]
    entities = [row_of(one) for one in results]
    if isinstance(rows, SqliteRows):
        rows.put(TABLE, entities[0])
        with rows._opened() as database:  # noqa: SLF001 - past the door, for its rows alone
            values = [(TABLE, one.partition, one.key, json.dumps(dict(one.fields))) for one in entities]
            database.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?)", values)
    else:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda one: rows.put(TABLE, one), entities))
    put(rows, [replace(one, customer=f"{one.customer} & Co") for one in results if not one.works])


def put(rows: Rows, results: Sequence[Result]) -> None:
    """By the broker's own code, a few at a time."""
    kept = Results(rows)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: kept.put(one, now=NOW - HOUR), results))


def row_of(one: Result) -> Row:
    """As it lies in the table."""
    return Row(partition=f"checked-{one.consent}", key=one.key, fields=to_fields(one))


def result(number: int) -> Result:
    """One in forty does not work."""
    digits, fails = hashlib.sha256(str(number).encode()).hexdigest(), number % FAILING_ONE_IN == 0
    return Result(
        consent=NAMES[number % len(NAMES)],
        tenant_id=f"{digits[:8]}-{digits[8:12]}-4{digits[12:15]}-8{digits[15:18]}-{digits[18:30]}",
        resource="https://graph.microsoft.com",
        customer=f"{digits[30:44]} GmbH",
        first_on=NOW - HOUR,
        tried_on=NOW - HOUR,
        good_on=None if fails else NOW - HOUR,
        outcome="delegated_rights_missing" if fails else WORKS,
        number=50020 if fails else None,
        whose="customer" if fails else "nobody",
        since=NOW - HOUR * (number % 500),
        domain=f"c{number}.onmicrosoft.com",
        sources=("partner_center",),
    )


def status(rows: Rows) -> Status:
    """What the list stands on, beside two consents in memory."""
    store = ConsentStore(MemoryVault())
    for name in NAMES:
        store.store_consent(
            Consent(
                name=name,
                lineage=name,
                refresh_token="token" * 9,
                person=Person(tenant_id=READER.tenant_id, object_id="person", username="ada@partner.example"),
                scope="scope/x",
                mfa="yes",
                link_id="link",
                consented_on=NOW,
            )
        )
    return Status(
        store=store,
        credential=FixedCredential(["secret"]),
        results=Results(rows),
        worries=Worries(rows),
        exclusions=Exclusions(rows),
        clock=utc_now,
    )
