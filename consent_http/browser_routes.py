"""The HTTP words of a person's browser: the link's page, the button, the redirect from the authority."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

import azure.functions as func

from consent_http import pages
from consent_http.dependencies import Dependencies
from consent_http.flow import cookie_suffix
from consent_http.refusals import ButtonFromElsewhere, LinkInvalid
from shared.cookies import cookie_name, cookies_of, is_from_elsewhere, set_cookie
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
        if is_from_elsewhere(req, public_url=settings.public_url):
            raise ButtonFromElsewhere
        unverified_link = _form(req).get("link", "")
        begun = await dependencies.pools.pages.run(lambda: flow.begin(unverified_link))
        headers = {"Location": begun.address, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        response = func.HttpResponse(status_code=303, headers=headers)
        name = _cookie_name(begun.cookie_suffix)
        cookie = set_cookie(name, begun.cookie, public_url=settings.public_url, seconds=COOKIE_SECONDS)
        response.headers.add("Set-Cookie", cookie)
        return response

    @routes.get("consent/redirect")
    async def consent_redirect(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        unverified_response = dict(req.params)
        name = _cookie_name(cookie_suffix(unverified_response.get("state", "")))
        unverified_cookie = cookies_of(req).get(cookie_name(name, public_url=settings.public_url))
        correlation = correlation_id(context)
        confirmation = await dependencies.pools.redirect.run(
            lambda: flow.complete(unverified_response, unverified_cookie, correlation=correlation)
        )
        dependencies.on_change(confirmation.consent.name)
        # The cookie stays for its quarter of an hour: whoever reloads the page is told that the link has been used, and
        # not that the sign-in was lost. What it seals is spent.
        return page_response(pages.done_page(confirmation, correlation))

    return routes.blueprint()


def _form(req: func.HttpRequest) -> Mapping[str, str]:
    body = request_body(req)
    try:
        return dict(parse_qsl(body.decode("ascii"), max_num_fields=8))
    except ValueError:
        raise LinkInvalid from None


def _cookie_name(suffix: str) -> str:
    return f"consent-{suffix}"


def _refusal_response(error: BrokerError, correlation: str) -> func.HttpResponse:
    return page_response(pages.refusal_page(error, correlation), correlation=correlation)
