"""What the broker needs of a table of rows that all its instances share; nothing in it is ever a secret."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

type Value = str | int
# What a key may hold in Azure Table Storage is more than this; the order of these is the same wherever they are sorted.
KEY = re.compile(r"[0-9A-Za-z._-]{1,200}")
TABLE = re.compile(r"[A-Za-z][0-9A-Za-z]{2,62}")
LONGEST_NUMBER = 2**31
# Azure Table Storage keeps 64 KiB of a text, as UTF-16.
LONGEST_TEXT = 32_768


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: `partition` and `key` find it, `fields` are texts and whole numbers; raises ValueError for others.

    A field may not be called PartitionKey or RowKey, nor Timestamp.
    """

    partition: str
    key: str
    fields: Mapping[str, Value]

    def __post_init__(self) -> None:
        """Refuse what one kind of table would keep and another would not."""
        if not KEY.fullmatch(self.partition) or not KEY.fullmatch(self.key):
            raise ValueError("a key is 1 to 200 letters, digits, dots, hyphens and low lines")
        for value in self.fields.values():
            if not isinstance(value, str) and abs(value) >= LONGEST_NUMBER:
                raise ValueError("a whole number of a row has 32 bits")
            if isinstance(value, str) and _is_too_long(value):
                raise ValueError(f"a text of a row has {LONGEST_TEXT} units of UTF-16 at most")


def row_read(partition: str, key: str, fields: Any) -> Row | None:  # noqa: ANN401 - whatever stands there
    """A row that was found; None for one that the broker would not have written, and so cannot read."""
    try:
        return Row(partition=partition, key=key, fields=fields)
    except (ValueError, TypeError, AttributeError):
        return None


def _is_too_long(text: str) -> bool:
    return 2 * len(text) > LONGEST_TEXT and len(text.encode("utf-16-le", "surrogatepass")) > 2 * LONGEST_TEXT


def checked_table(name: str) -> str:
    """The name, if a table can have it; raises ValueError."""
    if not TABLE.fullmatch(name):
        raise ValueError("the name of a table is 3 to 63 letters and digits")
    return name


class Rows(Protocol):
    """Tables of rows; every method may block, and raises RowsUnavailable or RowsRefused.

    A table comes into being with its first row; one that is not there is as good as empty.
    """

    @property
    def is_shared(self) -> bool:
        """Whether all instances of the broker see the same rows, and not those of one machine alone."""

    def put(self, table: str, row: Row) -> None:
        """Write a row, whole, over the one that is there."""

    def add(self, table: str, row: Row) -> bool:
        """Write a row unless one is there, readable or not; whether it was written, which of many only one is told.

        Nobody is told so where the answer was lost on its way.
        """

    def get(self, table: str, partition: str, key: str) -> Row | None:
        """The row; None when there is none that can be read."""

    def delete(self, table: str, partition: str, key: str) -> None:
        """Take a row away; one that is not there stays so."""

    def select(
        self, table: str, partition: str, *, prefix: str = "", after: str = "", limit: int | None = None
    ) -> Iterator[Row]:
        """The rows of a partition whose key begins with `prefix` and comes after `after`, in the order of their keys.

        At most `limit`, read page by page; what somebody else put there and cannot be read is passed over.
        """

    def tables(self) -> Sequence[str]:
        """The names of all tables there are, in order; some may be others'."""

    def drop(self, table: str) -> None:
        """Take a table away with all its rows; its name may not be used again soon."""
