"""How a command ends, said once for both: what an exit code means, and which one a failure or a batch of them has."""

from collections.abc import Iterable

DONE, PERSON, USAGE, AWAY, NOT_ALLOWED, INTERRUPTED = 0, 1, 2, 3, 4, 130
EPILOG = """exit codes: 0 done; 1 something needs a person, or was declined; 2 used wrongly, or nothing to do;
3 broker, authority or network away: try again later; 4 not signed in, or not allowed; 130 Ctrl-C"""

# What a script may meet again in a minute, and find gone.
LATER_ACTS = frozenset({"retry", "vault.load", "network.look"})
NOT_ALLOWED_CODES = frozenset({"role_missing", "not_permitted", "tenant_name_unknown", "not_authorized"})
UNAUTHENTICATED, MALFORMED = 401, "invalid_request"


def of_refusal(*, code: str, status: int | None, transient: bool) -> int:
    """The exit code of one refusal, or of no answer at all."""
    if code == MALFORMED:
        return USAGE
    if status == UNAUTHENTICATED or code in NOT_ALLOWED_CODES:
        return NOT_ALLOWED
    return AWAY if transient else PERSON


def of_outcome(act: str) -> int:
    """The exit code of one failed row of a batch, by the act it came with."""
    return AWAY if act in LATER_ACTS else PERSON


def of_batch(failures: Iterable[int]) -> int:
    """The exit code of a batch: 1, unless every failure is of those that no person at the broker can mend."""
    kinds = set(failures)
    if not kinds:
        return DONE
    return max(kinds) if kinds <= {AWAY, NOT_ALLOWED} else PERSON
