"""The way in and out: to Entra ID, back from it, and the button that signs out."""

import azure.functions as func

from console_http.dependencies import Dependencies
from console_http.door import FLOW_COOKIE, SESSION_COOKIE, Door, redirect, refusal_response
from console_http.sign_in import cookie_suffix
from console_http.views import signed_out_page
from shared.audit import record
from shared.cookies import cookie_name, cookies_of, set_cookie
from shared.pages.page import page_response
from shared.responses import correlation_id
from shared.routes import Routes


def blueprint(door: Door, dependencies: Dependencies) -> func.Blueprint:
    """Three routes that need no role."""
    # What comes back from the authority has its code in the query (docs/decisions/response-mode-query.md).
    routes = Routes(refusal_response, refuse_leaks=False, bursts=dependencies.bursts)
    flow, sessions, pools = dependencies.flow, dependencies.sessions, dependencies.pools
    public_url = dependencies.settings.public_url

    @routes.get("console/sign-in")
    async def console_sign_in(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:  # noqa: ARG001 - bound by name
        return door.leaving(await pools.sign_in.run(flow.begin))

    @routes.get("console/redirect")
    async def console_redirect(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        unverified_response, cookies = dict(req.params), cookies_of(req)
        name = f"{FLOW_COOKIE}-{cookie_suffix(unverified_response.get('state', ''))}"
        unverified_cookie = cookies.get(cookie_name(name, public_url=public_url))
        arrived = await pools.sign_in.run(lambda: flow.complete(unverified_response, unverified_cookie))
        session, is_new = arrived.session, arrived.session.begun_on == arrived.session.confirmed_on
        if is_new:
            unverified_before = cookies.get(cookie_name(SESSION_COOKIE, public_url=public_url))
            before = await pools.sessions.run(lambda: sessions.end_before(session, unverified_before))
            if before is not None:
                record("console.signed_out", _fields(before.object_id, before.id, correlation_id(context)))
            record("console.signed_in", _fields(session.object_id, session.id, correlation_id(context)))
        else:
            # Somebody may have signed out meanwhile, or in: their cookie stays as it is.
            await pools.sessions.run(lambda: sessions.require_not_signed_out(session))
        response = redirect(f"{public_url}{arrived.return_to}")
        response.headers.add("Set-Cookie", await door.session_cookie(session))
        response.headers.add("Set-Cookie", set_cookie(name, "", public_url=public_url, seconds=0))
        return response

    @routes.post("console/sign-out")
    async def console_sign_out(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        session, _ = await door.pressed(req)
        await pools.sessions.run(lambda: sessions.end(session))
        record("console.signed_out", _fields(session.object_id, session.id, correlation_id(context)))
        response = page_response(signed_out_page())
        response.headers.add("Set-Cookie", set_cookie(SESSION_COOKIE, "", public_url=public_url, seconds=0))
        return response

    return routes.blueprint()


def _fields(operator: str, session_id: str, correlation: str) -> dict[str, str]:
    return {"operator": operator, "session": session_id, "correlation_id": correlation}
