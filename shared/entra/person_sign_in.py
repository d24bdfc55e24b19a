"""A person's sign-in to the broker itself: what comes back says who it is and in which roles, and no token is kept."""

from shared.entra.application_credential import ApplicationCredential
from shared.entra.authority_http import AuthorityHttp
from shared.entra.msal_calls import MsalCalls
from shared.entra.place import Place
from shared.entra.tokens import SignIn

SCOPES = ("openid", "profile")


class PersonSignIn:
    """Authorization code with PKCE S256, state and nonce, on the broker's own registration; may block.

    Raises errors of the tree alone. Neither a refresh token nor an access token of an API is asked for.
    """

    def __init__(self, http: AuthorityHttp, *, client_id: str, credential: ApplicationCredential) -> None:
        """`client_id` is the registration that people sign in to, `credential` what proves it."""
        self._calls = MsalCalls(http, client_id=client_id, credential=credential, exclude_scopes=("offline_access",))

    def begin(
        self, *, tenant_id: str, redirect_uri: str, state: str, prompt: str, login_hint: str | None
    ) -> tuple[str, SignIn]:
        """Where to send the browser, and what to keep until it returns."""
        flow = self._calls.call(
            tenant_id,
            Place.SIGN_IN,
            lambda application: application.initiate_auth_code_flow(
                [], redirect_uri=redirect_uri, state=state, prompt=prompt, login_hint=login_hint
            ),
        )
        sign_in = SignIn(
            tenant_id=tenant_id,
            scope=" ".join(SCOPES),
            redirect_uri=redirect_uri,
            state=state,
            nonce=flow["nonce"],
            code_verifier=flow["code_verifier"],
        )
        return flow["auth_uri"], sign_in

    def redeem(self, sign_in: SignIn, code: str) -> str:
        """The unverified id_token for an authorization code; "" where none came. The caller has compared the state."""
        flow = {
            "state": sign_in.state,
            "redirect_uri": sign_in.redirect_uri,
            "scope": list(SCOPES),
            "code_verifier": sign_in.code_verifier,
            "nonce": sign_in.nonce,
            "claims_challenge": None,
        }
        response = {"state": sign_in.state, "code": code}
        answer = self._calls.call(
            sign_in.tenant_id,
            Place.SIGN_IN,
            lambda application: application.acquire_token_by_auth_code_flow(dict(flow), response),
        )
        return str(answer.get("id_token", ""))
