"""The broker's settings: read once from the environment, each problem named, all problems at once."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from shared import setting_values as value
from shared.cloud import CLOUDS, PUBLIC, Cloud

# Azure CLI and Azure PowerShell: the clients that operators sign in with.
OPERATOR_CLIENTS = "04b07795-8ddb-461a-bbee-02f9e1bf7b46,1950a258-227b-4e31-a9cf-717495945fc2"
HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)


class SettingsError(ValueError):
    """Settings are missing or malformed; `problems` has one sentence for each."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshSettings:
    """How the timer works: when, what is due, how much at once, and its share of the vault for any ten seconds."""

    schedule: str
    proof_age: timedelta
    store_age: timedelta
    concurrency: int
    vault_creates: int
    vault_operations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What docs/settings.md describes, checked and typed; URLs carry no trailing slash, GUIDs are lower case."""

    public_url: str
    home_tenant: str
    partner_client_id: str
    partner_client_secret_name: str | None
    partner_certificate_name: str | None
    managed_identity_client_id: str | None
    cloud: Cloud
    authority_host: str
    trusted_ca_file: str | None
    broker_client_id: str
    broker_audiences: frozenset[str]
    operator_clients: frozenset[str]
    token_vault_url: str
    policy_vault_url: str
    refresh: RefreshSettings
    consent_scope: str
    consent_tenants: frozenset[str]
    accept_unknown_mfa: bool
    device_code: bool
    partner_center_url: str
    memory_age: timedelta
    stale_limit: timedelta
    threads: int

    def may_consent_in(self, tenant_id: str) -> bool:
        """Whether a person of this tenant may give a consent."""
        return tenant_id == self.home_tenant or tenant_id in self.consent_tenants


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings in `environment`; raises SettingsError naming everything that is missing or malformed."""
    read = _Reader(environment)
    broker_client_id = read.required("BROKER_CLIENT_ID", value.guid)
    cloud = read.default("AZURE_CLOUD", PUBLIC.name, value.choice(CLOUDS)) or PUBLIC
    settings = Settings(
        public_url=read.required("PUBLIC_URL", value.public_url),
        home_tenant=read.required("PARTNER_TENANT_ID", value.guid),
        partner_client_id=read.required("PARTNER_CLIENT_ID", value.guid),
        partner_client_secret_name=read.optional("PARTNER_CLIENT_SECRET_NAME", value.secret_name),
        partner_certificate_name=read.optional("PARTNER_CERTIFICATE_NAME", value.secret_name),
        managed_identity_client_id=read.optional("AZURE_CLIENT_ID", value.guid),
        cloud=cloud,
        authority_host=read.default("AZURE_AUTHORITY_HOST", cloud.authority_host, value.https_origin),
        trusted_ca_file=read.optional("TRUSTED_CA_FILE", value.file),
        broker_client_id=broker_client_id,
        broker_audiences=read.default("BROKER_AUDIENCES", f"api://{broker_client_id}", value.list_of(value.audience)),
        operator_clients=read.default("OPERATOR_CLIENT_IDS", OPERATOR_CLIENTS, value.list_of(value.guid)),
        token_vault_url=read.required("TOKEN_VAULT_URL", value.https_origin),
        policy_vault_url=read.required("POLICY_VAULT_URL", value.https_origin),
        refresh=_refresh(read),
        consent_scope=read.default("CONSENT_SCOPE", cloud.partner_center_scope, value.scope),
        consent_tenants=read.default("CONSENT_TENANTS", "", value.list_of(value.guid)),
        accept_unknown_mfa=read.default(
            "CONSENT_UNKNOWN_MFA", "refuse", value.choice({"refuse": False, "accept": True})
        ),
        # Off: a code can be phished; Microsoft advises to block it (learn: policy-block-authentication-flows).
        device_code=read.default("CONSENT_DEVICE_CODE", "off", value.choice({"off": False, "on": True})),
        partner_center_url=read.default("PARTNER_CENTER_URL", cloud.resources["partnercenter"], value.https_origin),
        memory_age=read.default("MEMORY_AGE_SECONDS", "30", value.duration(SECOND, 1, 600)),
        stale_limit=read.default("STALE_LIMIT_SECONDS", "3600", value.duration(SECOND, 0, 4 * 3600)),
        threads=read.default("EXCHANGE_THREADS", "32", value.number(1, 256)),
    )
    read.problems.extend(_contradictions(settings) if not read.problems else ())
    if read.problems:
        raise SettingsError(tuple(read.problems))
    return settings


def _refresh(read: "_Reader") -> RefreshSettings:
    return RefreshSettings(
        # The Functions host resolves the schedule itself; unset, it would index no timer and say so only in its log.
        schedule=read.required("REFRESH_SCHEDULE", value.schedule),
        proof_age=read.default("PROOF_AGE_HOURS", "20", value.duration(HOUR, 1, 30 * 24)),
        store_age=read.default("STORE_AGE_DAYS", "7", value.duration(DAY, 1, 30)),
        concurrency=read.default("REFRESH_CONCURRENCY", "16", value.number(1, 64)),
        # Key Vault's own limits are 300 and 4,000 (learn: key-vault/general/service-limits); consents need a share too.
        vault_creates=read.default("VAULT_CREATES_PER_10_SECONDS", "285", value.number(1, 300)),
        vault_operations=read.default("VAULT_OPERATIONS_PER_10_SECONDS", "3800", value.number(10, 4000)),
    )


def _contradictions(settings: Settings) -> Iterator[str]:
    if settings.partner_client_secret_name and settings.partner_certificate_name:
        yield "PARTNER_CERTIFICATE_NAME and PARTNER_CLIENT_SECRET_NAME exclude each other: name one of them."
    if settings.token_vault_url == settings.policy_vault_url:
        # Whoever edits the policy must not thereby read refresh tokens.
        yield "POLICY_VAULT_URL must be another vault than TOKEN_VAULT_URL."


class _Reader:
    """Reads values and gathers problems, so that one start shows them all."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.problems: list[str] = []

    def required[T](self, name: str, parse: Callable[[str], T]) -> T:
        given = self._given(name)
        return self._parsed(name, "missing" if not given else "malformed", given, parse)

    def optional[T](self, name: str, parse: Callable[[str], T]) -> T | None:
        given = self._given(name)
        return self._parsed(name, "malformed", given, parse) if given else None

    def default[T](self, name: str, default: str, parse: Callable[[str], T]) -> T:
        return self._parsed(name, "malformed", self._given(name) or default, parse)

    def _given(self, name: str) -> str:
        return self._environment.get(name, "").strip()

    def _parsed[T](self, name: str, problem: str, given: str, parse: Callable[[str], T]) -> T:
        try:
            return parse(given)
        except value.Malformed as expected:
            self.problems.append(f"{name} is {problem}: it should be {expected}.")
            # Nobody sees it: read_settings raises before it returns.
            return cast("T", None)
