"""The audit trail: one structured record for each decision and each change, as one line of JSON in the log.

The fields are a contract (docs/audit.md); none of them ever holds a token, code, secret, verifier or assertion.
"""

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_log = logging.getLogger("broker.audit")
_WRITER = json.JSONEncoder(sort_keys=True, check_circular=False)

type Field = str | int | float | bool | list[str] | None
type Record = tuple[str, Mapping[str, Field]]
_gathering: ContextVar[list[Record] | None] = ContextVar("broker_audit_gathering", default=None)


def record(event: str, fields: Mapping[str, Field]) -> None:
    """Write one record; `event` names what happened, such as token.issued or consent.stored."""
    gathering = _gathering.get()
    if gathering is not None:
        gathering.append((event, fields))
        return
    if _log.isEnabledFor(logging.INFO):
        line = _WRITER.encode({"event": event, **fields})
        # Logger.info would search the stack for the place that logs, which for every record is this one.
        _log.handle(_log.makeRecord(_log.name, logging.INFO, __file__, 0, line, (), None))


@contextmanager
def gathered() -> Iterator[list[Record]]:
    """Keep the records of what runs inside instead of writing them; whoever gathers must write them.

    The Functions host drops the log lines of any thread that is not a handler's own: it finds the invocation by the
    thread or task that writes. So work in a pool gathers, and the handler's task writes.
    """
    records: list[Record] = []
    token = _gathering.set(records)
    try:
        yield records
    finally:
        _gathering.reset(token)


def fingerprint(token: str) -> str:
    """SHA-256 of a token in hex: lets a leaked token be traced to its record, and nothing else."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
