"""One Exchanger, twice: the scripted one does what the product relies on Entra ID, through MSAL, to do."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from local.person import Person
from local.state import StackState
from local.world import ADMIN, CONTOSO, DEFAULT_WORLD, NORTHWIND, PARTNER_APPLICATION, PARTNER_TENANT
from shared.clock import utc_now
from shared.entra.authority import Authority
from shared.entra.authority_http import AuthorityHttp
from shared.entra.discovery import Discovery
from shared.entra.errors import CustomerTenantRefused, NewConsentNeeded
from shared.entra.place import Place
from shared.entra.tokens import Exchanger
from shared.errors import AuthorityUnavailable, BrokerError
from shared.outbound import Outbound
from tests.fakes.fixed_credential import FixedCredential
from tests.fakes.scripted_authority import Asked, ScriptedAuthority
from tests.local_control import Controls
from tests.shared.samples import AGES

GRAPH_DEFAULT = "https://graph.microsoft.com/.default"
ARM_DEFAULT = "https://management.azure.com/.default"
# What each error is called by the authority.
CODES: dict[type[BrokerError], int] = {
    NewConsentNeeded: 50173,
    CustomerTenantRefused: 65001,
    AuthorityUnavailable: 90055,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """An exchanger, a refresh token it takes, and how to have it refuse the next request for a tenant."""

    exchanger: Exchanger
    refresh_token: str
    refuse: Callable[[str, type[BrokerError]], None]


@pytest.fixture(scope="session")
def real(stack: StackState) -> tuple[Authority, str]:
    """The authority, and what a sign-in of Ada left."""
    outbound = Outbound(trusted_ca_file=str(stack.ca_file), threads=4)
    discovery = Discovery(outbound, authority_host=stack.entra, home_tenant=PARTNER_TENANT, ages=AGES)
    http = AuthorityHttp(outbound, discovery, authority_host=stack.entra)
    application = next(known for known in DEFAULT_WORLD.applications if known.client_id == PARTNER_APPLICATION)
    secret = application.secrets[0]
    authority = Authority(http, client_id=PARTNER_APPLICATION, credential=FixedCredential([secret]), clock=utc_now)
    address, begun = authority.begin_sign_in(
        tenant_id=PARTNER_TENANT,
        scope="https://api.partnercenter.microsoft.com/user_impersonation",
        redirect_uri=f"{stack.host}/api/consent/redirect",
        state="the-state",
        login_hint=None,
    )
    with Person() as person:
        code = person.consent(address, ADMIN).url.params["code"]
    return authority, authority.redeem(begun, code).refresh_token


def scripted() -> Contract:
    authority = ScriptedAuthority()

    def refuse(tenant: str, error: type[BrokerError]) -> None:
        def once(asked: Asked) -> BrokerError | None:
            if asked.tenant_id != tenant:
                return None
            authority.refuse = lambda _asked: None
            return error(authority_code=CODES[error])

        authority.refuse = once

    return Contract(exchanger=authority, refresh_token="refresh-token", refuse=refuse)


@pytest.fixture(params=["scripted", "real"])
def contract(request: pytest.FixtureRequest) -> Contract:
    if request.param == "scripted":
        return scripted()
    state: StackState = request.getfixturevalue("stack")
    authority, refresh_token = request.getfixturevalue("real")
    controls = Controls(state, state.entra)
    request.addfinalizer(lambda: controls.clear("errors"))  # noqa: PT021 - for one of two only

    def refuse(tenant: str, error: type[BrokerError]) -> None:
        controls.post("errors", {"code": CODES[error], "tenant": tenant})

    return Contract(exchanger=authority, refresh_token=refresh_token, refuse=refuse)


def test_an_exchange_yields_a_token_of_the_tenant_for_the_scope(contract: Contract) -> None:
    exchanged = contract.exchanger.exchange(
        contract.refresh_token, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER
    )
    token = exchanged.access_token
    assert (token.tenant_id, bool(token.token)) == (CONTOSO, True)
    assert token.scope.startswith("https://graph.microsoft.com/")
    assert timedelta(minutes=59) < token.expires_on - datetime.now(UTC) < timedelta(minutes=91)


def test_each_exchange_yields_a_new_access_token_and_a_new_refresh_token(contract: Contract) -> None:
    first, second = (
        contract.exchanger.exchange(
            contract.refresh_token, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER
        )
        for _ in range(2)
    )
    assert first.access_token.token != second.access_token.token
    assert contract.refresh_token not in {first.refresh_token, second.refresh_token}


def test_a_refresh_token_and_its_successor_both_stay_good(contract: Contract) -> None:
    """A kill between an exchange and its store loses nothing."""
    next_one = contract.exchanger.exchange(
        contract.refresh_token, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER
    ).refresh_token
    for refresh_token in (next_one, contract.refresh_token, next_one):
        assert contract.exchanger.exchange(
            refresh_token, tenant_id=NORTHWIND, scope=ARM_DEFAULT, place=Place.CUSTOMER
        ).access_token.token


def test_one_refresh_token_serves_many_tenants_and_resources(contract: Contract) -> None:
    for tenant in (CONTOSO, NORTHWIND):
        for scope in (GRAPH_DEFAULT, ARM_DEFAULT):
            token = contract.exchanger.exchange(
                contract.refresh_token, tenant_id=tenant, scope=scope, place=Place.CUSTOMER
            ).access_token
            assert token.tenant_id == tenant
            assert token.scope.startswith(scope.removesuffix(".default"))


def test_claims_are_taken(contract: Contract) -> None:
    claims = '{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}'
    exchanged = contract.exchanger.exchange(
        contract.refresh_token, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER, claims=claims
    )
    assert exchanged.access_token.token


@pytest.mark.parametrize("error", CODES)
def test_a_refusal_in_one_tenant_is_raised_there_once_and_nowhere_else(
    contract: Contract, error: type[BrokerError]
) -> None:
    contract.refuse(CONTOSO, error)
    assert contract.exchanger.exchange(
        contract.refresh_token, tenant_id=NORTHWIND, scope=GRAPH_DEFAULT, place=Place.CUSTOMER
    )
    with pytest.raises(error) as refused:
        contract.exchanger.exchange(
            contract.refresh_token, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER
        )
    assert refused.value.authority_code == CODES[error]
    assert contract.exchanger.exchange(
        contract.refresh_token, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER
    )


def test_no_token_shows_in_what_is_answered(contract: Contract) -> None:
    exchanged = contract.exchanger.exchange(
        contract.refresh_token, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER
    )
    assert exchanged.refresh_token not in repr(exchanged)
    assert exchanged.access_token.token not in repr(exchanged)
