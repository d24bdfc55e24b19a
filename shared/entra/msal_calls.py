"""One use of MSAL: with the application's proofs in turn, and whatever leaves it turned into the error tree."""

import re
from collections.abc import Callable
from typing import Any

import msal
import requests
from msal.exceptions import MsalError

from shared.entra.application_credential import ApplicationCredential, Proof
from shared.entra.authority_errors import ErrorAnswer, judge, may_be_of_credential
from shared.entra.authority_http import AuthorityHttp
from shared.entra.errors import ApplicationMisconfigured, SignInMismatched
from shared.entra.msal_applications import MsalApplications
from shared.entra.place import Place
from shared.errors import AuthorityUnavailable, BrokerError

PLAIN = re.compile(r"[a-z_]{1,60}")
type Request = Callable[[msal.ConfidentialClientApplication], dict[str, Any]]


class MsalCalls:
    """MSAL's dictionaries come out checked for errors; its exceptions and requests' end here."""

    def __init__(
        self,
        http: AuthorityHttp,
        *,
        client_id: str,
        credential: ApplicationCredential,
        exclude_scopes: tuple[str, ...] = (),
    ) -> None:
        self._http = http
        self._credential = credential
        self._applications = MsalApplications(http, client_id=client_id, exclude_scopes=exclude_scopes)

    def call(
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
            raise SignInMismatched from error  # MSAL's word for a nonce that is not ours
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
