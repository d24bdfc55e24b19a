"""What a run looks at beside the customers: delegations that end, and once a night the person of each consent."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from customers_timer.person_look import MISSING, PersonLook
from customers_timer.tally import MOST_TOLD
from shared.clock import Clock
from shared.customers.access import Actor
from shared.customers.delegation import GONE, Delegation, alarm_of, is_calm
from shared.customers.errors import PartnerCenterMfaMissing
from shared.customers.patience import within
from shared.customers.sources import GDAP, PARTNER_CENTER
from shared.customers.worries import Ending, PersonSeen, Worries
from shared.errors import BrokerError

# Seconds that looking at all persons may take.
LOOK_SECONDS = 300.0
ALARMING = frozenset({"no", MISSING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a plan has seen of one consent: who acts, the delegations, and the code of each source that is silent."""

    actor: Actor
    delegations: Mapping[str, Delegation]
    silent: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class Watched:
    """What is to be told since this run; `unseen` has consent and code of what could not be looked at."""

    ending: list[Ending] = field(default_factory=list)
    roleless: dict[str, dict[str, str]] = field(default_factory=dict)
    mfa: dict[str, str] = field(default_factory=dict)
    unseen: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Looks, and remembers what was told; may block. `age` is how long a look at a person is good for."""

    worries: Worries
    person: PersonLook
    age: timedelta
    clock: Clock

    def look(self, looks: Sequence[Look], correlation: str) -> Watched:
        """All that is news; raises nothing of the tree: what cannot be looked at is named."""
        watched = Watched()
        try:
            with within(LOOK_SECONDS):
                before = self.worries.persons()
                watched.ending += self._endings(looks, is_first=not before)
                for one in looks:
                    self._person(one, before.get(one.actor.served.consent.name), watched, correlation)
        except BrokerError as error:
            watched.unseen.append(error.code)
        return watched

    def _endings(self, looks: Iterable[Look], *, is_first: bool) -> Iterator[Ending]:
        """What ends and was not told yet. At the first look ever, what is over already is no news."""
        seeing = [one for one in looks if GDAP not in one.silent]
        if not seeing:
            return
        delegations = {tenant: one for look in seeing for tenant, one in look.delegations.items()}
        before, now = {one.tenant_id: one for one in self.worries.endings()}, self.clock()
        for tenant in before.keys() - delegations.keys():
            self.worries.forget_ending(tenant)
        for tenant, delegation in delegations.items():
            known = before.get(tenant)
            if is_calm(delegation, now):
                if known is not None:
                    self.worries.forget_ending(tenant)
                continue
            # What was over and is active again ends anew.
            warned = None if known is None or (known.told == GONE and delegation.status == "active") else known.told
            told = alarm_of(delegation, warned=warned, now=now)
            if told is None:
                continue
            ending = Ending(
                tenant_id=tenant,
                customer=delegation.name,
                status=delegation.status,
                ends=delegation.ends,
                told=told,
                told_on=now,
                is_news=not (is_first and told == GONE),
            )
            self.worries.put_ending(ending)
            if ending.is_news:
                yield ending

    def _person(self, look: Look, before: PersonSeen | None, watched: Watched, correlation: str) -> None:
        name = look.actor.served.consent.name
        is_refused = look.silent.get(PARTNER_CENTER) == PartnerCenterMfaMissing.code
        is_due = before is None or abs(self.clock() - before.looked_on) >= self.age
        if not is_due and not (is_refused and before is not None and before.mfa != MISSING):
            return
        seen = self.person.look(look.actor, look.delegations, look.silent, correlation=correlation)
        self.worries.put_person(seen)
        known = before.roleless if before else {}
        newly = {tenant: called for tenant, called in seen.roleless.items() if tenant not in known}
        if newly:
            watched.roleless[name] = newly
        if seen.mfa in ALARMING and (before is None or before.mfa != seen.mfa):
            watched.mfa[name] = seen.mfa
        if seen.unseen:
            watched.unseen.append(f"{name} {seen.unseen}")


def told_ending(ending: Ending) -> str:
    """One customer's end in a line."""
    called = f"{ending.customer} ({ending.tenant_id})" if ending.customer else ending.tenant_id
    return f"{called}: {ending.status}" if ending.told == GONE else f"{called}: {ending.told} days or less"


def watched_fields(watched: Watched) -> dict[str, list[str] | int]:
    """What is told, as fields of the run's record; lists hold at most MOST_TOLD."""
    roleless = [
        f"{consent}: {called or tenant}"
        for consent, found in watched.roleless.items()
        for tenant, called in found.items()
    ]
    return {
        "ending": [told_ending(one) for one in watched.ending[:MOST_TOLD]],
        "ending_count": len(watched.ending),
        "roleless": roleless[:MOST_TOLD],
        "roleless_count": len(roleless),
        "mfa": [f"{consent}: {said}" for consent, said in watched.mfa.items()][:MOST_TOLD],
        "unseen": watched.unseen[:MOST_TOLD],
    }
