"""Rows in Azure Table Storage: the one door to azure-data-tables."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import TokenCredential
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.data.tables import TableClient, TableServiceClient, UpdateMode

from shared.clock import utc_now
from shared.outbound import LONGEST_PAGE
from shared.retry_after import seconds_to_wait
from shared.rows import Row, checked_table, row_read
from shared.rows_errors import RowsRefused, RowsUnavailable
from shared.sdk_transport import sdk_transport
from shared.setting_values import LOOPBACK

# Once more after a failure, unless so many seconds have gone by; a thread sleeps at most so long between two tries.
TRIES, LAST_TRY_BEFORE, LONGEST_WAIT, FIRST_WAIT = 3, 10.0, 5.0, 0.2
REFUSING, PASSING = range(400, 500), frozenset({408, 409, 429})
# Table Storage answers with at most so many rows at once.
PAGE = 1000
TABLES_KEPT = 16
KEYS = ("PartitionKey", "RowKey")
# Above every character that a key can have.
LAST = "~"


class TableRows:
    """Rows in a storage account, by the broker's managed identity; an emulator on loopback speaks the same."""

    is_shared = True

    def __init__(self, url: str, credential: TokenCredential, *, trusted_ca_file: str | None) -> None:
        """`url` is the table endpoint, cloud by cloud another; `trusted_ca_file` counts on loopback alone."""
        local = urlsplit(url).hostname in LOOPBACK
        transport = sdk_transport(verify=(local and trusted_ca_file) or True, longest=LONGEST_PAGE)
        # How often is said here: the SDK's own retries sleep for as long as a server likes.
        self._service = TableServiceClient(
            url, credential=credential, transport=transport, retry_total=0, permit_redirects=False
        )
        self._client = lru_cache(TABLES_KEPT)(self._service.get_table_client)

    def put(self, table: str, row: Row) -> None:
        """See Rows."""
        entity = _entity(row)
        self._written(table, lambda there: there.upsert_entity(entity, mode=UpdateMode.REPLACE))

    def add(self, table: str, row: Row) -> bool:
        """See Rows."""
        entity = _entity(row)

        def added(there: TableClient) -> bool:
            try:
                there.create_entity(entity)
            except ResourceExistsError:
                # The row is there, or the table is being deleted: the SDK tells them apart in a text alone.
                there.get_entity(row.partition, row.key)
                return False
            return True

        return self._written(table, added)

    def get(self, table: str, partition: str, key: str) -> Row | None:
        """See Rows."""
        try:
            return _row(_tried(lambda: self._of(table).get_entity(partition, key)))
        except _NotThereError:
            return None

    def delete(self, table: str, partition: str, key: str) -> None:
        """See Rows."""
        _tried(lambda: self._of(table).delete_entity(partition, key))

    def select(
        self, table: str, partition: str, *, prefix: str = "", after: str = "", limit: int | None = None
    ) -> Iterator[Row]:
        """See Rows."""
        while limit is None or limit > 0:
            size = PAGE if limit is None else min(PAGE, limit)
            page = _tried(partial(self._page, table, partition, bounds=(prefix, after), size=size))
            yield from (row for entity in page if (row := _row(entity)) is not None)
            if len(page) < size:
                return
            after = page[-1][KEYS[1]]
            limit = None if limit is None else limit - len(page)

    def tables(self) -> Sequence[str]:
        """See Rows."""
        return _tried(lambda: sorted(str(item.name) for item in self._service.list_tables()))

    def drop(self, table: str) -> None:
        """See Rows."""
        _tried(lambda: self._service.delete_table(table))

    def _written[T](self, table: str, write: Callable[[TableClient], T]) -> T:
        """What comes of writing to a table, which is made if it is not there."""
        checked_table(table)

        def written() -> T:
            try:
                return write(self._of(table))
            except ResourceNotFoundError:
                self._make(table)
                return write(self._of(table))

        try:
            return _tried(written)
        except _NotThereError as error:
            # A table that was made a moment ago may not be known everywhere yet.
            raise RowsUnavailable from error

    def _page(self, table: str, partition: str, *, bounds: tuple[str, str], size: int) -> list[Mapping[str, Any]]:
        """The next entities, by their keys: a continuation token would end with the answer that failed."""
        query = "PartitionKey eq @partition and RowKey ge @prefix and RowKey lt @end and RowKey gt @after"
        prefix, after = bounds
        given = {"partition": partition, "prefix": prefix, "end": prefix + LAST, "after": after}
        found: list[Mapping[str, Any]] = []
        try:
            for entity in self._of(table).query_entities(query, parameters=given, results_per_page=size):
                found.append(entity)
                if len(found) == size:
                    break
        except ResourceNotFoundError:
            return []
        return found

    def _of(self, table: str) -> TableClient:
        return self._client(table)

    def _make(self, table: str) -> None:
        try:
            self._service.create_table(table)
        except ResourceExistsError as error:
            if getattr(error, "error_code", "") != "TableAlreadyExists":  # it is being deleted
                raise


def _entity(row: Row) -> dict[str, Any]:
    return {**row.fields, "PartitionKey": row.partition, "RowKey": row.key}


def _row(entity: Mapping[str, Any]) -> Row | None:
    fields = {name: value for name, value in entity.items() if name not in KEYS and isinstance(value, str | int)}
    return row_read(entity[KEYS[0]], entity[KEYS[1]], fields)


class _NotThereError(Exception):
    """There is no such row or table."""


def _tried[T](work: Callable[[], T]) -> T:
    """What comes of it, after at most three tries: each of these is as good twice as once."""
    begun = time.monotonic()
    for attempt in range(1, TRIES + 1):
        try:
            with _errors():
                return work()
        except RowsUnavailable as error:
            if attempt == TRIES or time.monotonic() - begun > LAST_TRY_BEFORE:
                raise
            wait = FIRST_WAIT * 2**attempt if error.retry_after is None else float(error.retry_after)
            time.sleep(min(wait, LONGEST_WAIT))
    raise RowsUnavailable


@contextmanager
def _errors() -> Iterator[None]:
    """Turn what azure-core raises into the error tree; its texts hold hosts and bodies, and stop here."""
    try:
        yield
    except ResourceNotFoundError as error:
        raise _NotThereError from error
    except ClientAuthenticationError as error:
        raise RowsRefused from error
    except HttpResponseError as error:
        status = error.status_code
        wait = seconds_to_wait(getattr(error.response, "headers", {}).get("Retry-After"), now=utc_now())
        if status in REFUSING and status not in PASSING:
            raise RowsRefused(f"(HTTP {status})") from error
        raise RowsUnavailable(retry_after=wait) from error
    except (AzureError, ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        # All but the first are of an answer that the SDK cannot read, such as a gateway's.
        raise RowsUnavailable from error
