"""Consents by the thousand in a running stack's token vault, as weeks of consenting and renewing leave them.

They go past the vault's door, whose limits they would wait for, into its database. All else about them is true: the
broker's own code writes values and tags, and each holds a refresh token of its own that Entra ID sealed.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from local.entra.directory import Directory
from local.entra.refresh_tokens import RefreshTokens
from local.entra.seal import Seal
from local.entra.sessions import Session
from local.key_vault.store import Store
from local.key_vault.version import Properties
from local.ledger import Ledger
from local.state import StackState
from local.world import ADMIN, DEFAULT_WORLD, PARTNER_APPLICATION
from shared.consents.consent import CONSENT, RENEWAL, Consent, Person, Renewal, new_lineage
from shared.consents.health import Health
from shared.consents.store import ConsentStore
from shared.consents.stored_consent import StoredRenewal
from shared.vault import Secret
from tests.fakes.memory_vault import MemoryVault

SCOPE = "https://api.partnercenter.microsoft.com/user_impersonation"
# Stored again for the first time since the consent, and due for both: a proof, and to be stored once more.
CONSENTED, RENEWED, PROVEN = timedelta(days=30), timedelta(days=8), timedelta(days=1, hours=1)


def seed(state: StackState, count: int) -> None:
    """Put so many consents into the token vault, each due to be stored, with two versions of its renewal."""
    now = datetime.now(UTC).replace(microsecond=0)
    store = Store(state.folder / "token-vault.sqlite")
    try:
        for number, refresh_token in enumerate(_refresh_tokens(state, count, issued=now - RENEWED)):
            _put(store, f"bench-{number:05}", refresh_token, now)
    finally:
        store.close()


def _refresh_tokens(state: StackState, count: int, *, issued: datetime) -> Iterator[str]:
    tokens = RefreshTokens(
        seal=Seal(state.folder / "entra-seal.key"), directory=Directory(DEFAULT_WORLD), ledger=Ledger(state)
    )
    session = Session(user=ADMIN, amr=("pwd", "mfa"), signed_in=issued)
    for _ in range(count):
        yield tokens.issue(session, client_id=PARTNER_APPLICATION, scope=f"{SCOPE} offline_access", issued=issued)


def _put(store: Store, name: str, refresh_token: str, now: datetime) -> None:
    memory = MemoryVault()
    broker = ConsentStore(memory)
    consent = Consent(
        name=name,
        lineage=new_lineage(),
        refresh_token=refresh_token,
        person=Person(tenant_id=ADMIN.tenant_id, object_id=ADMIN.object_id, username=ADMIN.username),
        scope=SCOPE,
        mfa="yes",
        link_id=new_lineage(),
        consented_on=now - CONSENTED,
    )
    broker.store_consent(consent)
    renewal = Renewal(lineage=consent.lineage, refresh_token=refresh_token)
    health = Health(lineage=consent.lineage, renewed_on=now - RENEWED, proven_on=now - PROVEN, mfa="yes")
    broker.store_renewal(name, renewal, health, over=None)
    _copy(store, memory.written[CONSENT + name][-1])
    first = _copy(store, memory.written[RENEWAL + name][-1])
    broker.store_renewal(name, renewal, health, over=StoredRenewal(renewal=renewal, version=first, previous=""))
    _copy(store, memory.written[RENEWAL + name][-1])


def _copy(store: Store, secret: Secret) -> str:
    """The version's id in the vault."""
    ends = secret.version.expires_on
    properties = Properties(
        content_type="application/json", tags=secret.version.tags, expires=int(ends.timestamp()) if ends else None
    )
    return store.put(secret.version.name, secret.value, properties)
