"""Tokens of the application itself through MSAL: what is asked for, what is held against it, whose a refusal is."""

from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.state import StackState
from local.world import CONTOSO, NORTHWIND, PARTNER_APPLICATION, PARTNER_TENANT, TAILSPIN
from shared.clock import utc_now
from shared.entra.aadsts import MEANINGS
from shared.entra.authority import Authority
from shared.entra.authority_errors import ERRORS
from shared.entra.authority_http import AuthorityHttp
from shared.entra.discovery import Discovery
from shared.entra.errors import AnswerMismatched, ApplicationMisconfigured, ApplicationNotConsented
from shared.entra.place import Place
from shared.entra.whose_fault import CONSENT, CUSTOMER, PERSON, whose_fault
from shared.errors import AuthorityUnavailable, BrokerError
from shared.keys.signed_claims import unverified_claims
from tests.fakes.fixed_credential import FixedCredential
from tests.fakes.scripted_entra import AUTHORITY_HOST, Answer, Posted, ScriptedEntra
from tests.shared.samples import AGES, authority_of

GRAPH = "https://graph.microsoft.com"
GRAPH_DEFAULT = f"{GRAPH}/.default"
KEY = "0" * 32


def token(**changes: object) -> str:
    usual = {"tid": CONTOSO, "aud": GRAPH, "appid": PARTNER_APPLICATION, "roles": ["User.Read.All"], "idtyp": "app"}
    return jwt.encode({name: said for name, said in {**usual, **changes}.items() if said is not None}, KEY)


def scripted(
    answer: Answer, secrets: tuple[str, ...] = ("secret",)
) -> tuple[Authority, ScriptedEntra, FixedCredential]:
    entra, credential = ScriptedEntra(lambda _posted: answer), FixedCredential(list(secrets))
    discovery = Discovery(entra, authority_host=AUTHORITY_HOST, home_tenant=PARTNER_TENANT, ages=AGES)
    http = AuthorityHttp(entra, discovery, authority_host=AUTHORITY_HOST)
    authority = Authority(http, client_id=PARTNER_APPLICATION, credential=credential, clock=utc_now)
    return authority, entra, credential


def given_token(text: str, **more: object) -> Answer:
    return Answer(body={"token_type": "Bearer", "access_token": text, "expires_in": 3600, **more})


def refused(error: str, *codes: int) -> Answer:
    return Answer(status=400, body={"error": error, "error_codes": list(codes)})


def ask(authority: Authority, tenant_id: str = CONTOSO, place: Place = Place.CUSTOMER) -> Any:  # noqa: ANN401
    return authority.for_application(tenant_id=tenant_id, scope=GRAPH_DEFAULT, place=place)


def test_entra_id_gives_one_where_the_application_is_installed_and_names_that_customer_where_not(
    stack: StackState,
) -> None:
    authority = authority_of(stack)
    for tenant in (CONTOSO, NORTHWIND):
        got = ask(authority, tenant)
        claims = unverified_claims(got.token)
        assert (claims["tid"], claims["aud"], claims["appid"]) == (tenant, GRAPH, PARTNER_APPLICATION)
        assert "scp" not in claims
        assert (got.scope, set(got.compared)) == (GRAPH_DEFAULT, {"tid", "aud", "appid", "scp"})
    with pytest.raises(ApplicationNotConsented, match=TAILSPIN):
        ask(authority, TAILSPIN)


def test_the_roles_that_a_token_names_are_told() -> None:
    authority, entra, _ = scripted(given_token(token(roles=["User.Read.All", 7, "Mail.Read"])))
    assert ask(authority).roles == ("User.Read.All", "Mail.Read")
    assert [posted.refresh_token for posted in entra.posted] == [""]
    without: tuple[object, ...] = (None, [], "User.Read.All")
    for nothing in without:
        assert ask(scripted(given_token(token(roles=nothing)))[0]).roles == ()


@pytest.mark.parametrize(
    "changed",
    [
        {"tid": NORTHWIND},
        {"aud": "https://management.azure.com"},
        {"appid": "cccc0000-1111-4222-8333-444444440003"},
        {"appid": None, "azp": "cccc0000-1111-4222-8333-444444440003"},
        {"scp": "User.Read"},
        {"scp": ""},
    ],
    ids=str,
)
def test_a_token_that_is_plainly_another_is_handed_to_nobody(changed: dict[str, object]) -> None:
    with pytest.raises(AnswerMismatched):
        ask(scripted(given_token(token(**changed)))[0])


