"""Entra ID as the broker uses it: sign-in address, code redemption, exchange; the one door to MSAL.

MSAL is held so that it scales (docs/architecture.md): one application object a tenant, bounded; one HTTP client;
discovery from one template; no token cache and no cache of refusals inside MSAL.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import msal
import requests
from cachetools import LRUCache
from msal.exceptions import MsalError

from shared.authority_errors import refusal
from shared.authority_http import AuthorityHttp
from shared.clock import Clock
from shared.errors import AnswerMismatched, AuthorityUnavailable
from shared.tokens import AccessToken, Exchanged, Redeemed, SignIn

TENANTS_KEPT = 1000
# The name of what MSAL takes: a text is a client secret, a mapping holds a callable that makes an assertion.
type Credential = Callable[[], str | Mapping[str, Any]]


class Authority:
    """Raises errors of the tree alone: MSAL's dictionaries, its exceptions and requests' end here."""

    def __init__(self, http: AuthorityHttp, *, client_id: str, credential: Credential, clock: Clock) -> None:
        self._http = http
        self._client_id = client_id
        self._credential = credential
        self._clock = clock
        self._applications: LRUCache[str, msal.ConfidentialClientApplication] = LRUCache(TENANTS_KEPT)
        self._lock = threading.Lock()

    def begin_sign_in(
        self, *, tenant_id: str, scope: str, redirect_uri: str, state: str, login_hint: str | None
    ) -> tuple[str, SignIn]:
        """Where to send the browser, and what to keep until it returns: code flow with PKCE S256, state and nonce.

        `prompt=login`: a refresh token carries the sign-in it came from, so that sign-in is made afresh.
        """
        flow = self._call(
            tenant_id,
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

    def redeem(self, sign_in: SignIn, code: str) -> Redeemed:
        """Tokens for an authorization code (RFC 6749 section 4.1.3); the caller has compared the state."""
        flow = {
            "state": sign_in.state,
            "redirect_uri": sign_in.redirect_uri,
            # The scopes of the first leg, to the letter: without offline_access no refresh token comes back.
            "scope": [sign_in.scope, "openid", "profile", "offline_access"],
            "code_verifier": sign_in.code_verifier,
            "nonce": sign_in.nonce,
            "claims_challenge": None,
        }
        response = {"state": sign_in.state, "code": code}
        answer = self._call(
            sign_in.tenant_id, lambda application: application.acquire_token_by_auth_code_flow(flow, response)
        )
        return Redeemed(
            access_token=self._access_token(answer, sign_in.tenant_id),
            refresh_token=answer.get("refresh_token") or "",
            unverified_id_token=answer.get("id_token", ""),
        )

    def exchange(self, refresh_token: str, *, tenant_id: str, scope: str, claims: str | None = None) -> Exchanged:
        """An access token of this tenant for this scope, by a real request each time (RFC 6749 section 6)."""
        more = {"data": {"claims": claims}} if claims else {}
        answer = self._call(
            tenant_id,
            lambda application: application.acquire_token_by_refresh_token(refresh_token, [scope], **more),
        )
        return Exchanged(
            access_token=self._access_token(answer, tenant_id),
            # Entra ID answers with a new one each time; were it ever left out, the one used stays good.
            refresh_token=answer.get("refresh_token") or refresh_token,
        )

    def _call(
        self, tenant_id: str, request: Callable[[msal.ConfidentialClientApplication], dict[str, Any]]
    ) -> dict[str, Any]:
        """One use of MSAL: five ways to fail become one tree."""
        self._http.begin()
        try:
            answer = request(self._application(tenant_id))
        except (requests.RequestException, MsalError) as error:
            raise AuthorityUnavailable(retry_after=self._http.retry_after()) from error
        except RuntimeError as error:
            raise AnswerMismatched from error  # MSAL's word for a nonce that is not ours
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            # An answer that is no JSON, no object, or no discovery: not Entra ID's word on anything. MSAL's object may
            # have kept a part of it, and would choke on that for ever (its telemetry does).
            with self._lock:
                self._applications.pop(tenant_id, None)
            raise AuthorityUnavailable("Its answer could not be read.", retry_after=self._http.retry_after()) from error
        if "error" in answer:
            raise refusal(answer, retry_after=self._http.retry_after(), throttled=self._http.throttled())
        return answer

    def _application(self, tenant_id: str) -> msal.ConfidentialClientApplication:
        credential = self._credential()
        with self._lock:
            known = self._applications.get(tenant_id)
        # An administrator may have renewed the secret.
        if known is not None and known.client_credential == credential:
            return known
        made = msal.ConfidentialClientApplication(
            self._client_id,
            client_credential=credential,
            authority=self._http.authority_of(tenant_id),
            http_client=self._http,
            http_cache=_Forgetful(),
            token_cache=_NoTokenCache(),
            instance_discovery=False,
            # Functions set REGION_NAME, which MSAL would otherwise warn about for each application.
            azure_region=False,
        )
        with self._lock:
            self._applications[tenant_id] = made
        return made

    def _access_token(self, answer: Mapping[str, Any], tenant_id: str) -> AccessToken:
        try:
            lifetime = timedelta(seconds=int(answer["expires_in"]))
            token, scope = answer["access_token"], str(answer.get("scope", ""))
        except (KeyError, ValueError, TypeError, OverflowError) as error:
            raise AuthorityUnavailable("Its answer holds no token.") from error
        if not isinstance(token, str) or not token:
            raise AuthorityUnavailable("Its answer holds no token.")
        return AccessToken(token=token, expires_on=self._clock() + lifetime, scope=scope, tenant_id=tenant_id)


class _NoTokenCache(msal.TokenCache):  # type: ignore[misc]  # msal has no types
    """MSAL's token cache that keeps nothing: refresh tokens do not stay in memory behind our back."""

    def add(self, event: object, now: object = None) -> None:
        """Keep nothing."""

    def search(self, *_args: object, **_kwargs: object) -> Iterator[dict[str, Any]]:
        """Find nothing."""
        return iter(())

    find = search


class _Forgetful(dict[str, Any]):
    """MSAL's HTTP cache that keeps nothing: it would repeat a refusal for 60 s after an administrator mended it."""

    def __setitem__(self, key: str, value: Any) -> None:  # noqa: ANN401 - the mapping MSAL asks for
        """Keep nothing."""
