"""Which act is in force, judged: a consent that may be used, or the refusal that says why not."""

from shared.consents.consent import Consent, Withdrawal
from shared.consents.errors import ConsentAbsent, ConsentInMotion, ConsentWithdrawn


def consent_of(act: Consent | Withdrawal | None, name: str) -> Consent:
    """The consent that the newest act of this name is; raises ConsentAbsent or ConsentWithdrawn."""
    if act is None:
        raise ConsentAbsent(f"Its name is {name}.").knowing(consent=name)
    if isinstance(act, Withdrawal):
        raise ConsentWithdrawn(f"Its name is {name}.").knowing(consent=name)
    return act


def require_same(act: Consent | Withdrawal | None, read: Consent) -> None:
    """Raise unless the act in force now is the consent that was `read` some time ago."""
    if consent_of(act, read.name).lineage != read.lineage:
        raise ConsentInMotion(f"Its name is {read.name}.")