def test_a_token_that_cannot_be_read_passes() -> None:
    """Access tokens are opaque to clients; what it does not say contradicts nothing."""
    got = ask(scripted(given_token("opaque"))[0])
    assert (got.token, got.roles, got.compared) == ("opaque", (), ())


CODES = st.lists(st.one_of(st.sampled_from(sorted(MEANINGS)), st.integers(1, 9_999_999)), max_size=3)


@given(error=st.one_of(st.sampled_from([*ERRORS, "unheard_of"]), st.text(max_size=20)), codes=CODES, home=st.booleans())
def test_no_refusal_ever_names_a_person_or_a_consent(error: str, codes: list[int], *, home: bool) -> None:
    authority, _, _ = scripted(refused(error, *codes))
    tenant, place = (PARTNER_TENANT, Place.HOME) if home else (CONTOSO, Place.CUSTOMER)
    with pytest.raises(BrokerError) as told:
        ask(authority, tenant, place)
    assert whose_fault(told.value) not in {CONSENT, PERSON}
    assert "person who" not in told.value.says or "or the person who" in told.value.says


@given(error=st.sampled_from([*ERRORS, "unheard_of"]), codes=CODES)
def test_no_customers_answer_judges_the_credential_and_home_names_no_customer(error: str, codes: list[int]) -> None:
    authority, _, credential = scripted(refused(error, *codes), secrets=("first", "second"))
    with pytest.raises(BrokerError):
        ask(authority)
    assert credential.taken == []
    with pytest.raises(BrokerError) as told:
        ask(authority, PARTNER_TENANT, Place.HOME)
    assert whose_fault(told.value) != CUSTOMER


@pytest.mark.parametrize("number", [7000229, 700016])
@pytest.mark.parametrize("error", sorted(set(ERRORS) | {"unheard_of"}))
def test_a_missing_service_principal_is_that_customers_whatever_the_error(error: str, number: int) -> None:
    authority, _, credential = scripted(refused(error, number), secrets=("first", "second"))
    with pytest.raises(BrokerError) as told:
        ask(authority)
    assert whose_fault(told.value) == CUSTOMER
    assert (told.value.authority_code, credential.taken) == (number, [])


def test_home_alone_judges_the_credential() -> None:
    authority, entra, credential = scripted(given_token(token(tid=None)), secrets=("first", "second"))
    ask(authority)
    assert credential.taken == [], "a customer's tenant says nothing of the credential for others"
    ask(authority, PARTNER_TENANT, Place.HOME)
    assert [proof.client_credential for proof in credential.taken] == ["first"]
    entra.answer = lambda _posted: refused("invalid_client", 7000215)
    with pytest.raises(ApplicationMisconfigured):
        ask(authority)
    assert [posted.secret for posted in entra.posted[-2:]] == ["first", "second"]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=503, body={"error": "temporarily_unavailable"}),
        Answer(status=429, body={"error": "invalid_client", "error_codes": [7000215]}, headers={"Retry-After": "7"}),
        Answer(status=500, body={"access_token": "beside a failure", "expires_in": 3600}),
        Answer(body="no JSON"),
        Answer(body={"expires_in": 3600}),
    ],
    ids=str,
)
def test_what_is_no_answer_is_worth_another_try(answer: Answer) -> None:
    with pytest.raises(AuthorityUnavailable):
        ask(scripted(answer)[0])


def test_a_challenge_is_handed_on() -> None:
    forms: list[Any] = []
    authority, entra, _ = scripted(given_token(token()))
    request = entra.request

    def watched(method: str, url: str, **arguments: Any) -> Any:  # noqa: ANN401
        forms.append(arguments.get("data") or {})
        return request(method, url, **arguments)

    entra.request = watched  # type: ignore[method-assign]
    claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'
    authority.for_application(tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER, claims=claims)
    assert (forms[-1]["grant_type"], forms[-1]["claims"]) == ("client_credentials", claims)
    assert Posted(tenant_id=CONTOSO, secret="secret", refresh_token="") in entra.posted
