"""At a glance: the application's credential, the consents, which customers do not work and why, and the last run.

It reads what runs have found, and exchanges nothing because somebody looks.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from customers_http.causes import by_cause, shown
from customers_http.excluding import exclusion_told
from customers_http.status_question import PAGE, Question
from customers_http.subjects import with_application
from customers_http.worrying import check_told, person_told, shown_endings
from shared.clock import Clock, from_text, to_text
from shared.consents.health import LOST, OK
from shared.consents.store import ConsentStore
from shared.consents.stored_consent import Entry, Listing
from shared.consents.telling import application_told, consent_told
from shared.customers.exclusions import Exclusions
from shared.customers.result import Result
from shared.customers.results import Results, failing_key
from shared.customers.worries import Worries
from shared.entra.application_credential import ApplicationCredential
from shared.errors import BrokerError
from shared.setting_values import GUID

MOST_NEW, RUNS_SHOWN = 100, 8
SOON = timedelta(days=14)
RUN_NUMBERS = ("customers", "due", "left", "works", "failing", "newly_failing_count", "recovered")
CHANGE = ("on", "resource", "before", "outcome", "number", "whose")
LISTS = ("failing", "works", "new", "ending", "persons", "excluded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Answers one question; may block."""

    store: ConsentStore
    credential: ApplicationCredential
    results: Results
    worries: Worries
    exclusions: Exclusions
    clock: Clock

    def answer(self, question: Question) -> dict[str, Any]:
        """The status; raises what listing consents raises. Without the tables it still tells of the rest."""
        listing, now = self.store.all(), self.clock()
        told = {
            "asked_on": to_text(now),
            "application": application_told(listing.application, self.credential, now),
            "consents": [consent_told(entry, now) for entry in _most_urgent_first(listing, now)],
            "damaged": list(listing.damaged),
        }
        try:
            return {**told, **self._customers(question, listing), "unavailable": None}
        except BrokerError as error:
            lists: dict[str, Any] = {name: [] for name in LISTS}
            nothing = {**lists, "check": None, "last_run": None, "next": None}
            away = {"error": error.code, "says": error.says, **error.what_to_do}
            return {**told, **nothing, "unavailable": away}

    def overview(self) -> dict[str, Any]:
        """What `answer` tells, and the last runs."""
        told = self.answer(Question())
        try:
            runs = list(self.results.runs(limit=RUNS_SHOWN)) if told["unavailable"] is None else []
        except BrokerError:
            runs = []  # the tables went away in between
        return {**told, "runs": [one for run in runs if (one := _run_told(run)) is not None]}

    def _customers(self, question: Question, listing: Listing) -> dict[str, Any]:
        now, names = self.clock(), [entry.name for entry in listing.entries if not entry.withdrawn]
        excluded = self.exclusions.in_force(now)
        told = (one for one in self._found(question, with_application(names)) if one.tenant_id not in excluded)
        found = list(islice(told, PAGE + 1))
        page, more = found[:PAGE], len(found) > PAGE
        failing = [one for one in page if one.is_failing(now)]
        new = [one for one in self.results.new(now=now) if one.consent in names]
        return {
            "failing": by_cause(failing),
            "works": [shown(one) for one in page if not one.is_failing(now)],
            "new": [
                {"consent": one.consent, "tenant": one.tenant_id, "name": one.customer, "since": to_text(one.first_on)}
                for one in sorted(new, key=lambda one: one.first_on, reverse=True)[:MOST_NEW]
            ],
            "ending": shown_endings((one for one in self.worries.endings() if one.tenant_id not in excluded), now),
            "persons": [person_told(one) for name, one in sorted(self.worries.persons().items()) if name in names],
            "excluded": [exclusion_told(one) for _, one in sorted(excluded.items())],
            "check": self._check(listing),
            "last_run": self.results.last_run(),
            "next": failing_key(page[-1]) if more else None,
        }

    def history(self, consent: str, tenant_id: str) -> list[dict[str, Any]]:
        """What changed for a customer by one consent in the months that are kept, the newest first."""
        found = self.results.history(consent, tenant_id, now=self.clock())
        changes = [{name: change.get(name) for name in CHANGE} for change in found]
        return sorted(changes, key=lambda one: str(one["on"]), reverse=True)

    def _check(self, listing: Listing) -> dict[str, Any]:
        since = min((entry.consented_on for entry in listing.entries if not entry.withdrawn), default=None)
        is_silent = self.results.is_silent(self.clock(), since=since)
        return check_told(self.results.last_run(), is_silent=is_silent)

    def _found(self, question: Question, names: Sequence[str]) -> Iterator[Result]:
        """The results that are asked for, in the order of consent, tenant and resource."""
        if not question.all and not question.customer:
            yield from (one for one in self.results.failing(after=question.after) if one.consent in names)
            return
        last, _, key = question.after.partition("_")
        tenant = question.customer if GUID.fullmatch(question.customer) else ""
        for name in names:
            if name >= last:
                for one in self.results.all(name, tenant_id=tenant, after=key if name == last else ""):
                    if tenant or question.customer in one.customer.lower():
                        yield one


def _run_told(run: Mapping[str, Any]) -> dict[str, Any] | None:
    """One run in numbers, those that an older broker did not count as nothing; None for what does not say when."""
    try:
        moments = {name: to_text(from_text(str(run[name]))) for name in ("began_on", "ended_on")}
    except (KeyError, ValueError):
        return None
    return {**moments, **{name: run[name] if isinstance(run.get(name), int) else None for name in RUN_NUMBERS}}


def _most_urgent_first(listing: Listing, now: datetime) -> list[Entry]:
    """What is lost, what is refused or ends soon, the rest by what is left of it, and what nobody uses any more."""

    def urgency(entry: Entry) -> tuple[int, datetime, str]:
        status = entry.health.status if entry.health else OK
        is_near = status != OK or entry.dies_on - now < SOON
        return 3 if entry.withdrawn else 0 if status == LOST else 1 if is_near else 2, entry.dies_on, entry.name

    return sorted(listing.entries, key=urgency)
