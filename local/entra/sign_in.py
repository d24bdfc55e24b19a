"""The authorize endpoint and the steps a person takes from it: password, approval, and back to the client."""

import secrets
import uuid
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.entra import pages
from local.entra.aadsts import EntraError
from local.entra.admission import admit_application, admit_person, granted_scopes
from local.entra.authorization_codes import AuthorizationCodes
from local.entra.device_codes import DeviceCodes
from local.entra.directory import Directory
from local.entra.injected_errors import InjectedErrors
from local.entra.parameters import Parameters, read_parameters
from local.entra.redirects import redirect, refused
from local.entra.scopes import parse_scopes
from local.entra.seal import Seal
from local.entra.sessions import Session
from local.entra.sign_in_request import SignInRequest, check_sign_in_request, read_sign_in_request
from local.entra.token_endpoint import DEVICE_PATH
from local.ledger import Ledger
from local.world import User

# The browser's session with Entra ID, by the name it really has.
SESSION_COOKIE = "ESTSAUTH"
ALWAYS_ASK = frozenset({"login", "select_account"})


class SignIn:
    """Leads a browser through sign-in; between two pages the request travels sealed in a hidden field."""

    def __init__(
        self,
        *,
        directory: Directory,
        codes: AuthorizationCodes,
        devices: DeviceCodes,
        injected: InjectedErrors,
        seal: Seal,
        ledger: Ledger,
    ) -> None:
        self._directory = directory
        self._codes = codes
        self._devices = devices
        self._injected = injected
        self._seal = seal
        self._ledger = ledger

    def routes(self) -> list[Route]:
        """The authorize endpoint, the two forms behind it, and the page for user codes."""
        return [
            Route(DEVICE_PATH, self.device, methods=["GET", "POST"]),
            Route("/{tenant}/oauth2/v2.0/authorize", self.authorize, methods=["GET", "POST"]),
            Route("/{tenant}/login", self.password, methods=["POST"]),
            Route("/{tenant}/approve", self.approval, methods=["POST"]),
        ]

    async def authorize(self, request: Request) -> Response:
        """Begin: a page, or at once the way back when the browser has a session and the client accepts it."""
        parameters = await read_parameters(request)
        try:
            asked = read_sign_in_request(request.path_params["tenant"], parameters, self._directory)
        except EntraError as error:
            return pages.refusal(error)
        try:
            check_sign_in_request(asked, parameters, self._directory)
            session = self._session(request, asked)
        except EntraError as error:
            return refused(asked, error)
        return self._finished(asked, session) if session else self._ask(asked)

    async def device(self, request: Request) -> Response:
        """The page where a person types the code a device shows."""
        if request.method == "GET":
            return pages.user_code(action=DEVICE_PATH)
        try:
            grant = self._devices.waiting((await read_parameters(request)).get("user_code"))
        except EntraError as error:
            return pages.user_code(action=DEVICE_PATH, error=error)
        return self._ask(grant.request)

    async def password(self, request: Request) -> Response:
        """The first form: user name and password, or Cancel."""
        parameters = await read_parameters(request)
        opened = self._seal.open("password form", parameters.get("flow"))
        if opened is None:
            return pages.refusal(EntraError(9002313))
        asked = SignInRequest.from_json(opened)
        if parameters.get("cancel"):
            return self._declined(asked)
        try:
            user = self._person(asked, parameters)
        except EntraError as error:
            return self._ask(asked, hint=parameters.get("username"), error=error)
        try:
            self._admit(user, asked)
        except EntraError as error:
            return pages.refusal(error)
        if user.mfa:
            return self._ask_approval(asked, user)
        return self._finished(asked, _session(user, "pwd"))

    async def approval(self, request: Request) -> Response:
        """The second form, of people with a second factor: Approve, or Cancel."""
        parameters = await read_parameters(request)
        opened = self._seal.open("approval form", parameters.get("flow"))
        user = self._directory.person(opened["user"]) if opened else None
        if opened is None or user is None:
            return pages.refusal(EntraError(9002313))
        asked = SignInRequest.from_json(opened["asked"])
        if parameters.get("cancel"):
            return self._declined(asked)
        return self._finished(asked, _session(user, "pwd", "mfa"))

    def _session(self, request: Request, asked: SignInRequest) -> Session | None:
        if asked.prompt in ALWAYS_ASK:
            return None
        opened = self._seal.open("browser session", request.cookies.get(SESSION_COOKIE, ""))
        session = Session.from_json(opened, self._directory) if opened else None
        if session is not None and session.signed_in >= self._directory.valid_from(session.user):
            # A session of somebody who has no business in this tenant is no session here: another person may sign in.
            with suppress(EntraError):
                self._admit(session.user, asked)
                return session
        if asked.prompt == "none":
            raise EntraError(50058)
        return None

    def _person(self, asked: SignInRequest, parameters: Parameters) -> User:
        username, password = parameters.get("username"), parameters.get("password")
        self._ledger.record("password", password)
        user = self._directory.person_named(username)
        if user is None:
            raise EntraError(50034, user=username, tenant=asked.tenant_segment)
        if not secrets.compare_digest(password.encode(), user.password.encode()):
            raise EntraError(50126)
        return user

    def _admit(self, user: User, asked: SignInRequest) -> None:
        application = self._directory.application(asked.client_id, tenant=asked.tenant_segment)
        tenant = self._directory.tenant(asked.tenant_segment) or self._directory.home(user)
        admit_application(application, tenant)
        admit_person(user, application, tenant)

    def _ask(self, asked: SignInRequest, *, hint: str | None = None, error: EntraError | None = None) -> Response:
        return pages.sign_in(
            application=self._directory.application(asked.client_id, tenant=asked.tenant_segment).name,
            action=f"/{asked.tenant_segment}/login",
            flow=self._seal.close("password form", asked.to_json()),
            hint=asked.login_hint if hint is None else hint,
            error=error,
        )

    def _ask_approval(self, asked: SignInRequest, user: User) -> Response:
        flow = self._seal.close("approval form", {"asked": asked.to_json(), "user": user.object_id})
        return pages.approve(username=user.username, action=f"/{asked.tenant_segment}/approve", flow=flow)

    def _declined(self, asked: SignInRequest) -> Response:
        error = EntraError(65004)
        if asked.user_code:
            self._devices.decline(asked.user_code)
            return pages.refusal(error)
        return refused(asked, error)

    def _finished(self, asked: SignInRequest, session: Session) -> Response:
        application = self._directory.application(asked.client_id, tenant=asked.tenant_segment)
        tenant = self._directory.tenant(asked.tenant_segment) or self._directory.home(session.user)
        try:
            requested = parse_scopes(asked.scope, self._directory, tenant=tenant.name)
            self._injected.check(
                at="authorize",
                tenant=tenant.id,
                client=application.client_id,
                user=session.user.object_id,
                resource=requested.resource,
            )
            granted_scopes(self._directory, application, tenant, requested)
            if asked.user_code:
                self._devices.approve(asked.user_code, session, tenant=tenant)
                return pages.device_done(application=application.name)
        except EntraError as error:
            return refused(asked, error)
        code = self._codes.issue(replace(session, single_page=asked.single_page), asked, tenant=tenant)
        answer = redirect(asked.location({"code": code, "session_state": str(uuid.uuid4())}))
        sealed = self._seal.close("browser session", session.to_json())
        answer.set_cookie(SESSION_COOKIE, sealed, httponly=True, samesite="lax")
        return answer


def _session(user: User, *amr: str) -> Session:
    return Session(user=user, amr=amr, signed_in=datetime.now(UTC))
