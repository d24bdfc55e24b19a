"""Who signed in, and how: what codes, refresh tokens and the browser's session carry on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from local.entra.directory import Directory
from local.world import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One sign-in; `amr` are authentication methods of RFC 8176 (`pwd`, `mfa`).

    `single_page` is true of what descends from a sign-in to a redirect URI of that kind.
    """

    user: User
    amr: tuple[str, ...]
    signed_in: datetime
    single_page: bool = False

    def to_json(self) -> dict[str, Any]:
        """A value to seal."""
        return {
            "user": self.user.object_id,
            "amr": list(self.amr),
            "signed_in": self.signed_in.timestamp(),
            "single_page": self.single_page,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any], directory: Directory) -> "Session | None":
        """The session as it was sealed; None when the user has gone from the world since."""
        user = directory.person(value["user"])
        if user is None:
            return None
        return cls(
            user=user,
            amr=tuple(value["amr"]),
            signed_in=datetime.fromtimestamp(value["signed_in"], UTC),
            single_page=value.get("single_page", False),
        )
