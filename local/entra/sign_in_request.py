"""One request to sign in: what the authorize endpoint was asked, kept until the person is done."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from local.entra.aadsts import EntraError
from local.entra.admission import admit_application
from local.entra.directory import Directory
from local.entra.parameters import Parameters
from local.entra.scopes import parse_scopes
from local.world import Application

SEPARATORS = {"": "?", "query": "?", "fragment": "#"}
# RFC 7636 section 4.2: a S256 challenge is 43 characters.
CHALLENGE_LENGTH = 43


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRequest:
    """The parameters that matter after sign-in; with `user_code` a device waits for it, and no browser is sent back."""

    tenant_segment: str
    client_id: str
    scope: str
    redirect_uri: str = ""
    state: str = ""
    nonce: str = ""
    response_mode: str = ""
    code_challenge: str = ""
    prompt: str = ""
    login_hint: str = ""
    user_code: str = ""
    single_page: bool = False

    def to_json(self) -> dict[str, Any]:
        """A value to seal."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The request as it was sealed."""
        return cls(**value)

    def location(self, fields: Mapping[str, str]) -> str:
        """Where the browser goes with the answer: the redirect URI with `fields` and the client's state."""
        separator = SEPARATORS.get(self.response_mode, "?")
        if separator == "?" and urlsplit(self.redirect_uri).query:
            separator = "&"
        state = {"state": self.state} if self.state else {}
        return f"{self.redirect_uri}{separator}{urlencode({**fields, **state})}"


def read_sign_in_request(segment: str, parameters: Parameters, directory: Directory) -> SignInRequest:
    """The request, if it may be answered at its redirect URI; raises what a page must say instead.

    AADSTS90002 (tenant), 900144 and 700016 (client), 50194 (/common), 900971 and 50011 (redirect URI).
    """
    tenant = directory.tenant(segment)
    application = directory.application(parameters.required("client_id"), tenant=segment)
    admit_application(application, tenant)
    single_page = _is_single_page(parameters.get("redirect_uri"), application)
    return SignInRequest(
        tenant_segment=segment,
        client_id=application.client_id,
        scope=parameters.get("scope"),
        redirect_uri=parameters.get("redirect_uri"),
        state=parameters.get("state"),
        nonce=parameters.get("nonce"),
        response_mode=parameters.get("response_mode"),
        code_challenge=parameters.get("code_challenge"),
        prompt=parameters.get("prompt"),
        login_hint=parameters.get("login_hint"),
        single_page=single_page,
    )


def check_sign_in_request(request: SignInRequest, parameters: Parameters, directory: Directory) -> None:
    """Raise what the client is told at its redirect URI: response type and mode, scope, PKCE."""
    if (response_type := parameters.required("response_type")) != "code":
        raise EntraError(70005, response_type=response_type)
    if request.response_mode not in SEPARATORS:
        raise EntraError(9002313)
    parameters.required("scope")
    parse_scopes(request.scope, directory, tenant=request.tenant_segment)
    if request.code_challenge:
        if parameters.get("code_challenge_method") != "S256":
            raise EntraError(50147)
        if len(request.code_challenge) != CHALLENGE_LENGTH:
            raise EntraError(501491)


def _is_single_page(given: str, application: Application) -> bool:
    """The kind of a registered redirect URI; raises AADSTS900971 or 50011 for any other."""
    if not given:
        raise EntraError(900971)
    for single_page, registered in ((False, application.redirect_uris), (True, application.single_page_redirect_uris)):
        if _without_localhost_port(given) in map(_without_localhost_port, registered):
            return single_page
    raise EntraError(50011, given=given, client=application.client_id)


def _without_localhost_port(uri: str) -> str:
    # Entra ID ignores the port of http://localhost, and of nothing else.
    try:
        parts = urlsplit(uri)
        local = parts.scheme == "http" and parts.hostname == "localhost" and parts.username is None
        return parts._replace(netloc="localhost").geturl() if local and parts.port is not None else uri
    except ValueError:
        return uri
