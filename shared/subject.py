"""In whose name a token is: a person's, told by the name of that stored consent, or the application's own."""

from enum import Enum
from typing import Final, Literal


class As(Enum):
    """The two kinds of tokens. No text equals either, so a consent that is called `application` is not the other."""

    USER = "user"
    APPLICATION = "application"


APPLICATION: Final = As.APPLICATION
# The name of a stored consent, or APPLICATION for a token of the application itself, which has none.
type Subject = str | Literal[As.APPLICATION]


def kind_of_subject(subject: Subject) -> str:
    """`user` or `application`, as policies, requests and records say it."""
    return str((APPLICATION if subject is APPLICATION else As.USER).value)


def consent_of(subject: Subject) -> str | None:
    """The name of the consent; None where the token is the application's own."""
    return None if subject is APPLICATION else subject
