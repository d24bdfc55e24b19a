"""At a glance: the application's credential, the consents, which customers do not work and why, and the last run.

It reads what runs have found, and exchanges nothing because somebody looks.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from customers_http.causes import by_cause, shown
from customers_http.status_question import PAGE, Question
from shared.clock import Clock, to_text
from shared.consents.store import ConsentStore
from shared.consents.stored_consent import Entry, Listing
from shared.customers.result import Result
from shared.customers.results import Results, failing_key
from shared.entra.application_credential import ApplicationCredential
from shared.entra.place import Place
from shared.entra.what_to_look_at import what_to_do
from shared.errors import BrokerError
from shared.setting_values import GUID

MOST_NEW, DAY_SECONDS = 100, 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Answers one question; may block."""

    store: ConsentStore
    credential: ApplicationCredential
    results: Results
    clock: Clock

    def answer(self, question: Question) -> dict[str, Any]:
        """The status; raises what listing consents raises. Without the tables it still tells of the rest."""
        listing = self.store.all()
        told = {
            "asked_on": to_text(self.clock()),
            "application": self._application(listing),
            "consents": [self._consent(entry) for entry in _most_urgent_first(listing)],
            "damaged": list(listing.damaged),
        }
        try:
            return {**told, **self._customers(question, listing), "unavailable": None}
        except BrokerError as error:
            nothing: dict[str, Any] = {"failing": [], "works": [], "new": [], "last_run": None, "next": None}
            away = {"error": error.code, "says": error.says, **error.what_to_do}
            return {**told, **nothing, "unavailable": away}

    def _customers(self, question: Question, listing: Listing) -> dict[str, Any]:
        now, names = self.clock(), [entry.name for entry in listing.entries if not entry.withdrawn]
        found = list(islice(self._found(question, names), PAGE + 1))
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
            "last_run": self.results.last_run(),
            "next": failing_key(page[-1]) if more else None,
        }

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

    def _application(self, listing: Listing) -> dict[str, Any]:
        health = listing.application
        told: dict[str, Any] = {
            "status": health.status,
            "since": to_text(health.since) if health.since else None,
            "error": health.error or None,
            "authority_code": health.authority_code,
            **what_to_do(health.error, health.authority_code, Place.HOME),
            "credential": self.credential.kind,
        }
        try:
            ends = self.credential.in_use().expires_on
        except BrokerError as error:
            return {**told, "days_left": None, "error": error.code, **error.what_to_do}
        left = int((ends - self.clock()).total_seconds() // DAY_SECONDS) if ends else None
        return {**told, "days_left": left}

    def _consent(self, entry: Entry) -> Mapping[str, Any]:
        health = entry.health
        left = int((entry.dies_on - self.clock()).total_seconds() // DAY_SECONDS)
        return {
            "name": entry.name,
            "status": "withdrawn" if entry.withdrawn else health.status if health else "unproven",
            "username": entry.person.username,
            "days_left": None if entry.withdrawn else max(0, left),
            "proven_on": to_text(health.proven_on) if health and health.proven_on else None,
            "error": (health.error or None) if health else None,
            "authority_code": health.authority_code if health else None,
            **what_to_do(
                health.error if health else "",
                health.authority_code if health else None,
                Place.HOME,
                consent=entry.name,
            ),
        }


def _most_urgent_first(listing: Listing) -> list[Entry]:
    return sorted(listing.entries, key=lambda entry: (entry.withdrawn, entry.dies_on, entry.name))
