"""The HTTP words of a person's browser: the link's page, the button, the redirect from the authority."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

import azure.functions as func

from consent_http import pages
from consent_http.dependencies import Dependencies
from consent_http.flow import Begun, cookie_suffix
from consent_http.refusals import ButtonFromElsewhere, LinkInvalid
from shared.errors import BrokerError
from shared.pages.page import page_response
from shared.request_fields import request_body
from shared.responses import correlation_id
from shared.routes import Routes

COOKIE_SECONDS = 900


def blueprint(dependencies: Dependencies) -> func.Blueprint:
    """The link's page, the button behind it, and the one fixed redirect URI."""
    # What comes back from the authority has its code in the query (docs/decisions/response-mode-query.md).
    routes = Routes(_refusal_response, refuse_leaks=False, bursts=dependencies.operator.bursts)
    flow, settings = dependencies.flow, dependencies.settings

    @routes.get("consent")
    async def consent_page(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:  # noqa: ARG001 - bound by name
        unverified_link = req.params.get("link", "")
        opened = await dependencies.pools.pages.run(lambda: flow.open(unverified_link))
        return page_response(
            pages.consent_page(
                opened.link, in_force=opened.in_force, unverified_link=unverified_link, settings=settings
            )
        )

    @routes.post("consent")
    async def consent_begin(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:  # noqa: ARG001 - bound by name
        _require_own_page(req, settings.public_url)
        unverified_link = _form(req).get("link", "")
        begun = await dependencies.pools.pages.run(lambda: flow.begin(unverified_link))
        headers = {"Location": begun.address, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        response = func.HttpResponse(status_code=303, headers=headers)
        response.headers.add("Set-Cookie", _cookie(begun, settings.public_url))
        return response

    @routes.get("consent/redirect")
    async def consent_redirect(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        unverified_response = dict(req.params)
        name = _cookie_name(cookie_suffix(unverified_response.get("state", "")), settings.public_url)
        unverified_cookie = _cookies(req).get(name)
        correlation = correlation_id(context)
        confirmation = await dependencies.pools.redirect.run(
            lambda: flow.complete(unverified_response, unverified_cookie, correlation=correlation)
        )
        dependencies.on_change(confirmation.consent.name)
        # The cookie stays for its quarter of an hour: whoever reloads the page is told that the link has been used, and
        # not that the sign-in was lost. What it seals is spent.
        return page_response(pages.done_page(confirmation, correlation))

    return routes.blueprint()


def _require_own_page(req: func.HttpRequest, public_url: str) -> None:
    """Refuse a form that another site sent: Fetch Metadata where a browser has it, Origin where it has that."""
    site, origin = req.headers.get("Sec-Fetch-Site"), req.headers.get("Origin")
    if site not in {None, "same-origin"} or origin not in {None, public_url}:
        raise ButtonFromElsewhere


def _form(req: func.HttpRequest) -> Mapping[str, str]:
    body = request_body(req)
    try:
        return dict(parse_qsl(body.decode("ascii"), max_num_fields=8))
    except ValueError:
        raise LinkInvalid from None


def _cookies(req: func.HttpRequest) -> Mapping[str, str]:
    # By hand (RFC 6265 4.2.1): http.cookies stops at the first cookie of anybody's that it does not like.
    pairs = (pair.strip().partition("=") for pair in req.headers.get("Cookie", "").split(";"))
    return {name: value for name, _, value in pairs}


def _cookie_name(suffix: str, public_url: str) -> str:
    # `__Host-` holds a cookie to this very host; browsers take it over https alone (RFC 6265bis 4.1.3.2).
    return f"{'__Host-' if public_url.startswith('https:') else ''}consent-{suffix}"


def _cookie(begun: Begun, public_url: str) -> str:
    return f"{_cookie_name(begun.cookie_suffix, public_url)}={begun.cookie}; {_attributes(public_url)}"


def _attributes(public_url: str) -> str:
    # Lax: the authority's redirect is a top-level GET from another site, which Strict would not travel with.
    secure = "; Secure" if public_url.startswith("https:") else ""
    return f"Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Lax{secure}"


def _refusal_response(error: BrokerError, correlation: str) -> func.HttpResponse:
    return page_response(pages.refusal_page(error, correlation), correlation=correlation)
