"""The application's two proofs: which refusals try the other one, and whose answer changes what is known of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import pytest

from local.world import CONTOSO, PARTNER_APPLICATION, PARTNER_TENANT
from shared.clock import utc_now
from shared.entra.application_credential import REFUSED_SECONDS, SECRET, VaultCredential
from shared.entra.authority import Authority
from shared.entra.authority_http import AuthorityHttp
from shared.entra.discovery import Discovery
from shared.entra.errors import ApplicationMisconfigured
from shared.entra.place import Place
from shared.errors import BrokerError
from tests.fakes.memory_vault import MemoryVault
from tests.fakes.scripted_entra import AUTHORITY_HOST, Answer, Posted, ScriptedEntra, tokens
from tests.shared.samples import AGES, NOON

NEWEST, OLDER = "the-newest-secret", "the-older-secret"
NAME = "partner-secret"
UNLISTED, WRONG_SECRET, NOT_FEDERATED = 99999999, 7000215, 700222


def refusal(error: str, *codes: int) -> Answer:
    return Answer(status=401, body={"error": error, "error_codes": codes})


@dataclass(slots=True)
class Rig:
    """An authority over scripted HTTP, whose application has two secrets in a vault."""

    entra: ScriptedEntra = field(default_factory=ScriptedEntra)
    vault: MemoryVault = field(default_factory=MemoryVault)
    moment: float = 1000.0
    reads: int = 0
    credential: VaultCredential = field(init=False)
    authority: Authority = field(init=False)

    def __post_init__(self) -> None:
        for made, secret in enumerate((OLDER, NEWEST)):
            self.vault.clock = partial(NOON.replace, second=made)
            self.vault.put(NAME, secret, tags={})
        self.credential = VaultCredential(self.vault, NAME, kind=SECRET, monotonic=lambda: self.moment)
        discovery = Discovery(self.entra, authority_host=AUTHORITY_HOST, home_tenant=PARTNER_TENANT, ages=AGES)
        http = AuthorityHttp(self.entra, discovery, authority_host=AUTHORITY_HOST)
        self.authority = Authority(http, client_id=PARTNER_APPLICATION, credential=self.credential, clock=utc_now)
        self.exchange(Place.HOME)
        self.entra.posted.clear()
        self.vault.before = self._read

    def _read(self, operation: str, _name: str) -> None:
        self.reads += operation == "list_versions"

    def exchange(self, place: Place) -> BrokerError | None:
        """One exchange in this place; what it was refused with."""
        tenant_id = CONTOSO if place is Place.CUSTOMER else PARTNER_TENANT
        try:
            self.authority.exchange("refresh-token", tenant_id=tenant_id, scope="https://a.example/x", place=place)
        except BrokerError as error:
            return error
        return None

    @property
    def order(self) -> list[object]:
        return [proof.client_credential for proof in self.credential.proofs()]

    @property
    def tried(self) -> list[str]:
        return [posted.secret for posted in self.entra.posted]


def only(secret: str, otherwise: Answer) -> Callable[[Posted], Answer]:
    return lambda posted: tokens(posted) if posted.secret == secret else otherwise


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.mark.parametrize("code", [UNLISTED, WRONG_SECRET])
@pytest.mark.parametrize("place", Place)
def test_the_other_proof_is_tried_once_when_the_first_may_be_wrong(rig: Rig, place: Place, code: int) -> None:
    rig.entra.answer = only(OLDER, refusal("invalid_client", code))
    assert rig.exchange(place) is None
    assert rig.tried == [NEWEST, OLDER]


@pytest.mark.parametrize("place", Place)
def test_when_both_are_refused_the_first_refusal_is_told(rig: Rig, place: Place) -> None:
    rig.entra.answer = lambda posted: refusal("invalid_client", UNLISTED if posted.secret == NEWEST else WRONG_SECRET)
    error = rig.exchange(place)
    assert isinstance(error, ApplicationMisconfigured)
    assert (error.authority_code, rig.tried) == (UNLISTED, [NEWEST, OLDER])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("invalid_client", NOT_FEDERATED),
        ("invalid_client", 650052),
        ("invalid_client", 70011),
        ("invalid_client", 7000229),
        ("invalid_request", UNLISTED),
        ("unauthorized_client", UNLISTED),
        ("invalid_grant", UNLISTED),
    ],
)
@pytest.mark.parametrize("place", Place)
def test_what_another_proof_cannot_mend_is_asked_once(rig: Rig, place: Place, error: str, code: int) -> None:
    rig.entra.answer = lambda _posted: refusal(error, code)
    assert rig.exchange(place) is not None
    assert rig.tried == [NEWEST]


@pytest.mark.parametrize(("place", "looks_soon"), [(Place.HOME, True), (Place.SIGN_IN, False), (Place.CUSTOMER, False)])
@pytest.mark.parametrize("code", [UNLISTED, WRONG_SECRET])
def test_only_homes_answer_marks_the_credential_as_refused(
    rig: Rig, *, place: Place, looks_soon: bool, code: int
) -> None:
    rig.entra.answer = lambda _posted: refusal("invalid_client", code)
    rig.exchange(place)
    rig.moment += REFUSED_SECONDS
    assert rig.order == [NEWEST, OLDER]
    assert rig.reads == looks_soon


@pytest.mark.parametrize("code", [UNLISTED, WRONG_SECRET])
def test_what_one_customers_tenant_takes_is_not_tried_first_elsewhere(rig: Rig, code: int) -> None:
    """It may be that tenant's own trouble, and what is in use is what alarms are told of."""
    rig.entra.answer = only(OLDER, refusal("invalid_client", code))
    assert rig.exchange(Place.CUSTOMER) is None
    assert (rig.order, rig.credential.in_use().client_credential) == ([NEWEST, OLDER], NEWEST)
    rig.exchange(Place.HOME)
    assert (rig.order, rig.credential.in_use().client_credential) == ([OLDER, NEWEST], OLDER)
