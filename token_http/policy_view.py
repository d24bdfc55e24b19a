"""The policy in force as people read it: rows, findings, documents, and whether a request would be allowed and why."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from shared.clock import to_text
from shared.cloud import Cloud
from shared.errors import BrokerError, InvalidRequest
from shared.pool import Pool
from shared.subject import Subject, consent_of
from token_http import policy_check, policy_lint
from token_http.issuer import Issuer
from token_http.permission import Permission
from token_http.policy import Policy
from token_http.policy_reading import DocumentState
from token_http.refusals import NotPermitted
from token_http.row_facts import Names, row_facts

PAGE, MOST_PAGES, LONGEST_FIND = 100, 10_000, 100
TENANT, APART = "tenant", "apart"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """All that a page can show of one policy, made once for each reading of it."""

    policy: Policy
    rows: Sequence[Mapping[str, Any]]
    words: Sequence[str]
    findings: Sequence[policy_lint.Finding]


@dataclass(slots=True, kw_only=True)
class PolicyView:
    """Belongs to the event loop of `issuer`; nobody is asked for a token. `consents` are the names there are; blocks.

    Every method raises VaultUnavailable or VaultRefused where there is no policy to go by.
    """

    issuer: Issuer
    cloud: Cloud
    consents: Callable[[], frozenset[str]]
    # One at a time: it is all work of the processor.
    pool: Pool = field(default_factory=lambda: Pool("policy-view", threads=1))
    _last: _Read | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def page(self, *, find: str, page: str) -> dict[str, Any]:
        """A hundred of the rows that have this text somewhere, in their order; raises InvalidRequest."""
        asked, number = _checked(find, page)
        read = await self._read()
        found = [row for row, words in zip(read.rows, read.words, strict=True) if asked in words]
        pages = max(1, -(-len(found) // PAGE))
        number = min(number, pages)
        reading = read.policy.reading
        return {
            "rows": found[(number - 1) * PAGE : number * PAGE],
            "found": len(found),
            "all": len(read.rows),
            "page": number,
            "pages": pages,
            "findings": [asdict(one) for one in read.findings],
            "documents": [_document(one) for one in reading.documents],
            "read_on": to_text(reading.read_on) if reading.read_on else None,
        }

    async def answer(self, fields: Mapping[str, Any], *, asker: str) -> dict[str, Any]:
        """What the policy says to this question (as POST /api/policy/check) and by which row, or the nearest ones.

        Raises InvalidRequest for what is no question, and whatever a domain's look-up raises.
        """
        question = policy_check.parse(fields, self.cloud)
        try:
            decision = await self.issuer.decide(question.principal, question.request, asker=asker)
        except NotPermitted as refusal:
            return {**policy_check.answer(question, None), **await self._refused(question.request.consent, refusal)}
        policy = await self.issuer.policy()
        row = next((one for one in policy.permissions if one.name == decision.permission), None)
        told = policy_check.answer(question, decision)
        return {
            **told,
            "code": "",
            "meant": decision.tenant_id,
            "row": row_facts(row, Names.of(policy)) if row else None,
            "near": [],
        }

    async def _refused(self, subject: Subject, refusal: NotPermitted) -> dict[str, Any]:
        """The nearest rows, each with what it lacks."""
        policy, consent = await self.issuer.policy(), consent_of(subject)
        own = (await self.issuer.own(consent) if consent else None) or policy.home_tenant
        names, apart = Names.of(policy), policy.apart(subject)
        near = []
        for one in refusal.nearest:
            covers = one.row.tenant_for(refusal.meant, own=own, apart=apart) is not None
            # `*` is never for the partner's own tenant, nor for that of the consent.
            tenant = APART if one.row.any_customer and refusal.meant else TENANT
            has = {"subject": one.has_subject, "resource": one.has_resource, tenant: covers}
            lacks = [part for part, there in has.items() if not there]
            near.append({"row": row_facts(one.row, names), "lacks": lacks})
        return {"code": refusal.code, "row": None, "near": near, "meant": refusal.meant}

    async def _read(self) -> _Read:
        policy = await self.issuer.policy()
        async with self._lock:
            if self._last is None or self._last.policy is not policy:
                self._last = await self.pool.run(lambda: self._made(policy))
            return self._last

    def _made(self, policy: Policy) -> _Read:
        try:
            consents = self.consents()
        except BrokerError:
            consents = None  # what cannot be listed is said to be missing by nobody
        names = Names.of(policy)
        rows = [row_facts(row, names) for row in policy.permissions]
        findings = sorted(policy_lint.of_policy(policy, consents=consents), key=lambda one: _ORDER.index(one.kind))
        return _Read(
            policy=policy,
            rows=rows,
            words=[_words(row, facts) for row, facts in zip(policy.permissions, rows, strict=True)],
            findings=findings,
        )


# The worst come first.
_ORDER = (
    policy_lint.INVALID,
    policy_lint.CONTRADICTED,
    policy_lint.TOO_WIDE,
    policy_lint.UNKNOWN,
    policy_lint.SHADOWED,
    policy_lint.ADVICE,
)


def _checked(find: str, page: str) -> tuple[str, int]:
    if len(find) > LONGEST_FIND or not find.isprintable():
        raise InvalidRequest(f"find: a part of what a row says, at most {LONGEST_FIND} characters.")
    number = int(page) if page.isascii() and page.isdecimal() and len(page) < len(str(MOST_PAGES)) else 0
    if number < 1:
        raise InvalidRequest("page: 1 or more.")
    return find.strip().casefold(), number


def _words(row: Permission, facts: Mapping[str, Any]) -> str:
    """What a row is found by: all that is written in it, and the short names of its resources."""
    consents = facts["consents"] or [facts["as"]]
    tenants = [
        *row.tenants,
        *row.tenants.values(),
        *(["home"] if row.home else []),
        *(["*"] if row.any_customer else []),
    ]
    parts = (row.name, row.caller or "", row.role or "", *consents, *tenants, *facts["resources"], *row.resources)
    return "\n".join(parts).casefold()


def _document(one: DocumentState) -> dict[str, Any]:
    return {
        "name": one.name,
        "version": one.version,
        "changed_on": to_text(one.changed_on),
        "enabled": one.enabled,
        "serves": one.serves,
        "served": one.served,
        "problem": one.problem,
    }
