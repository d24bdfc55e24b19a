"""The audit trail: one structured record for each decision and each change, as one line of JSON in the log.

The fields are a contract (docs/audit.md); none of them ever holds a token, code, secret, verifier or assertion.
"""

import hashlib
import json
import logging
from collections.abc import Mapping

_log = logging.getLogger("broker.audit")

type Field = str | int | float | bool | list[str] | None


def record(event: str, fields: Mapping[str, Field]) -> None:
    """Write one record; `event` names what happened, such as token.issued or consent.stored."""
    _log.info("%s", json.dumps({"event": event, **fields}, sort_keys=True))


def fingerprint(token: str) -> str:
    """SHA-256 of a token in hex: lets a leaked token be traced to its record, and nothing else."""
    return hashlib.sha256(token.encode()).hexdigest()
