"""Which customer works with which resource, all of them at once, and one customer whole; by results alone.

It exchanges nothing because somebody looks. All are read at once, since the worst come first: out of the last run's
snapshot and what has changed since. They are kept for some seconds, so that who pages and filters waits for them once.
"""

import re
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from customers_http.causes import by_cause
from customers_http.customer_lines import EXCLUDED, STATES, WORKS, Line, cell_told, lines_of, state_of
from customers_http.excluding import exclusion_told
from customers_http.status import Status
from customers_http.subjects import checked_subject, with_application
from customers_http.worrying import shown_endings
from shared.clock import to_text
from shared.customers.exclusions import Exclusion
from shared.customers.results import MOST_READ
from shared.customers.standings import Standings
from shared.errors import InvalidRequest, kind_of
from shared.setting_values import GUID

PAGE, MOST_PAGES, LONGEST_NAME = 100, 10_000, 100
KEPT_FOR = timedelta(seconds=30)
CODE = re.compile(r"[a-z_]{1,60}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`state` is one of STATES or none for all, `name` a part of a name or a tenant's id, `page` counts from 1.

    `cause` is the code of what somebody has to act on, or none for all.
    """

    state: str = ""
    cause: str = ""
    name: str = ""
    page: int = 1

    @classmethod
    def read(cls, *, state: str, cause: str, name: str, page: str) -> "Asked":
        """What a form asks for; raises InvalidRequest."""
        if state not in {"", *STATES}:
            raise InvalidRequest(f"state: one of {', '.join(STATES)}, or none for all.")
        if cause and not CODE.fullmatch(cause):
            raise InvalidRequest("cause: the code of an error, or none for all.")
        if len(name) > LONGEST_NAME or not name.isprintable():
            raise InvalidRequest(f"name: a part of a name or a tenant's id, at most {LONGEST_NAME} characters.")
        number = int(page) if page.isascii() and page.isdecimal() and len(page) < len(str(MOST_PAGES)) else 0
        if number < 1:
            raise InvalidRequest("page: 1 or more.")
        return cls(state=state, cause=cause, name=name.strip().casefold(), page=number)

    def is_for(self, line: Line, now: datetime) -> bool:
        """Whether this line is asked for."""
        if self.state not in {"", line.state} or (self.cause and self.cause not in line.causes(now)):
            return False
        return not self.name or self.name in line.name.casefold() or self.name == line.tenant_id


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    lines: Sequence[Line]
    causes: Sequence[Mapping[str, Any]]
    excluded: Sequence[Mapping[str, Any]]
    has_all: bool
    on: datetime


@dataclass(slots=True, kw_only=True)
class Matrix:
    """Every method may block, and raises what listing consents and reading rows raise."""

    status: Status
    standings: Standings
    _read: _Read | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def page(self, *, state: str, cause: str, name: str, page: str) -> dict[str, Any]:
        """One page of the customers that are asked for, the worst first; raises InvalidRequest."""
        asked, now = Asked.read(state=state, cause=cause, name=name, page=page), self.status.clock()
        read = self._lines()
        found = [line for line in read.lines if asked.is_for(line, now)]
        counts = Counter(line.state for line in read.lines)
        pages = max(1, -(-len(found) // PAGE))
        number = min(asked.page, pages)
        shown = found[(number - 1) * PAGE : number * PAGE]
        return {
            "customers": [line.told(now) for line in shown],
            "resources": sorted({one.resource for line in shown for one in line.standings}),
            "counts": {state: counts[state] for state in STATES},
            "causes": read.causes,
            "excluded": read.excluded,
            "found": len(found),
            "page": number,
            "pages": pages,
            "read_on": to_text(read.on),
            "has_all": read.has_all,
        }

    def forget(self) -> None:
        """Read the list anew for whoever looks next: something was just changed."""
        self._read = None

    def customer(self, unverified_tenant: str, unverified_consent: str) -> dict[str, Any] | None:
        """One customer by one consent, read anew; None where nothing is known of it. Raises InvalidRequest."""
        tenant_id, consent = unverified_tenant.lower(), checked_subject(unverified_consent)
        if not GUID.fullmatch(tenant_id):
            raise InvalidRequest("tenant: the id of a customer's tenant.")
        status, now = self.status, self.status.clock()
        results = list(status.results.all(consent, tenant_id=tenant_id))
        if not results:
            return None
        refused = [one for one in results if state_of(one, now) != WORKS]
        excluded = status.exclusions.of(tenant_id, now)
        endings = shown_endings((one for one in status.worries.endings() if one.tenant_id == tenant_id), now)
        return {
            "tenant": tenant_id,
            "as": results[0].kind,
            "consent": consent,
            "name": next((one.customer for one in results if one.customer), ""),
            "domain": next((one.domain for one in results if one.domain), ""),
            "cells": [
                {**cell_told(one, now), "tried_on": to_text(one.tried_on)}
                for one in sorted(results, key=lambda one: one.resource)
            ],
            "causes": [_with_means(cause) for cause in by_cause(refused)],
            "changes": status.history(consent, tenant_id),
            "ends": endings[0] if endings else None,
            "excluded": exclusion_told(excluded) if excluded else None,
        }

    def _lines(self) -> _Read:
        """All lines, the worst first; who comes while they are read waits for the same."""
        with self._lock:
            now = self.status.clock()
            if self._read is None or not timedelta(0) <= now - self._read.on < KEPT_FOR:
                self._read = self._all(now)
            return self._read

    def _all(self, now: datetime) -> _Read:
        status = self.status
        names = with_application(entry.name for entry in status.store.all().entries if not entry.withdrawn)
        standings = self.standings.all(names, now)
        endings = {one["tenant"]: one for one in shown_endings(status.worries.endings(), now)}
        excluded = status.exclusions.in_force(now)
        found = lines_of(standings[:MOST_READ], endings=endings, excluded=excluded, now=now)
        lines = sorted(found, key=lambda line: line.order)
        return _Read(
            lines=lines,
            causes=_causes(lines, now),
            excluded=_excluded(lines, excluded.values()),
            has_all=len(standings) <= MOST_READ,
            on=now,
        )


def _causes(lines: Sequence[Line], now: datetime) -> list[dict[str, Any]]:
    """Why customers do not work, the cause that most meet first."""
    found = Counter(code for line in lines for code in line.causes(now))
    kinds = {code: kind_of(code) for code in found}
    return [
        {"cause": code, "says": kind.says if (kind := kinds[code]) else None, "customers": count}
        for code, count in sorted(found.items(), key=lambda one: (-one[1], one[0]))
    ]


def _excluded(lines: Sequence[Line], excluded: Iterable[Exclusion]) -> list[dict[str, Any]]:
    """Who is kept out, the nearest day first, also where no check has met the tenant."""
    known = {line.tenant_id: line for line in lines if line.state == EXCLUDED}
    return [
        {
            **exclusion_told(one),
            "name": line.name if (line := known.get(one.tenant_id)) else "",
            "consent": line.consent if line else "",
        }
        for one in sorted(excluded, key=lambda one: (one.until, one.tenant_id))
    ]


def _with_means(cause: Mapping[str, Any]) -> dict[str, Any]:
    """The cause, and what its act is in general words: the remedy speaks to who speaks HTTP."""
    kind = kind_of(cause["cause"])
    return {**cause, "means": kind.act.means if kind else None}
