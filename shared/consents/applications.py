"""The broker's two applications, and which of them a consent was given to: its name tells."""

from dataclasses import dataclass

from shared.consents.consent import MANAGEMENT_NAME
from shared.consents.errors import ManagementAbsent
from shared.entra.authority import Authority


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One registration: its client id, and the authority as this application uses it."""

    client_id: str
    authority: Authority


@dataclass(frozen=True, slots=True, kw_only=True)
class Applications:
    """The partner application, whose tokens callers get, and the management application, which is the broker's own.

    Every consented scope is in every token of an application, so what manages grants needs one that no caller uses.
    """

    partner: Application
    management: Application | None = None

    def of(self, consent: str) -> Application:
        """Whose refresh token the consent of this name holds; raises ManagementAbsent."""
        if consent != MANAGEMENT_NAME:
            return self.partner
        if self.management is None:
            raise ManagementAbsent
        return self.management
