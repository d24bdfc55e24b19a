"""The service behind every dialect: from an unverified assertion to issued tokens, each decision on record."""

from collections.abc import Callable, Sequence

from shared.callers.assertion import AssertionVerifier, Principal
from shared.pool import Pool
from token_http.issuer import Issuer
from token_http.message import Issued, TokenRequest
from token_http.policy import Decision, Policy
from token_http.trail import Trail

type Requests = Callable[[Principal], Sequence[TokenRequest]]


class TokenService:
    """Verifies who asks, then issues; raises the refusal after it was recorded."""

    def __init__(self, *, verifier: AssertionVerifier, issuer: Issuer, pool: Pool) -> None:
        self._verifier = verifier
        self._issuer = issuer
        self._pool = pool

    async def issue(self, trail: Trail, assertion_of: Callable[[], str], requests_of: Requests) -> list[Issued]:
        """A token for each request of one message, all or none.

        `assertion_of` takes the unverified assertion out of the message, `requests_of` reads the rest for the caller;
        both may refuse, and are called here so that such a refusal is on record too.
        """
        try:
            caller = trail.caller = await self._caller(assertion_of())
            requests = requests_of(caller)
        except Exception as error:
            trail.refused(error)
            raise
        trails = [trail.towards(request) for request in requests]
        issued = [await self._decided(one, caller, request) for one, request in zip(trails, requests, strict=True)]
        # Only now: had one been refused, none would go out.
        for one, token in zip(trails, issued, strict=True):
            one.issued(token)
        return issued

    async def policy(self) -> Policy:
        """The policy in force."""
        return await self._issuer.policy()

    async def _caller(self, unverified_assertion: str) -> Principal:
        principal = self._verifier.remembered(unverified_assertion)
        if principal is None:
            principal = await self._pool.run(lambda: self._verifier.verify(unverified_assertion))
        return self._verifier.caller(principal)

    async def _decided(self, trail: Trail, caller: Principal, request: TokenRequest) -> Issued:
        try:
            decision: Decision = await self._issuer.decide(caller, request)
            trail.decision = decision
            return await self._issuer.issue(decision, request)
        except Exception as error:
            trail.refused(error)
            raise
