"""The pages a person sees: plain forms that work without script, on a phone and with a screen reader."""

from html import escape
from string import Template

from starlette.responses import HTMLResponse

from local.entra.aadsts import NO_STORE, EntraError

_HEADERS = {
    **NO_STORE,
    # No form-action: Chromium applies it to the redirect that follows the form, and that leads to the client.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_PAGE = Template("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 26rem; margin: 10vh auto; padding: 0 1rem }
input, button { font: inherit; box-sizing: border-box; padding: .5rem; margin: .25rem 0 }
input { width: 100% }
[role=alert] { color: #a4262c }
</style>
<main>
<h1>$title</h1>
$alert$content
</main>
</html>
""")
_ALERT = Template('<p role="alert">$text</p>\n')
_SIGN_IN = Template("""<p>to continue to $application</p>
<form method="post" action="$action">
<input type="hidden" name="flow" value="$flow">
<label for="username">User name</label>
<input id="username" name="username" type="text" autocomplete="username" required value="$hint">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button type="submit">Sign in</button>
<button type="submit" name="cancel" value="1" formnovalidate>Cancel</button>
</form>""")
_APPROVE = Template("""<p>Approve the sign-in of $username, as an authenticator on a phone would ask.</p>
<form method="post" action="$action">
<input type="hidden" name="flow" value="$flow">
<button type="submit">Approve</button>
<button type="submit" name="cancel" value="1">Cancel</button>
</form>""")
_USER_CODE = Template("""<form method="post" action="$action">
<label for="user_code">Code shown on your device</label>
<input id="user_code" name="user_code" type="text" autocomplete="off" required>
<button type="submit">Next</button>
</form>""")


def sign_in(*, application: str, action: str, flow: str, hint: str, error: EntraError | None = None) -> HTMLResponse:
    """Asks for user name and password; `error` says what was wrong with the last ones."""
    content = _SIGN_IN.substitute(
        application=escape(application), action=escape(action), flow=escape(flow), hint=escape(hint)
    )
    return _page("Sign in", content, error=error)


def approve(*, username: str, action: str, flow: str) -> HTMLResponse:
    """Asks for the second factor."""
    content = _APPROVE.substitute(username=escape(username), action=escape(action), flow=escape(flow))
    return _page("Approve sign-in request", content)


def user_code(*, action: str, error: EntraError | None = None) -> HTMLResponse:
    """Asks for the code a device shows."""
    return _page("Enter code", _USER_CODE.substitute(action=escape(action)), error=error)


def device_done(*, application: str) -> HTMLResponse:
    """Tells the person that the device goes on by itself."""
    return _page("Signed in", f"<p>You have signed in to {escape(application)} on your device. Close this window.</p>")


def refusal(error: EntraError) -> HTMLResponse:
    """Says what is wrong when the browser cannot be sent back to a client."""
    return _page("Sorry, but we're having trouble signing you in", "", error=error, status=400)


def _page(title: str, content: str, *, error: EntraError | None = None, status: int = 200) -> HTMLResponse:
    alert = _ALERT.substitute(text=escape(str(error))) if error else ""
    html = _PAGE.substitute(title=escape(title), alert=alert, content=content)
    return HTMLResponse(html, status_code=status, headers=_HEADERS)
