"""One page as it goes out: its HTML, its status, and the headers that let a browser run, load and frame nothing."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import azure.functions as func

from shared.pages.templates import Templates

HEADERS = {
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
NOWHERE = "'none'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """HTML with the status and headers it goes out with."""

    html: str
    status: int
    headers: Mapping[str, str]


def page(
    templates: Templates,
    template: str,
    values: Mapping[str, Any],
    *,
    status: int = 200,
    form_action: str | None = NOWHERE,
) -> Page:
    """The page of `template`; `form_action` says where its forms may go, None that no policy restricts it."""
    # Inline, under its digest: a page is one request, and nothing beside it can style it.
    digest = base64.b64encode(hashlib.sha256(templates.style.encode()).digest()).decode()
    forms = "" if form_action is None else f"form-action {form_action}; "
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; {forms}base-uri 'none'; frame-ancestors 'none'"
    headers = {"Content-Security-Policy": policy, **HEADERS}
    # Half a character, which JSON of others may hold, is none that a page can send.
    html = templates.render(template, values).encode("utf-8", "replace").decode()
    return Page(html=html, status=status, headers=headers)


def page_response(shown: Page, *, correlation: str = "") -> func.HttpResponse:
    """The page as the host sends it; `correlation` is told in a header where something was refused."""
    headers = {**shown.headers, **({"x-ms-request-id": correlation} if correlation else {})}
    return func.HttpResponse(
        shown.html, status_code=shown.status, headers=headers, mimetype="text/html", charset="utf-8"
    )
