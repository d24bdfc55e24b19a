"""The operator check: how a route learns which operator asks, and that the role is there."""

from dataclasses import dataclass

import azure.functions as func

from shared.callers.assertion import AssertionVerifier, Principal, bearer
from shared.pool import Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorCheck:
    """Verifies in a pool of its own, since verifying may fetch keys."""

    verifier: AssertionVerifier
    pool: Pool

    async def __call__(self, req: func.HttpRequest, role: str) -> Principal:
        """The operator who asks, if it has `role`; raises NotAuthenticated or RoleMissing."""
        unverified_assertion = bearer(req.headers.get("Authorization"))
        return await self.pool.run(lambda: self.verifier.operator(unverified_assertion, role))
