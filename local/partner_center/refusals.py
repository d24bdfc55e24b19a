"""How Partner Center answers: a status with JSON, and the one shape that all its refusals have."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# The one code that is published for what is refused here: the person has to sign in with MFA.
MFA_REQUIRED = 900421


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is sent back, apart from the headers that every answer has; without `content` there is no body."""

    status: int
    content: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class PartnerCenterError(Exception):
    """A refusal; `code` is Partner Center's own number, the HTTP status where none is published."""

    def __init__(
        self, status: int, description: str, *, code: int | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(description)
        self.status = status
        self.code = code or status
        self.headers = headers or {}

    def answer(self) -> Answer:
        """The refusal as it is sent (learn: partner-center/developer/error-codes)."""
        content = {"code": self.code, "description": str(self), "data": [], "source": "PartnerFD"}
        return Answer(status=self.status, content=content, headers=self.headers)


def unauthorized(description: str, *, code: int | None = None) -> PartnerCenterError:
    """The token is missing, not for Partner Center, or of nobody who signed in with MFA."""
    return PartnerCenterError(401, description, code=code, headers={"WWW-Authenticate": "Bearer"})


def unknown_customer(customer: str) -> PartnerCenterError:
    """There is no such customer of this partner."""
    return PartnerCenterError(404, f"Customer {customer} was not found.")
