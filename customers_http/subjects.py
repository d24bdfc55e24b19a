"""In whose name customers are checked: by consents, and beside them by the application's own tokens."""

from collections.abc import Iterable

from shared.consents.consent import checked_name
from shared.customers.result import OF_APPLICATION


def with_application(consents: Iterable[str]) -> list[str]:
    """The names under which results are kept, in the order of these."""
    return sorted([*consents, OF_APPLICATION])


def checked_subject(unverified: str) -> str:
    """A consent's name, or what stands in its place for the application itself; raises InvalidRequest."""
    return OF_APPLICATION if unverified == OF_APPLICATION else checked_name(unverified)
