"""Where the policy comes from: documents `policy-{n}` of the policy vault, each keeping its own last good version."""

from collections import deque

from shared.audit import Field, record
from shared.cloud import Cloud
from shared.errors import ConsentUnreadable
from shared.vault import SecretVault, SecretVersion
from token_http.permission import Permission
from token_http.policy import Policy
from token_http.policy_document import DOCUMENT, PolicyDocumentInvalid, compile_document


class PolicySource:
    """Reads and compiles every document; raises VaultUnavailable or VaultRefused."""

    def __init__(
        self, vault: SecretVault, *, home_tenant: str, cloud: Cloud, consent_tenants: frozenset[str] = frozenset()
    ) -> None:
        """`consent_tenants` are those of other partners' people (setting)."""
        self._vault = vault
        self.home_tenant = home_tenant
        self._consent_tenants = consent_tenants
        self._cloud = cloud
        self._reported: dict[str, str] = {}
        self._last_good: dict[str, tuple[Permission, ...]] = {}
        self._untold: deque[dict[str, Field]] = deque()

    def read(self) -> Policy:
        """The policy in force now. A disabled or deleted document grants nothing; a broken one what it did before."""
        names = sorted(
            secret.name for secret in self._vault.list_latest() if DOCUMENT.fullmatch(secret.name) and secret.enabled
        )
        good = {name: self._document(name) for name in names}
        self._last_good = {name: permissions for name, permissions in good.items() if permissions is not None}
        rows = tuple(row for name in names for row in self._last_good.get(name, ()))
        short = {self._cloud.canonical(name): name for name in self._cloud.resources}
        return Policy(
            permissions=rows, home_tenant=self.home_tenant, consent_tenants=self._consent_tenants, names=short
        )

    def _document(self, name: str) -> tuple[Permission, ...] | None:
        try:
            secret = self._vault.get(name)
        except ConsentUnreadable:  # disabled since it was listed
            return None
        if secret is None:
            return None
        try:
            return compile_document(name, secret.value, home_tenant=self.home_tenant, cloud=self._cloud)
        except PolicyDocumentInvalid as problem:
            self._report(secret.version, str(problem))
            return self._last_good.get(name)

    def _report(self, version: SecretVersion, problem: str) -> None:
        """Say it loudly, and once for each version: the documents are read every half minute."""
        if self._reported.get(version.name) == version.version:
            return
        self._reported[version.name] = version.version
        kept = version.name in self._last_good
        consequence = "its last good version stays in force" if kept else "it grants nothing"
        self._untold.append({"document": version.name, "problem": problem, "consequence": consequence})

    def tell(self) -> None:
        """Put on record what readings have found wrong since; by whoever is at work, since a reading may be nobody's.

        The host drops what is logged for a request that has been answered, and a reading ahead outlives its request.
        """
        while self._untold:
            record("policy.document_invalid", self._untold.popleft())
