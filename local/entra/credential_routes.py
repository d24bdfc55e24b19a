"""Control routes for what a registration or an old script holds: client credentials, and refresh tokens.

These routes lie behind the stack's control door, which has checked the control secret.
"""

import json
from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.control import PREFIX
from local.entra.credentials import ClientSecret, Credentials
from local.entra.directory import Directory
from local.entra.refresh_tokens import RefreshTokens
from local.entra.sessions import Session
from local.ledger import Ledger


class CredentialRoutes:
    """Routes below `/_local/`; every body is JSON, and whatever is made goes to the ledger."""

    def __init__(
        self, *, credentials: Credentials, refresh_tokens: RefreshTokens, directory: Directory, ledger: Ledger
    ) -> None:
        self._credentials = credentials
        self._refresh_tokens = refresh_tokens
        self._directory = directory
        self._ledger = ledger

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route(f"{PREFIX}credentials", self.register, methods=["POST"]),
            Route(f"{PREFIX}credentials", self.remove, methods=["DELETE"]),
            Route(f"{PREFIX}refresh_tokens", self.mint, methods=["POST"]),
        ]

    async def register(self, request: Request) -> Response:
        """`{"client", "certificate": PEM}` or `{"client", "secret", "expires_on"?: seconds since the epoch}`."""
        body = await request.json()
        if "certificate" in body:
            try:
                self._credentials.add_certificate(body["client"], body["certificate"])
            except ValueError as error:
                return JSONResponse({"error": str(error)}, status_code=400)
            return Response(status_code=204)
        ends = datetime.fromtimestamp(body["expires_on"], UTC) if "expires_on" in body else None
        self._ledger.record("client_secret", body["secret"])
        self._credentials.add_secret(body["client"], ClientSecret(text=body["secret"], expires_on=ends))
        return Response(status_code=204)

    async def remove(self, request: Request) -> Response:
        """`{"client", "certificate"}` or `{"client", "secret"}` removes one; no body returns to the world's own."""
        body = json.loads(await request.body() or b"{}")
        if "certificate" in body:
            self._credentials.remove_certificate(body["client"], body["certificate"])
        elif "secret" in body:
            self._credentials.remove_secret(body["client"], body["secret"])
        else:
            self._credentials.reset()
        return Response(status_code=204)

    async def mint(self, request: Request) -> Response:
        """`{"user": object id, "client", "scope", "spa"?: false, "mfa"?: true, "age_days"?: 0}`: `{"refresh_token"}`.

        As an old script holds it: of a sign-in so many days ago, and not used since.
        """
        body = await request.json()
        user = self._directory.person(body["user"])
        if user is None:
            return JSONResponse({"error": "no such user"}, status_code=404)
        moment = datetime.now(UTC) - timedelta(days=body.get("age_days", 0))
        session = Session(
            user=user,
            amr=("pwd", "mfa") if body.get("mfa", True) else ("pwd",),
            signed_in=moment,
            single_page=body.get("spa", False),
        )
        token = self._refresh_tokens.issue(session, client_id=body["client"], scope=body["scope"], issued=moment)
        return JSONResponse({"refresh_token": token})
