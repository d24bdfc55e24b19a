"""Where the policy comes from: documents `policy-{n}` of the policy vault, each keeping its own last good version."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.audit import Field, record
from shared.clock import Clock, utc_now
from shared.cloud import Cloud
from shared.errors import ConsentUnreadable
from shared.vault import Secret, SecretVault, SecretVersion
from token_http.permission import Permission
from token_http.policy import Policy
from token_http.policy_document import DOCUMENT, PolicyDocumentInvalid, compile_document, names_in
from token_http.policy_reading import DocumentState, PolicyReading
from token_http.tenant_names import TenantNames

# Of more names that are contradicted a record would not stay small.
MOST_TOLD = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Good:
    """A document that could be compiled: its version, the names it gives to tenants, and its rows."""

    version: str
    names: Mapping[str, str]
    permissions: tuple[Permission, ...]


class PolicySource:
    """Reads and compiles every document; raises VaultUnavailable or VaultRefused."""

    def __init__(
        self,
        vault: SecretVault,
        *,
        home_tenant: str,
        cloud: Cloud,
        consent_tenants: frozenset[str] = frozenset(),
        clock: Clock = utc_now,
    ) -> None:
        """`consent_tenants` are those of other partners' people (setting)."""
        self._vault = vault
        self.home_tenant = home_tenant
        self._consent_tenants = consent_tenants
        self.cloud = cloud
        self._clock = clock
        self._reported: dict[str, str] = {}
        self._contradicted: Mapping[str, Sequence[str]] = {}
        self._last_good: dict[str, _Good] = {}
        self._untold: deque[dict[str, Field]] = deque()
        self._untold_names: deque[dict[str, Field]] = deque()

    def read(self) -> Policy:
        """The policy in force now. A disabled or deleted document grants nothing; a broken one what it did before."""
        read_on = self._clock()
        there = {secret.name: secret for secret in self._vault.list_latest() if DOCUMENT.fullmatch(secret.name)}
        listed = sorted(name for name, secret in there.items() if secret.enabled)
        secrets = {name: secret for name in listed if (secret := self._secret(name)) is not None}
        names, good, broken = self._compiled(secrets)
        for name, problem in broken.items():
            self._report(secrets[name].version, problem)
        self._last_good = good
        if names.contradicted != self._contradicted:
            self._report_names(names)
        rows = tuple(row for name in secrets if name in good for row in good[name].permissions)
        short = {self.cloud.canonical(name): name for name in self.cloud.resources}
        return Policy(
            permissions=rows,
            home_tenant=self.home_tenant,
            consent_tenants=self._consent_tenants,
            names=short,
            tenant_names=names,
            reading=PolicyReading(documents=_states(there, secrets, good, broken), read_on=read_on),
        )

    def _compiled(self, secrets: Mapping[str, Secret]) -> tuple[TenantNames, dict[str, _Good], dict[str, str]]:
        """The names of all documents, what each grants by them, and what is wrong with those that are broken.

        One that turns out to be broken keeps its last good names too, so the others are compiled by these.
        """
        broken: dict[str, str] = {}
        while True:
            known, given = len(broken), {name: self._names(secrets[name], broken) for name in secrets}
            names = TenantNames.of(given)
            good = {name: self._last_good[name] for name in broken if name in self._last_good}
            for name in [name for name in secrets if name not in broken]:
                try:
                    rows = self._permissions(secrets[name], names)
                    good[name] = _Good(version=secrets[name].version.version, names=given[name], permissions=rows)
                except PolicyDocumentInvalid as problem:
                    broken[name] = str(problem)
            if len(broken) == known:
                return names, good, broken

    def _names(self, secret: Secret, broken: dict[str, str]) -> Mapping[str, str]:
        name = secret.version.name
        if name not in broken:
            try:
                return names_in(name, secret.value)
            except PolicyDocumentInvalid as problem:
                broken[name] = str(problem)
        return self._last_good[name].names if name in self._last_good else {}

    def _permissions(self, secret: Secret, names: TenantNames) -> tuple[Permission, ...]:
        home, cloud = self.home_tenant, self.cloud
        return compile_document(secret.version.name, secret.value, home_tenant=home, cloud=cloud, names=names)

    def _secret(self, name: str) -> Secret | None:
        try:
            return self._vault.get(name)
        except ConsentUnreadable:  # disabled since it was listed
            return None

    def _report_names(self, names: TenantNames) -> None:
        """Say which names mean nothing any more, or again mean something: the list is empty then."""
        self._contradicted = names.contradicted
        documents = sorted({document for found in names.contradicted.values() for document in found})
        self._untold_names.append({"names": sorted(names.contradicted)[:MOST_TOLD], "documents": documents[:MOST_TOLD]})

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
        while self._untold_names:
            record("policy.names_contradicted", self._untold_names.popleft())


def _states(
    there: Mapping[str, SecretVersion],
    secrets: Mapping[str, Secret],
    good: Mapping[str, _Good],
    broken: Mapping[str, str],
) -> tuple[DocumentState, ...]:
    """Each document that there is; one that was disabled since it was listed counts as disabled."""
    return tuple(
        DocumentState(
            name=name,
            version=secrets[name].version.version if name in secrets else there[name].version,
            changed_on=secrets[name].version.created_on if name in secrets else there[name].created_on,
            enabled=name in secrets,
            served=good[name].version if name in good else "",
            problem=broken.get(name, ""),
            text=secrets[name].value if name in broken else "",
        )
        for name in sorted(there)
    )
