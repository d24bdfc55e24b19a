"""The operator check: how a route learns which operator asks, and that the role is there."""

from dataclasses import dataclass

import azure.functions as func

from shared.bursts import Bursts
from shared.callers.assertion import AssertionVerifier, Principal, bearer
from shared.client_address import client_address
from shared.pool import Pool
from shared.witness import witness

LONGEST_TARGET = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorCheck:
    """Verifies in `pool`, where nobody waits for anything; whose key has to be fetched first waits in `fetching_pool`.

    So no made-up key id, and no authority that is slow, holds up an operator whose token is signed with a known key.
    Whatever the request is refused for, here or later, is put on record in `bursts` with who asked, once verified;
    `tells_address` adds where from.
    """

    verifier: AssertionVerifier
    pool: Pool
    fetching_pool: Pool
    bursts: Bursts
    tells_address: bool = False

    async def __call__(self, req: func.HttpRequest, *roles: str) -> Principal:
        """The operator who asks, if it has one of `roles`; raises NotAuthenticated or RoleMissing."""
        seen = witness()
        seen.bursts = self.bursts
        seen.who = {"operator": None, "operator_application": None}
        seen.asked = {
            "role": " or ".join(roles),
            # As it was written: nobody vouches for it.
            "target": "/".join(req.route_params.values())[:LONGEST_TARGET],
            "address": client_address(req.headers) if self.tells_address else None,
        }
        unverified_assertion = bearer(req.headers.get("Authorization"))
        pool = self.pool if self.verifier.is_key_at_hand(unverified_assertion) else self.fetching_pool
        principal = await pool.run(lambda: self.verifier.verify(unverified_assertion))
        seen.who = {"operator": principal.object_id, "operator_application": principal.application_id}
        return self.verifier.with_operators_role(principal, *roles)
