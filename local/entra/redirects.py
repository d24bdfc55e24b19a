"""How a sign-in goes back to the client: to its redirect URI, with a code or with an error."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import RedirectResponse, Response

from local.entra import pages
from local.entra.aadsts import NO_STORE, EntraError
from local.entra.sign_in_request import SignInRequest


def redirect(location: str) -> RedirectResponse:
    """Send the browser there."""
    return RedirectResponse(location, status_code=302, headers=NO_STORE)


def refused(asked: SignInRequest, error: EntraError) -> Response:
    """Tell the client what was refused; on a page where a device waits, and no client can be sent back to."""
    if asked.user_code:
        return pages.refusal(error)
    body = error.body()
    fields = {name: body[name] for name in ("error", "error_description", "error_uri")}
    return redirect(asked.location(fields | {"error": _named(body)}))


def _named(body: Mapping[str, Any]) -> str:
    """The authorize endpoint has names of its own for what a person has to do, and none for a grant it never saw."""
    if body.get("suberror") == "consent_required":
        return "consent_required"
    return "access_denied" if body["error"] == "invalid_grant" else str(body["error"])
