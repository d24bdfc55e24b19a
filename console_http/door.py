"""The door of every page: who comes, whether what is known of the roles still counts, and whether they suffice.

A page asks the door for a route and gets a visit: somebody with a session and one of the page's roles.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

import azure.functions as func

from console_http.dependencies import Dependencies
from console_http.refusals import FormFromElsewhere, SignInAgain
from console_http.session import IDLE, Session
from console_http.sign_in import Begun
from console_http.views import refusal_page
from console_http.visit import Onward, Shown, Visit
from shared.callers.errors import RoleMissing
from shared.client_address import client_address
from shared.cookies import cookie_name, cookies_of, is_from_elsewhere, set_cookie
from shared.errors import BodyTooLarge, BrokerError, InvalidRequest, LengthRequired
from shared.form_fields import form_fields
from shared.pages.page import Page, page_response
from shared.responses import correlation_id
from shared.routes import Routes
from shared.witness import witness

SESSION_COOKIE, FLOW_COOKIE = "console", "console-sign-in"
FLOW_SECONDS = 900


class Door:
    """Declares routes that know their visitor."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self._routes = Routes(refusal_response, bursts=dependencies.bursts)

    def blueprint(self) -> func.Blueprint:
        """The functions of all pages that were declared."""
        return self._routes.blueprint()

    def page(self, path: str, *roles: str) -> Callable[[Shown], Shown]:
        """Serve GET of `path` to whoever has one of `roles`; the function is called as the page is."""

        def decorate(show: Shown) -> Shown:
            async def shown(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
                session = await self.session(req)
                if session.is_stale(self._dependencies.clock()):
                    return self.leaving(await self._confirming(req, session))
                visit = self._visit(req, session, roles, correlation=correlation_id(context), form={})
                told, gone = await self._dependencies.tellings.take(req.params, cookies_of(req), session)
                response = await self._answer(await show(replace(visit, told=told)), session)
                if gone:
                    response.headers.add("Set-Cookie", gone)
                return response

            shown.__name__ = shown.__qualname__ = show.__name__
            self._routes.get(path)(shown)
            return show

        return decorate

    def act(self, path: str, *roles: str) -> Callable[[Shown], Shown]:
        """Serve POST of `path`, the button of a page: never with roles that have to be confirmed first."""

        def decorate(show: Shown) -> Shown:
            async def acted(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
                session, form = await self.pressed(req)
                if session.is_stale(self._dependencies.clock()):
                    raise SignInAgain
                visit = self._visit(req, session, roles, correlation=correlation_id(context), form=form)
                return await self._answer(await show(visit), session)

            acted.__name__ = acted.__qualname__ = show.__name__
            self._routes.post(path)(acted)
            return show

        return decorate

    async def session(self, req: func.HttpRequest) -> Session:
        """The session of the browser that asks, in refusals' records from here; raises SignInNeeded or SignInAgain."""
        settings, sessions = self._dependencies.settings, self._dependencies.sessions
        unverified_cookie = cookies_of(req).get(cookie_name(SESSION_COOKIE, public_url=settings.public_url))
        session = await self._dependencies.pools.sessions.run(lambda: sessions.open(unverified_cookie))
        seen = witness()
        seen.bursts = self._dependencies.bursts
        seen.who = {"operator": session.object_id, "operator_application": settings.broker_client_id}
        address = client_address(req.headers) if settings.audit_address else None
        seen.asked = {"role": "", "target": "", "address": address}
        return session

    async def pressed(self, req: func.HttpRequest) -> tuple[Session, Mapping[str, str]]:
        """The session and the fields of a form of its own; raises SignInNeeded, SignInAgain or FormFromElsewhere."""
        session = await self.session(req)
        if is_from_elsewhere(req, public_url=self._dependencies.settings.public_url):
            raise FormFromElsewhere
        form = _form(req)
        if not hmac.compare_digest(form.get("token", "").encode(), session.form_token.encode()):
            raise FormFromElsewhere
        return session, form

    def leaving(self, begun: Begun) -> func.HttpResponse:
        """Send the browser to Entra ID."""
        response = redirect(begun.address)
        public_url, name = self._dependencies.settings.public_url, f"{FLOW_COOKIE}-{begun.cookie_suffix}"
        cookie = set_cookie(name, begun.cookie, public_url=public_url, seconds=FLOW_SECONDS)
        response.headers.add("Set-Cookie", cookie)
        return response

    async def session_cookie(self, session: Session) -> str:
        """The header that keeps the session: each page begins its idle time anew."""
        sealed = await self._dependencies.pools.sessions.run(lambda: self._dependencies.sessions.sealed(session))
        public_url, seconds = self._dependencies.settings.public_url, int(IDLE.total_seconds())
        return set_cookie(SESSION_COOKIE, sealed, public_url=public_url, seconds=seconds)

    async def _confirming(self, req: func.HttpRequest, session: Session) -> Begun:
        asked = urlsplit(req.url)
        return_to = f"{asked.path}?{asked.query}" if asked.query else asked.path
        flow = self._dependencies.flow
        return await self._dependencies.pools.sign_in.run(lambda: flow.begin(return_to=return_to, session=session))

    async def _answer(self, shown: Page | Onward, session: Session) -> func.HttpResponse:
        response = await self._onward(shown, session) if isinstance(shown, Onward) else page_response(shown)
        response.headers.add("Set-Cookie", await self.session_cookie(session))
        return response

    async def _onward(self, onward: Onward, session: Session) -> func.HttpResponse:
        address = f"{self._dependencies.settings.public_url}{onward.path}"
        if not onward.told:
            return redirect(address)
        query, cookie = await self._dependencies.tellings.leave(onward.told, session)
        response = redirect(f"{address}?{query}")
        response.headers.add("Set-Cookie", cookie)
        return response

    def _visit(
        self,
        req: func.HttpRequest,
        session: Session,
        roles: tuple[str, ...],
        *,
        correlation: str,
        form: Mapping[str, str],
    ) -> Visit:
        client_id = self._dependencies.settings.broker_client_id
        seen = witness()
        seen.asked = {**seen.asked, "role": " or ".join(roles)}
        if session.roles.isdisjoint(roles):
            raise RoleMissing(f"It is called {' or '.join(roles)}.").knowing(role=roles[0], caller=session.object_id)
        operator = session.as_operator(client_id)
        return Visit(session=session, operator=operator, request=req, correlation=correlation, form=form)


def redirect(address: str) -> func.HttpResponse:
    """Lead on, by GET; neither kept nor told to whom it leads."""
    headers = {"Location": address, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return func.HttpResponse(status_code=303, headers=headers)


def refusal_response(error: BrokerError, correlation: str) -> func.HttpResponse:
    """The page of a refusal."""
    return page_response(refusal_page(error, correlation), correlation=correlation)


def _form(req: func.HttpRequest) -> Mapping[str, str]:
    try:
        return form_fields(req)
    except (BodyTooLarge, LengthRequired):
        raise
    except InvalidRequest:
        raise FormFromElsewhere from None  # no page of ours sends one like this
