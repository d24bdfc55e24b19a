"""Cookies of the broker's own pages, bound to this very host and unread by scripts, and whose form a form is."""

from collections.abc import Mapping

import azure.functions as func


def cookies_of(req: func.HttpRequest) -> Mapping[str, str]:
    """What the browser brought, by name; nobody vouches for any of it."""
    # By hand (RFC 6265 4.2.1): http.cookies stops at the first cookie of anybody's that it does not like.
    pairs = (pair.strip().partition("=") for pair in req.headers.get("Cookie", "").split(";"))
    return {name: value for name, _, value in pairs}


def cookie_name(name: str, *, public_url: str) -> str:
    """The name as the browser knows it."""
    # `__Host-` holds a cookie to this very host; browsers take it over https alone (RFC 6265bis 4.1.3.2).
    return f"{'__Host-' if public_url.startswith('https:') else ''}{name}"


def set_cookie(name: str, value: str, *, public_url: str, seconds: int) -> str:
    """The value of a Set-Cookie header; 0 seconds takes the cookie away."""
    # Lax: the authority's redirect is a top-level GET from another site, which Strict would not travel with.
    secure = "; Secure" if public_url.startswith("https:") else ""
    return (
        f"{cookie_name(name, public_url=public_url)}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
    )


def is_from_elsewhere(req: func.HttpRequest, *, public_url: str) -> bool:
    """Whether another site sent this form: Fetch Metadata where a browser has it, Origin where it has that."""
    site, origin = req.headers.get("Sec-Fetch-Site"), req.headers.get("Origin")
    return site not in {None, "same-origin"} or origin not in {None, public_url}
