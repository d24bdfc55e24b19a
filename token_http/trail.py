"""The audit record of one token decision: who asked for what, which permission decided, and how it ended."""

import time
from dataclasses import dataclass, field

from shared.assertion import Principal
from shared.audit import fingerprint, record
from shared.errors import BrokerError
from token_http.message import Issued, TokenRequest
from token_http.policy import Decision

LONGEST_TENANT = 64


@dataclass(slots=True, kw_only=True)
class Trail:
    """Follows one request from its caller to its outcome; `decision` is set once the policy has allowed it."""

    caller: Principal
    request: TokenRequest
    correlation: str
    decision: Decision | None = None
    started: float = field(default_factory=time.perf_counter)

    def issued(self, issued: Issued) -> None:
        """Record that a token went out."""
        record(
            "token.issued",
            {
                **self._asked(),
                "outcome": "issued",
                "lineage": issued.lineage,
                "scope": issued.token.scope,
                "from_cache": issued.from_cache,
                "token_sha256": fingerprint(issued.token.token),
            },
        )

    def refused(self, error: BrokerError) -> None:
        """Record that none did, and why."""
        record("token.refused", {**self._asked(), "outcome": error.code, "authority_code": error.authority_code})

    def _asked(self) -> dict[str, str | float | None]:
        return {
            "caller": self.caller.object_id,
            "caller_application": self.caller.application_id,
            "permission": self.decision.permission if self.decision else None,
            "consent": self.request.consent,
            "tenant": self.decision.tenant_id if self.decision else None,
            # As it was written: of a refused request nothing more is known, and nobody vouches for it.
            "tenant_asked": self.request.tenant[:LONGEST_TENANT],
            "resource": self.request.scope.resource,
            "duration_ms": round((time.perf_counter() - self.started) * 1000, 1),
            "correlation_id": self.correlation,
        }
