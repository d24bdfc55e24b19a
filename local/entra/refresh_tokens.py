"""Refresh tokens: sealed, stateless, bound to a person and a client, alive for 90 days from issue.

Those of single-page applications end 24 hours after the sign-in, however often they are renewed.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from local.entra.aadsts import EntraError
from local.entra.directory import Directory
from local.entra.seal import Seal
from local.entra.sessions import Session
from local.ledger import Ledger

LIFETIME = timedelta(days=90)
SINGLE_PAGE_LIFETIME = timedelta(hours=24)
# What real ones begin with; the rest of a real one is opaque too.
PREFIX = "1.A"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshGrant:
    """What a redeemed refresh token stands for; `scope` is what it was issued with, for requests that name none."""

    session: Session
    scope: str


class RefreshTokens:
    """Issues and redeems; redeeming leaves the old token valid, as Entra ID does."""

    def __init__(self, *, seal: Seal, directory: Directory, ledger: Ledger) -> None:
        self._seal = seal
        self._directory = directory
        self._ledger = ledger

    def issue(self, session: Session, *, client_id: str, scope: str, issued: datetime | None = None) -> str:
        """A new token, `issued` now unless another moment is given."""
        value = {
            "session": session.to_json(),
            "client": client_id,
            "scope": scope,
            "issued": (issued or datetime.now(UTC)).timestamp(),
        }
        token = PREFIX + self._seal.close("refresh token", value)
        self._ledger.record("refresh_token", token)
        return token

    def redeem(self, unverified_token: str, *, client_id: str) -> RefreshGrant:
        """What the token grants; raises one of the refusals below, all `invalid_grant`.

        AADSTS9002313 and 70000 (not one), 700007 (another client's), 50173 (revoked), 700082 and 700084 (over).
        """
        if not unverified_token.startswith(PREFIX):
            # Captured from the live service with this OAuth error, though 9002313 elsewhere is invalid_request.
            raise EntraError(9002313, error="invalid_grant")
        value = self._seal.open("refresh token", unverified_token.removeprefix(PREFIX))
        session = Session.from_json(value["session"], self._directory) if value else None
        if value is None or session is None:
            raise EntraError(70000, parameter="refresh_token")
        if value["client"] != client_id:
            raise EntraError(700007)
        self._check_alive(session, datetime.fromtimestamp(value["issued"], UTC))
        return RefreshGrant(session=session, scope=value["scope"])

    def _check_alive(self, session: Session, issued: datetime) -> None:
        if issued < (valid_from := self._directory.valid_from(session.user)):
            raise EntraError(50173, issued=_moment(issued), valid_from=_moment(valid_from))
        if session.single_page and datetime.now(UTC) - session.signed_in > SINGLE_PAGE_LIFETIME:
            raise EntraError(700084)
        if datetime.now(UTC) - issued > LIFETIME:
            raise EntraError(700082, issued=_moment(issued))


def _moment(moment: datetime) -> str:
    # .NET's round-trip form has seven digits of a second.
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}0Z"
