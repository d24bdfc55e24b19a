"""Entra ID as the broker uses it: sign-in address, codes, device codes, exchange; the one door to MSAL.

MSAL is held so that it scales (docs/architecture.md): one application object a tenant, bounded; one HTTP client;
discovery from one template; no token cache and no cache of refusals inside MSAL.
"""

import re
from collections.abc import Callable
from typing import Any

import msal
import requests
from msal.exceptions import MsalError

from shared.clock import Clock
from shared.entra.application_credential import ApplicationCredential, Proof
from shared.entra.authority_errors import ErrorAnswer, judge, may_be_of_credential
from shared.entra.authority_http import AuthorityHttp
from shared.entra.errors import AnswerMismatched, ApplicationMisconfigured
from shared.entra.msal_applications import MsalApplications
from shared.entra.place import Place
from shared.entra.token_answers import device_sign_in, token_set
from shared.entra.tokens import DeviceAnswer, DeviceSignIn, SignIn, TokenSet
from shared.errors import AuthorityUnavailable, BrokerError

# Beside the scope: who the person is, and a refresh token.
OPENID = ("openid", "profile", "offline_access")
# RFC 8628 section 3.5, and Entra ID's own two (learn: v2-oauth2-device-code); a denial is one of any sign-in's.
DEVICE_ANSWERS = frozenset(
    {"authorization_pending", "slow_down", "authorization_declined", "expired_token"}
    | {"code_expired", "bad_verification_code"}
)
PLAIN = re.compile(r"[a-z_]{1,60}")
type Request = Callable[[msal.ConfidentialClientApplication], dict[str, Any]]


class Authority:
    """Raises errors of the tree alone: MSAL's dictionaries, its exceptions and requests' end here."""

    def __init__(self, http: AuthorityHttp, *, client_id: str, credential: ApplicationCredential, clock: Clock) -> None:
        self._http = http
        self._credential = credential
        self._clock = clock
        self._applications = MsalApplications(http, client_id=client_id)

    def begin_sign_in(
        self, *, tenant_id: str, scope: str, redirect_uri: str, state: str, login_hint: str | None
    ) -> tuple[str, SignIn]:
        """Where to send the browser, and what to keep until it returns: code flow with PKCE S256, state and nonce.

        `prompt=login`: a refresh token carries the sign-in it came from, so that sign-in is made afresh.
        """
        flow = self._call(
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
        answer = self._call(
            sign_in.tenant_id,
            Place.SIGN_IN,
            lambda application: application.acquire_token_by_auth_code_flow(dict(flow), response),
        )
        return token_set(answer, tenant_id=sign_in.tenant_id, now=self._clock())

    def begin_device_sign_in(self, *, tenant_id: str, scope: str) -> DeviceSignIn:
        """A code for the person to type on another device (RFC 8628 section 3.2)."""
        # MSAL offers the device flow to public clients alone; its OAuth client below has it for all.
        answer = self._call(
            tenant_id,
            Place.SIGN_IN,
            lambda application: application.client.initiate_device_flow(scope=[scope, *OPENID]),
        )
        return device_sign_in(answer, tenant_id=tenant_id, scope=scope, now=self._clock())

    def poll_device(self, sign_in: DeviceSignIn) -> TokenSet | DeviceAnswer:
        """Tokens once the person has signed in, or what the authority says instead; asks once and never waits."""
        flow = {"device_code": sign_in.device_code, "interval": sign_in.interval}
        answer = self._call(
            sign_in.tenant_id,
            Place.SIGN_IN,
            lambda application: application.client.obtain_token_by_device_flow(
                dict(flow), exit_condition=lambda _flow: True
            ),
            expected=DEVICE_ANSWERS,
        )
        if "error" in answer:
            return DeviceAnswer(error=answer["error"])
        return token_set(answer, tenant_id=sign_in.tenant_id, now=self._clock())

    def exchange(
        self, refresh_token: str, *, tenant_id: str, scope: str, place: Place, claims: str | None = None
    ) -> TokenSet:
        """An access token of this tenant for this scope, by a real request each time (RFC 6749 section 6)."""
        more = {"data": {"claims": claims}} if claims else {}
        answer = self._call(
            tenant_id,
            place,
            lambda application: application.acquire_token_by_refresh_token(refresh_token, [scope], **more),
        )
        # Entra ID answers with a new refresh token each time; were it ever left out, the one used stays good.
        return token_set(answer, tenant_id=tenant_id, now=self._clock(), refresh_token=refresh_token)

    def _call(
        self, tenant_id: str, place: Place, request: Request, *, expected: frozenset[str] = frozenset()
    ) -> dict[str, Any]:
        """One use of MSAL, with the application's proofs in turn; raises what the first of them met.

        A customer's tenant tells nothing of the credential for others: it neither changes their order nor marks them.
        """
        first: BrokerError | None = None
        for proof in self._credential.proofs():
            answer = self._answer(tenant_id, proof, request)
            later = self._http.says_later()
            if "error" not in answer or (not later and str(answer["error"]) in expected):
                if place is not Place.CUSTOMER:
                    self._credential.accepted(proof)
                return answer
            said = ErrorAnswer.of(answer, tenant_id=tenant_id, later=later, retry_after=self._http.retry_after())
            error = judge(said, place)
            if not may_be_of_credential(error):
                raise error
            first = first or error
        if place is Place.HOME:
            self._credential.refused()
        raise first or ApplicationMisconfigured

    def _answer(self, tenant_id: str, proof: Proof, request: Request) -> dict[str, Any]:
        """What the authority says to one proof, an error included; what is nobody's word becomes one of the tree."""
        self._http.begin()
        try:
            answer = request(self._applications.of(tenant_id, proof))
        except (requests.RequestException, MsalError) as error:
            raise self._unavailable() from error
        except RecursionError as error:
            raise self._unavailable("Its answer could not be read.") from error
        except RuntimeError as error:
            raise AnswerMismatched from error  # MSAL's word for a nonce that is not ours
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            # An answer that is no JSON, no object, or no discovery: not Entra ID's word on anything. MSAL's object may
            # have kept a part of it, and would choke on that for ever (its telemetry does).
            self._applications.forget(tenant_id)
            raise self._unavailable("Its answer could not be read.") from error
        if "error" in answer and not PLAIN.fullmatch(str(answer["error"])):
            # MSAL's telemetry sends the last error along with the next request, where it would be no header's text.
            self._applications.forget(tenant_id)
        if "error" not in answer and self._http.says_no():  # tokens beside a failure are nobody's word either
            raise self._unavailable()
        return answer

    def _unavailable(self, detail: str = "") -> AuthorityUnavailable:
        return AuthorityUnavailable(detail, retry_after=self._http.retry_after())
