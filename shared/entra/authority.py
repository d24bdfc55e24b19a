"""Entra ID as the broker uses it: sign-in address, codes, device codes, exchange.

MSAL is held so that it scales (docs/architecture.md): one application object a tenant, bounded; one HTTP client;
discovery from one document; no token cache and no cache of refusals inside MSAL.
"""

from dataclasses import replace

from shared.clock import Clock
from shared.cloud import PUBLIC
from shared.entra.application_credential import ApplicationCredential
from shared.entra.application_refusals import of_application
from shared.entra.authority_http import AuthorityHttp
from shared.entra.matching import Family, matched_claims, roles_of
from shared.entra.msal_calls import MsalCalls
from shared.entra.place import Place
from shared.entra.token_answers import device_sign_in, token_set
from shared.entra.tokens import AccessToken, DeviceAnswer, DeviceSignIn, SignIn, TokenSet
from shared.errors import BrokerError

# Beside the scope: who the person is, and a refresh token.
OPENID = ("openid", "profile", "offline_access")
# RFC 8628 section 3.5, and Entra ID's own two (learn: v2-oauth2-device-code); a denial is one of any sign-in's.
DEVICE_ANSWERS = frozenset(
    {"authorization_pending", "slow_down", "authorization_declined", "expired_token"}
    | {"code_expired", "bad_verification_code"}
)


class Authority:
    """Raises errors of the tree alone: MSAL's dictionaries, its exceptions and requests' end here."""

    def __init__(
        self,
        http: AuthorityHttp,
        *,
        client_id: str,
        credential: ApplicationCredential,
        clock: Clock,
        family: Family = PUBLIC.family,
    ) -> None:
        """`family` tells which API an identifier is of, cloud by cloud."""
        self._client_id = client_id
        self._family = family
        self._clock = clock
        self._calls = MsalCalls(http, client_id=client_id, credential=credential)

    def begin_sign_in(
        self, *, tenant_id: str, scope: str, redirect_uri: str, state: str, login_hint: str | None
    ) -> tuple[str, SignIn]:
        """Where to send the browser, and what to keep until it returns: code flow with PKCE S256, state and nonce.

        `prompt=login`: a refresh token carries the sign-in it came from, so that sign-in is made afresh.
        """
        flow = self._calls.call(
            tenant_id,
            Place.SIGN_IN,
            lambda application: application.initiate_auth_code_flow(
                [scope], redirect_uri=redirect_uri, state=state, prompt="login", login_hint=login_hint
            ),
        )
        sign_in = SignIn(
            tenant_id=tenant_id,
            scope=scope,
            redirect_uri=redirect_uri,
            state=state,
            nonce=flow["nonce"],
            code_verifier=flow["code_verifier"],
        )
        return flow["auth_uri"], sign_in

    def redeem(self, sign_in: SignIn, code: str) -> TokenSet:
        """Tokens for an authorization code (RFC 6749 section 4.1.3); the caller has compared the state."""
        flow = {
            "state": sign_in.state,
            "redirect_uri": sign_in.redirect_uri,
            # The scopes of the first leg, to the letter: without offline_access no refresh token comes back.
            "scope": [sign_in.scope, *OPENID],
            "code_verifier": sign_in.code_verifier,
            "nonce": sign_in.nonce,
            "claims_challenge": None,
        }
        # MSAL changes what it is handed, and may be asked once more with another proof: hence the copies.
        response = {"state": sign_in.state, "code": code}
        answer = self._calls.call(
            sign_in.tenant_id,
            Place.SIGN_IN,
            lambda application: application.acquire_token_by_auth_code_flow(dict(flow), response),
        )
        tokens = token_set(answer, tenant_id=sign_in.tenant_id, now=self._clock())
        return self._matched(tokens, sign_in.scope, None)

    def begin_device_sign_in(self, *, tenant_id: str, scope: str) -> DeviceSignIn:
        """A code for the person to type on another device (RFC 8628 section 3.2)."""
        # MSAL offers the device flow to public clients alone; its OAuth client below has it for all.
        answer = self._calls.call(
            tenant_id,
            Place.SIGN_IN,
            lambda application: application.client.initiate_device_flow(scope=[scope, *OPENID]),
        )
        return device_sign_in(answer, tenant_id=tenant_id, scope=scope, now=self._clock())

    def poll_device(self, sign_in: DeviceSignIn) -> TokenSet | DeviceAnswer:
        """Tokens once the person has signed in, or what the authority says instead; asks once and never waits."""
        flow = {"device_code": sign_in.device_code, "interval": sign_in.interval}
        answer = self._calls.call(
            sign_in.tenant_id,
            Place.SIGN_IN,
            lambda application: application.client.obtain_token_by_device_flow(
                dict(flow), exit_condition=lambda _flow: True
            ),
            expected=DEVICE_ANSWERS,
        )
        if "error" in answer:
            return DeviceAnswer(error=answer["error"])
        tokens = token_set(answer, tenant_id=sign_in.tenant_id, now=self._clock())
        return self._matched(tokens, sign_in.scope, None)

    def exchange(
        self,
        refresh_token: str,
        *,
        tenant_id: str,
        scope: str,
        place: Place,
        person: str | None = None,
        claims: str | None = None,
    ) -> TokenSet:
        """An access token of this tenant for this scope, by a real request each time (RFC 6749 section 6).

        `scope` is one or more scopes of one resource, with spaces between them.
        `person` is the object id at home of whom the refresh token is, where that is known. Raises AnswerMismatched
        when the token is plainly another one.
        """
        more = {"data": {"claims": claims}} if claims else {}
        answer = self._calls.call(
            tenant_id,
            place,
            lambda application: application.acquire_token_by_refresh_token(refresh_token, scope.split(), **more),
        )
        # Entra ID answers with a new refresh token each time; were it ever left out, the one used stays good.
        tokens = token_set(answer, tenant_id=tenant_id, now=self._clock(), refresh_token=refresh_token)
        return self._matched(tokens, scope, None if place is Place.CUSTOMER else person)

    def for_application(self, *, tenant_id: str, scope: str, place: Place, claims: str | None = None) -> AccessToken:
        """A token of the application itself, by a real request each time (RFC 6749 section 4.4).

        `scope` is the `.default` of one resource. Raises AnswerMismatched when the token is plainly another one.
        """
        try:
            answer = self._calls.call(
                tenant_id,
                place,
                lambda application: application.acquire_token_for_client([scope], claims_challenge=claims),
            )
        except BrokerError as error:
            raise of_application(error, place) from error
        token = token_set(answer, tenant_id=tenant_id, now=self._clock()).access_token
        compared = matched_claims(
            token.token,
            tenant_id=tenant_id,
            resource=scope.rpartition("/")[0],
            application=self._client_id,
            family=self._family,
        )
        # RFC 6749 section 5.1: an answer without a scope is for the one that was asked for.
        return replace(token, scope=token.scope or scope, roles=roles_of(token.token), compared=compared)

    def _matched(self, tokens: TokenSet, scope: str, person: str | None) -> TokenSet:
        token = tokens.access_token
        resource = scope.split(maxsplit=1)[0].rpartition("/")[0]
        compared = matched_claims(
            token.token, tenant_id=token.tenant_id, resource=resource, person=person, family=self._family
        )
        return replace(tokens, access_token=replace(token, compared=compared))
