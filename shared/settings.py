"""The broker's settings: read once from the environment, each problem named, all problems at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from shared import setting_limits as limit
from shared import setting_places as place
from shared import setting_table as table
from shared.cloud import PUBLIC, Cloud
from shared.setting import Defaulted, Optional, Required, Setting
from shared.setting_groups import CheckSettings, ManagementSettings, PageSettings, RefreshSettings
from shared.setting_values import Malformed


class SettingsError(ValueError):
    """Settings are missing or malformed; `problems` has one sentence for each."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What docs/settings.md describes, checked and typed; URLs carry no trailing slash, GUIDs are lower case."""

    public_url: str
    home_tenant: str
    partner_client_id: str
    partner_client_secret_name: str | None
    partner_certificate_name: str | None
    management: ManagementSettings
    managed_identity_client_id: str | None
    cloud: Cloud
    authority_host: str
    trusted_ca_file: str | None
    broker_client_id: str
    broker_audiences: frozenset[str]
    operator_clients: frozenset[str]
    token_vault_url: str
    policy_vault_url: str
    key_vault_api_version: str | None
    results_url: str | None
    refresh: RefreshSettings
    check: CheckSettings
    pages: PageSettings
    consent_scope: str
    consent_tenants: frozenset[str]
    accept_unknown_mfa: bool
    device_code: bool
    audit_address: bool
    partner_center_url: str
    graph_url: str
    memory_age: timedelta
    stale_limit: timedelta
    last_good: timedelta
    threads: int

    def may_consent_in(self, tenant_id: str) -> bool:
        """Whether a person of this tenant may give a consent."""
        return tenant_id == self.home_tenant or tenant_id in self.consent_tenants


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings in `environment`; raises SettingsError naming everything that is missing or malformed."""
    read = _Reader(environment)
    settings = _settings(read)
    if problems := tuple(read.problems) or tuple(_contradictions(settings)):
        raise SettingsError(problems)
    return settings


def _settings(read: "_Reader") -> Settings:
    broker_client_id = read.required(table.BROKER_CLIENT_ID)
    cloud = read.default(table.AZURE_CLOUD) or PUBLIC
    return Settings(
        public_url=read.required(table.PUBLIC_URL),
        home_tenant=read.required(table.PARTNER_TENANT_ID),
        partner_client_id=read.required(table.PARTNER_CLIENT_ID),
        partner_client_secret_name=read.optional(table.PARTNER_CLIENT_SECRET_NAME),
        partner_certificate_name=read.optional(table.PARTNER_CERTIFICATE_NAME),
        management=_management(read),
        managed_identity_client_id=read.optional(table.AZURE_CLIENT_ID),
        cloud=cloud,
        authority_host=read.default(table.AZURE_AUTHORITY_HOST, cloud.authority_host),
        trusted_ca_file=read.optional(place.TRUSTED_CA_FILE),
        broker_client_id=broker_client_id,
        broker_audiences=read.default(table.BROKER_AUDIENCES, f"api://{broker_client_id}"),
        operator_clients=read.default(table.OPERATOR_CLIENT_IDS),
        token_vault_url=read.required(place.TOKEN_VAULT_URL),
        policy_vault_url=read.required(place.POLICY_VAULT_URL),
        key_vault_api_version=read.optional(place.KEY_VAULT_API_VERSION),
        results_url=read.optional(place.RESULTS_URL),
        refresh=_refresh(read),
        check=_check(read),
        pages=_pages(read),
        consent_scope=read.default(table.CONSENT_SCOPE, cloud.partner_center_scope),
        consent_tenants=read.default(table.CONSENT_TENANTS),
        accept_unknown_mfa=read.default(table.CONSENT_UNKNOWN_MFA),
        device_code=read.default(table.CONSENT_DEVICE_CODE),
        audit_address=read.default(table.AUDIT_CLIENT_ADDRESS),
        partner_center_url=read.default(place.PARTNER_CENTER_URL, cloud.resources["partnercenter"]),
        graph_url=read.default(place.GRAPH_URL, cloud.resources["graph"]),
        memory_age=read.default(limit.MEMORY_AGE_SECONDS),
        stale_limit=read.default(limit.STALE_LIMIT_SECONDS),
        last_good=read.default(limit.LAST_GOOD_HOURS),
        threads=read.default(limit.EXCHANGE_THREADS),
    )


def _management(read: "_Reader") -> ManagementSettings:
    return ManagementSettings(
        client_id=read.optional(table.MANAGEMENT_CLIENT_ID),
        secret_name=read.optional(table.MANAGEMENT_CLIENT_SECRET_NAME),
        certificate_name=read.optional(table.MANAGEMENT_CERTIFICATE_NAME),
    )


def _refresh(read: "_Reader") -> RefreshSettings:
    return RefreshSettings(
        schedule=read.required(table.REFRESH_SCHEDULE),
        proof_age=read.default(limit.PROOF_AGE_HOURS),
        store_age=read.default(limit.STORE_AGE_DAYS),
        concurrency=read.default(limit.REFRESH_CONCURRENCY),
        vault_creates=read.default(limit.VAULT_CREATES_PER_10_SECONDS),
        vault_operations=read.default(limit.VAULT_OPERATIONS_PER_10_SECONDS),
    )


def _pages(read: "_Reader") -> PageSettings:
    return PageSettings(partner_name=read.default(table.PARTNER_NAME), console=read.default(table.CONSOLE))


def _check(read: "_Reader") -> CheckSettings:
    return CheckSettings(
        schedule=read.required(table.CHECK_SCHEDULE),
        age=read.default(limit.CHECK_AGE_HOURS),
        per_second=read.default(limit.CHECK_PER_SECOND),
        probes=read.default(table.CHECK_PROBE),
        consents_new=read.default(table.CONSENT_NEW_CUSTOMERS),
    )


def _contradictions(settings: Settings) -> Iterator[str]:
    if settings.partner_client_secret_name and settings.partner_certificate_name:
        yield "PARTNER_CERTIFICATE_NAME and PARTNER_CLIENT_SECRET_NAME exclude each other: name one of them."
    if settings.management.secret_name and settings.management.certificate_name:
        yield "MANAGEMENT_CERTIFICATE_NAME and MANAGEMENT_CLIENT_SECRET_NAME exclude each other: name one of them."
    if settings.management.client_id == settings.partner_client_id:
        # Every consented scope is in every token of an application: one alone would hand these rights to callers.
        yield "MANAGEMENT_CLIENT_ID must be another application than PARTNER_CLIENT_ID."
    if settings.token_vault_url == settings.policy_vault_url:
        # Whoever edits the policy must not thereby read refresh tokens.
        yield "POLICY_VAULT_URL must be another vault than TOKEN_VAULT_URL."


class _Reader:
    """Reads values and gathers problems, so that one start shows them all."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.problems: list[str] = []

    def required[T](self, setting: Required[T]) -> T:
        given = self._given(setting)
        return self._parsed(setting, "missing" if not given else "malformed", given)

    def optional[T](self, setting: Optional[T]) -> T | None:
        given = self._given(setting)
        return self._parsed(setting, "malformed", given) if given else None

    def default[T](self, setting: Defaulted[T], otherwise: str = "") -> T:
        """`otherwise` is the default where another setting decides it."""
        return self._parsed(setting, "malformed", self._given(setting) or otherwise or setting.default)

    def _given[T](self, setting: Setting[T]) -> str:
        return self._environment.get(setting.name, "").strip()

    def _parsed[T](self, setting: Setting[T], problem: str, given: str) -> T:
        try:
            return setting.parse(given)
        except Malformed as expected:
            self.problems.append(f"{setting.name} is {problem}: it should be {expected}.")
            # Nobody sees it: read_settings raises before it returns.
            return cast("T", None)
