"""Customers that do not work, grouped by cause: whose it is, what happened, and what to do about it."""

from collections.abc import Sequence
from typing import Any

from shared.clock import to_text
from shared.customers.result import Result
from shared.entra.place import Place
from shared.entra.what_to_look_at import what_to_do
from shared.entra.whose_fault import LATER
from shared.errors import AuthorityUnavailable, kind_of

# The cause and what refines it: the same code with another number may want something else done.
type _Cause = tuple[str, int | None, str]


def by_cause(results: Sequence[Result]) -> list[dict[str, Any]]:
    """One entry for each cause, the one that most meet first; in it the customers, those that fail longest first."""
    causes: dict[_Cause, list[Result]] = {}
    for result in results:
        causes.setdefault(_cause(result), []).append(result)
    ordered = sorted(causes.items(), key=lambda found: (-len(found[1]), found[0][0], found[0][1] or 0))
    return [_told(cause, sorted(found, key=lambda one: (one.since, one.key))) for cause, found in ordered]


def shown(result: Result) -> dict[str, Any]:
    """One customer and resource, as an operator reads it."""
    return {
        "as": result.kind,
        "consent": result.consent,
        "tenant": result.tenant_id,
        "name": result.customer,
        "from": list(result.sources),
        "resource": result.resource,
        "outcome": result.outcome,
        "since": to_text(result.since),
        "tried_on": to_text(result.tried_on),
        "good_on": to_text(result.good_on) if result.good_on else None,
        "unanswered_since": to_text(result.unanswered_since) if result.unanswered_since else None,
        "missing": list(result.missing),
    }


def _cause(result: Result) -> _Cause:
    if result.unanswered_since is not None and (result.works or result.whose == LATER):
        return AuthorityUnavailable.code, None, LATER
    return result.outcome, result.number, result.whose


def _told(cause: _Cause, results: Sequence[Result]) -> dict[str, Any]:
    code, number, whose = cause
    error = kind_of(code)
    return {
        "cause": code,
        "authority_code": number,
        "whose": whose,
        "says": error.says if error else None,
        **what_to_do(code, number, Place.CUSTOMER),
        "customers": [shown(result) for result in results],
    }
