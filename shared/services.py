"""What all functions stand on: made once from the settings, connected to nothing until first used."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from shared.application_stops import ApplicationStops
from shared.bursts import Bursts
from shared.callers.assertion import AssertionVerifier
from shared.callers.operator_check import OperatorCheck
from shared.clock import Clock
from shared.consents.applications import Applications
from shared.consents.registrations import Registrations
from shared.consents.store import ConsentStore
from shared.entra.application_credential import ApplicationCredential
from shared.entra.authority_http import AuthorityHttp
from shared.entra.discovery import Discovery
from shared.entra.managed_identity import BrokerIdentity
from shared.entra.person_sign_in import PersonSignIn
from shared.kept_document import Ages
from shared.key_vault import KeyVault
from shared.keys.signing_keys import SigningKeys
from shared.marks import Marks
from shared.outbound import Outbound
from shared.pool import Pool
from shared.rows import Rows
from shared.settings import Settings
from shared.sqlite_rows import SqliteRows
from shared.table_rows import TableRows

# Beside the exchanges' own threads: none of these waits for a customer's tenant.
ASSERTION_THREADS, OPERATOR_THREADS = 4, 2
RESULTS_FILE = "results.sqlite3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The parts that more than one function package works with; `assertions` is the pool that verifies callers."""

    settings: Settings
    clock: Clock
    identity: BrokerIdentity
    outbound: Outbound
    token_vault: KeyVault
    policy_vault: KeyVault
    discovery: Discovery
    credential: ApplicationCredential
    applications: Applications
    keys: SigningKeys
    verifier: AssertionVerifier
    assertions: Pool
    operator: OperatorCheck
    store: ConsentStore
    person_sign_in: PersonSignIn
    rows: Rows
    marks: Marks
    stops: ApplicationStops

    @classmethod
    def of(cls, settings: Settings, *, clock: Clock) -> Self:
        """The services for these settings."""
        identity = BrokerIdentity(settings.managed_identity_client_id)
        outbound = Outbound(trusted_ca_file=settings.trusted_ca_file, threads=settings.threads)
        token_vault = _vault(settings.token_vault_url, settings, identity)
        host, ages = settings.authority_host, Ages(last_good=settings.last_good.total_seconds())
        discovery = Discovery(outbound, authority_host=host, home_tenant=settings.home_tenant, ages=ages)
        http = AuthorityHttp(outbound, discovery, authority_host=host, clock=clock)
        registrations = Registrations(settings=settings, http=http, identity=identity, vault=token_vault, clock=clock)
        credential = registrations.credential(
            certificate=settings.partner_certificate_name, secret=settings.partner_client_secret_name
        )
        keys = SigningKeys(outbound, authority_host=host, ages=ages)
        verifier, assertions = AssertionVerifier(settings, keys), Pool("assertions", threads=ASSERTION_THREADS)
        rows = _rows(settings, identity)
        return cls(
            settings=settings,
            clock=clock,
            identity=identity,
            outbound=outbound,
            token_vault=token_vault,
            policy_vault=_vault(settings.policy_vault_url, settings, identity),
            discovery=discovery,
            credential=credential,
            applications=registrations.applications(credential),
            keys=keys,
            verifier=verifier,
            assertions=assertions,
            operator=_operator(settings, verifier, assertions),
            store=ConsentStore(token_vault),
            person_sign_in=PersonSignIn(
                http,
                client_id=settings.broker_client_id,
                credential=registrations.credential(certificate=None, secret=None),
            ),
            rows=rows,
            stops=ApplicationStops(rows, clock=clock),
            marks=Marks(rows, max_age=settings.memory_age, clock=clock),
        )


def _vault(url: str, settings: Settings, identity: BrokerIdentity) -> KeyVault:
    return KeyVault(url, identity, trusted_ca_file=settings.trusted_ca_file, api_version=settings.key_vault_api_version)


def _operator(settings: Settings, verifier: AssertionVerifier, assertions: Pool) -> OperatorCheck:
    return OperatorCheck(
        verifier=verifier,
        pool=Pool("operators", threads=OPERATOR_THREADS),
        fetching_pool=assertions,
        bursts=Bursts(),
        tells_address=settings.audit_address,
    )


def _rows(settings: Settings, identity: BrokerIdentity) -> Rows:
    url = settings.results_url
    if url is None:
        return SqliteRows(Path(tempfile.gettempdir()) / f"consent-broker-{settings.broker_client_id}" / RESULTS_FILE)
    if url.startswith("file:"):
        return SqliteRows(Path.from_uri(url))
    return TableRows(url, identity, trusted_ca_file=settings.trusted_ca_file)
