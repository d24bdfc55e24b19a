"""Customers as lines of a table: one for each customer and consent, a cell for each resource, and how all stand."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.clock import to_text
from shared.customers.exclusions import Exclusion
from shared.customers.result import Result

# A customer's state, the worst first; an excluded one is nobody's alarm.
FAILING, WAITING, WORKS, EXCLUDED = "failing", "waiting", "works", "excluded"
STATES = (FAILING, WAITING, WORKS, EXCLUDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One customer by one consent; `results` are of one resource each, `ends` is the end of a delegation that is near.

    `state`: somebody has to act (failing), nothing is known for sure yet (waiting), all works, or it is kept out.
    """

    consent: str
    tenant_id: str
    name: str
    results: tuple[Result, ...]
    state: str
    since: datetime
    ends: Mapping[str, Any] | None

    @property
    def order(self) -> tuple[Any, ...]:
        """The worst first: by state, then what fails most, then what fails longest."""
        failures = sum(not one.works for one in self.results)
        return STATES.index(self.state), -failures, self.since, self.name.lower(), self.tenant_id, self.consent

    def told(self, now: datetime) -> dict[str, Any]:
        """As a page reads it."""
        return {
            "tenant": self.tenant_id,
            "name": self.name,
            "consent": self.consent,
            "state": self.state,
            "cells": {one.resource: cell_told(one, now) for one in self.results},
            "ends": self.ends,
        }


def cell_told(result: Result, now: datetime) -> dict[str, Any]:
    """One resource: its state, the code of what refused it, and since when it is so."""
    state = state_of(result, now)
    since = result.unanswered_since or result.since
    return {
        "resource": result.resource,
        "state": state,
        "code": "" if result.works else result.outcome,
        "since": to_text(since),
        "tried_on": to_text(result.tried_on),
    }


def state_of(result: Result, now: datetime) -> str:
    """Whether it works, whether somebody has to act, or neither is known for sure."""
    if result.is_failing(now):
        return FAILING
    return WORKS if result.works and result.unanswered_since is None else WAITING


def lines_of(
    results: Iterable[Result],
    *,
    endings: Mapping[str, Mapping[str, Any]],
    excluded: Mapping[str, Exclusion],
    now: datetime,
) -> Iterator[Line]:
    """The lines of all customers, in no order; `endings` and `excluded` are by tenant."""
    found: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        found.setdefault((result.consent, result.tenant_id), []).append(result)
    for (consent, tenant_id), own in found.items():
        states = {state_of(one, now) for one in own}
        worst = next(state for state in STATES if state in states)
        yield Line(
            consent=consent,
            tenant_id=tenant_id,
            name=next((one.customer for one in own if one.customer), ""),
            results=tuple(own),
            state=EXCLUDED if tenant_id in excluded else worst,
            since=min(one.since for one in own if state_of(one, now) == worst),
            ends=endings.get(tenant_id),
        )
