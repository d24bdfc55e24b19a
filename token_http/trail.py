"""The audit record of one token decision: who asked for what, which permission decided, and how it ended."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.audit import Field, record
from shared.bursts import Bursts
from shared.callers.assertion import Principal
from shared.errors import BrokerError
from shared.subject import Subject, consent_of, kind_of_subject
from token_http.message import Issued, TokenRequest
from token_http.policy import Decision

LONGEST_TENANT = 64


@dataclass(slots=True, kw_only=True)
class Trail:
    """Follows one request to its outcome; each part is set once it is known, and is empty in the record until then.

    `caller` is whoever was verified, whether or not it may ask for tokens; `address` is there by a setting alone.
    """

    dialect: str
    correlation: str
    caller: Principal | None = None
    request: TokenRequest | None = None
    decision: Decision | None = None
    started: float = field(default_factory=time.perf_counter)
    bursts: Bursts = field(default_factory=Bursts)
    address: str | None = None

    def towards(self, request: TokenRequest, decision: Decision | None) -> "Trail":
        """The trail of one of the tokens that a request is for."""
        return Trail(
            dialect=self.dialect,
            correlation=self.correlation,
            caller=self.caller,
            request=request,
            decision=decision,
            started=self.started,
            bursts=self.bursts,
            address=self.address,
        )

    def issued(self, issued: Issued) -> None:
        """Record that a token went out."""
        record(
            "token.issued",
            {
                "dialect": self.dialect,
                **self._who(),
                **self._asked(),
                **self._latest(),
                "outcome": "issued",
                "lineage": issued.lineage or None,
                "scope": issued.token.scope,
                "roles": " ".join(issued.token.roles) or None,
                "compared": " ".join(issued.token.compared),
                "from_cache": issued.from_cache,
                "token_sha256": issued.token.sha256,
            },
        )

    def listed(self, subject: Subject, tenants: int) -> None:
        """Record that so many tenants were told."""
        whose = {"as": kind_of_subject(subject), "consent": consent_of(subject)}
        record("tenants.listed", {**self._who(), **whose, "tenants": tenants, **self._latest()})

    def refused(self, error: Exception) -> None:
        """Record that none did, and why; what nobody foresaw counts as the broker's own failure."""
        known = error if isinstance(error, BrokerError) else BrokerError()
        self.bursts.tell(
            "token.refused",
            who=self._who(),
            kind={"dialect": self.dialect, "outcome": known.code},
            asked={**self._asked(), "authority_code": known.authority_code, "address": self.address},
            latest=self._latest(),
        )

    def _who(self) -> Mapping[str, Field]:
        caller = self.caller
        return {
            "caller": caller.object_id if caller else None,
            "caller_application": caller.application_id if caller else None,
        }

    def _asked(self) -> Mapping[str, Field]:
        request, decision = self.request, self.decision
        return {
            "permission": decision.permission if decision else None,
            "as": kind_of_subject(request.consent) if request else None,
            "consent": consent_of(request.consent) if request else None,
            "tenant": decision.tenant_id if decision else None,
            # As it was written: of a refused request nothing more is known, and nobody vouches for it.
            "tenant_asked": request.tenant[:LONGEST_TENANT] if request else None,
            "resource": request.scope.family if request else None,
        }

    def _latest(self) -> Mapping[str, Field]:
        return {
            "duration_ms": round((time.perf_counter() - self.started) * 1000, 1),
            "correlation_id": self.correlation,
        }
