"""The operator check: how a route learns which operator asks, and that the role is there."""

from dataclasses import dataclass

import azure.functions as func

from shared.callers.assertion import AssertionVerifier, Principal, bearer
from shared.pool import Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorCheck:
    """Verifies in `pool`, where nobody waits for anything; whose key has to be fetched first waits in `fetching_pool`.

    So no made-up key id, and no authority that is slow, holds up an operator whose token is signed with a known key.
    """

    verifier: AssertionVerifier
    pool: Pool
    fetching_pool: Pool

    async def __call__(self, req: func.HttpRequest, role: str) -> Principal:
        """The operator who asks, if it has `role`; raises NotAuthenticated or RoleMissing."""
        unverified_assertion = bearer(req.headers.get("Authorization"))
        pool = self.pool if self.verifier.is_key_at_hand(unverified_assertion) else self.fetching_pool
        return await pool.run(lambda: self.verifier.operator(unverified_assertion, role))
