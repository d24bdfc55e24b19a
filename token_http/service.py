"""The service behind every dialect: from an unverified assertion to issued tokens, each decision on record."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from shared.callers.assertion import AssertionVerifier, Principal
from shared.clock import Clock
from shared.errors import BrokerError
from shared.pool import Pool
from shared.subject import APPLICATION
from token_http.issuer import Issuer
from token_http.message import Issued, TokenRequest
from token_http.one_look import all_issued
from token_http.policy import Decision
from token_http.policy_tenants import Led, Unresolved, led
from token_http.refusals import NotPermitted
from token_http.tenant_names import TenantNames
from token_http.tenants import Question
from token_http.trail import Trail
from token_http.wanted import Wanted

type Requests = Callable[[Principal], Sequence[TokenRequest]]
type Decide = Callable[[TokenRequest], Awaitable[Decision]]
type Learn = Callable[[Sequence[TokenRequest], Decide], Awaitable[None]]


class TokenService:
    """Verifies who asks, then issues; raises the refusal after it was recorded."""

    def __init__(
        self, *, verifier: AssertionVerifier, issuer: Issuer, pool: Pool, clock: Clock, watch: Callable[[], None]
    ) -> None:
        """`watch` sees to it that what others forget is forgotten here too; nobody waits for that."""
        self._verifier = verifier
        self._issuer = issuer
        self._pool = pool
        self._clock = clock
        self._watch = watch

    async def issue(
        self, trail: Trail, assertion_of: Callable[[], str], requests_of: Requests, *, learn: Learn | None = None
    ) -> list[Issued]:
        """A token for each request of one message, all or none.

        `assertion_of` takes the unverified assertion out of the message, `requests_of` reads the rest for the caller,
        and `learn` finds out what an answer needs beside the tokens, of what is permitted; all may refuse, and are
        called here so that such a refusal is on record too.
        """
        self._watch()
        try:
            caller = self._verifier.caller(await self._principal(trail, assertion_of()))
            requests = requests_of(caller)
        except Exception as error:
            trail.refused(error)
            raise
        asked = [Wanted(principal=caller, request=request) for request in requests]
        try:
            if learn is not None:
                await learn(requests, lambda request: self._issuer.decide(caller, request))
            issued = await all_issued(self._issuer, asked, clock=self._clock)
        except Exception as error:
            # Of several tokens those are on record that were refused; what befell the message is on the first.
            for wanted in [one for one in asked if one.refusal] or asked[:1]:
                refusal = _told(wanted.refusal or error, wanted)
                trail.towards(wanted.request, wanted.decision).refused(refusal)
            raise
        # Only now: had one been refused, none would go out.
        for wanted, token in zip(asked, issued, strict=True):
            trail.towards(wanted.request, wanted.decision).issued(token)
        return issued

    def forget_stops(self) -> None:
        """Read anew what stops tokens."""
        self._issuer.forget_stops()

    async def decide(self, principal: Principal, request: TokenRequest, *, asker: str) -> Decision | None:
        """The row of the policy in force that would allow this; None when none does. `asker` wants to know."""
        try:
            return await self._issuer.decide(principal, request, asker=asker)
        except NotPermitted:
            return None

    async def tenants(
        self, trail: Trail, assertion_of: Callable[[], str], question_of: Callable[[], Question]
    ) -> dict[str, Any]:
        """The tenants that the caller may ask for, and that it asked for them on record; raises as `issue` does."""
        try:
            caller = self._verifier.caller(await self._principal(trail, assertion_of()))
            question = question_of()
            found = await self._issuer.tenants(caller, question)
        except Exception as error:
            trail.refused(error)
            raise
        trail.listed(question.subject, len(found["tenants"]))
        return found

    async def led(self, asked: Sequence[Unresolved], *, operator: Principal, home_tenant: str) -> Led:
        """What names in rows lead to, as far as this operator may know it."""
        return await led(self._issuer.domains, asked, operator=operator, home_tenant=home_tenant)

    async def tenant_names(self) -> TenantNames:
        """The names of the policy in force; raises VaultUnavailable or VaultRefused."""
        return (await self._issuer.policy()).tenant_names

    async def _principal(self, trail: Trail, unverified_assertion: str) -> Principal:
        """Who asks, on record from here on, even if it may not ask for tokens."""
        principal = self._verifier.remembered(unverified_assertion)
        if principal is None:
            principal = await self._pool.run(lambda: self._verifier.verify(unverified_assertion))
        trail.caller = principal
        return principal


def _told(error: Exception, wanted: Wanted) -> Exception:
    """The error, its act told with what was asked for."""
    if isinstance(error, BrokerError):
        request, decision = wanted.request, wanted.decision
        tenant = decision.tenant_id if decision else request.tenant
        error.knowing(tenant=tenant, resource=request.scope.resource)
        if request.consent is not APPLICATION:
            error.knowing(consent=request.consent)
    return error
