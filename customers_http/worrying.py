"""What somebody has to see to before a customer fails, as operators read it: ends, persons, a check that is silent."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from shared import acts
from shared.clock import to_text
from shared.customers.errors import DelegatedRoleMissing, PartnerCenterMfaMissing
from shared.customers.worries import Ending, PersonSeen
from shared.errors import BrokerError, kind_of

DAY_SECONDS = 86_400
RENEW = "Make a new delegated admin relationship with the customer before this one ends, or extend it (GDAP)."
RESTART = (
    "Look whether the function check_customers is enabled and what its last invocation says, and restart the app "
    "(docs/operate.md)."
)
MFA_WANTED = frozenset({"no", "missing"})


def ending_told(ending: Ending, now: datetime) -> dict[str, Any]:
    """One delegation; whole days left, 0 where it is over."""
    left = int((ending.ends - now).total_seconds() // DAY_SECONDS) if ending.ends else None
    return {
        "tenant": ending.tenant_id,
        "name": ending.customer,
        "status": ending.status,
        "ends": to_text(ending.ends) if ending.ends else None,
        "days_left": 0 if ending.told == 0 else left,
        "remedy": RENEW,
        "act": acts.CUSTOMER_RELATIONSHIP.told({"tenant": ending.tenant_id}),
    }


def person_told(seen: PersonSeen) -> dict[str, Any]:
    """The person of one consent; what is to be done is told of the widest trouble, and null where there is none."""
    error = _trouble(seen)
    told = error.knowing(consent=seen.consent).what_to_do if error else {"remedy": None, "act": None}
    return {
        "consent": seen.consent,
        "looked_on": to_text(seen.looked_on),
        "mfa": seen.mfa,
        "roleless": [{"tenant": tenant, "name": name} for tenant, name in seen.roleless.items()],
        "roleless_count": seen.roleless_count,
        "unseen": _unseen(seen.unseen),
        **told,
    }


def check_told(last: Mapping[str, Any] | None, *, is_silent: bool) -> dict[str, Any]:
    """Whether runs of the check end in time."""
    act = acts.REPORT.told({}) if is_silent else None
    ended = str(last["ended_on"]) if last and "ended_on" in last else None
    return {"silent": is_silent, "ended_on": ended, "remedy": RESTART if is_silent else None, "act": act}


def shown_endings(endings: Iterable[Ending], now: datetime) -> list[dict[str, Any]]:
    """Those of interest still, the nearest end first."""
    found = sorted((one for one in endings if one.is_shown(now)), key=_nearest)
    return [ending_told(one, now) for one in found]


def _trouble(seen: PersonSeen) -> BrokerError | None:
    if seen.mfa in MFA_WANTED:
        return PartnerCenterMfaMissing()
    return DelegatedRoleMissing() if seen.roleless_count else None


def _unseen(code: str) -> dict[str, Any] | None:
    """Why roles could not be read, and what mends it."""
    kind = kind_of(code) if code else None
    return {"error": code, "says": kind.says, **kind().what_to_do} if kind else None


def _nearest(ending: Ending) -> tuple[int, datetime, str]:
    return ending.told, ending.ends or datetime.max.replace(tzinfo=UTC), ending.customer
