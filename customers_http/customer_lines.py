"""Customers as lines of a table: one for each customer and consent, a cell for each resource, and how all stand."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.clock import to_text
from shared.customers.exclusions import Exclusion
from shared.customers.result import Standing
from shared.entra.whose_fault import LATER
from shared.errors import AuthorityUnavailable

# A customer's state, the worst first; an excluded one is nobody's alarm.
FAILING, WAITING, WORKS, EXCLUDED = "failing", "waiting", "works", "excluded"
STATES = (FAILING, WAITING, WORKS, EXCLUDED)
RANKS = {state: rank for rank, state in enumerate(STATES)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One customer by one consent; `standings` are of one resource each, `ends` is a delegation's end that is near.

    `state`: somebody has to act (failing), nothing is known for sure yet (waiting), all works, or it is kept out.
    """

    standings: tuple[Standing, ...]
    state: str
    since: datetime
    ends: Mapping[str, Any] | None

    def causes(self, now: datetime) -> frozenset[str]:
        """The codes of what somebody has to act on; none of a customer that is kept out."""
        if self.state != FAILING:
            return frozenset()
        return frozenset(_cause(one) for one in self.standings if one.is_failing(now))

    @property
    def consent(self) -> str:
        """By which it is checked."""
        return self.standings[0].consent

    @property
    def tenant_id(self) -> str:
        """The customer's."""
        return self.standings[0].tenant_id

    @property
    def name(self) -> str:
        """The customer's, if any of them tells it."""
        return self.standings[0].customer or next((one.customer for one in self.standings if one.customer), "")

    @property
    def order(self) -> tuple[int, int, datetime, str, str, str]:
        """The worst first: by state, then what fails most, then what fails longest."""
        failures = len([one for one in self.standings if not one.works])
        return RANKS[self.state], -failures, self.since, self.name.lower(), self.tenant_id, self.consent

    def told(self, now: datetime) -> dict[str, Any]:
        """As a page reads it."""
        return {
            "tenant": self.tenant_id,
            "name": self.name,
            "as": self.standings[0].kind,
            "consent": self.consent,
            "state": self.state,
            "cells": {one.resource: cell_told(one, now) for one in self.standings},
            "ends": self.ends,
        }


def cell_told(standing: Standing, now: datetime) -> dict[str, Any]:
    """One resource: its state, the code of what refused it, and since when it is so."""
    since = standing.unanswered_since or standing.since
    return {
        "resource": standing.resource,
        "state": state_of(standing, now),
        "code": "" if standing.works else standing.outcome,
        "since": to_text(since),
    }


def _cause(standing: Standing) -> str:
    """The code, as the status groups by it (causes.py): where there was no answer for a day, that is the cause."""
    is_silence = standing.unanswered_since is not None and (standing.works or standing.whose == LATER)
    return AuthorityUnavailable.code if is_silence else standing.outcome


def state_of(standing: Standing, now: datetime) -> str:
    """Whether it works, whether somebody has to act, or neither is known for sure."""
    if standing.is_failing(now):
        return FAILING
    return WORKS if standing.works and standing.unanswered_since is None else WAITING


def lines_of(
    standings: Iterable[Standing],
    *,
    endings: Mapping[str, Mapping[str, Any]],
    excluded: Mapping[str, Exclusion],
    now: datetime,
) -> Iterator[Line]:
    """The lines of all customers, in no order; `endings` and `excluded` are by tenant."""
    found: dict[tuple[str, str], tuple[Standing, ...]] = {}
    for one in standings:
        key = one.consent, one.tenant_id
        found[key] = (*found.get(key, ()), one)
    for (_, tenant_id), own in found.items():
        states = [state_of(one, now) for one in own]
        worst = states[0] if len(own) == 1 else min(states, key=RANKS.__getitem__)
        yield Line(
            standings=own,
            state=EXCLUDED if tenant_id in excluded else worst,
            since=min([one.since for one, state in zip(own, states, strict=True) if state == worst]),
            ends=endings.get(tenant_id),
        )
