"""The token that came back against what was asked: a definite contradiction refuses it, nothing else does."""

from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.state import StackState
from local.world import ADMIN, CONTOSO, NORTHWIND, PARTNER_TENANT
from shared.cloud import APPLICATION_IDS, CLOUDS, PUBLIC
from shared.entra.authority import Authority
from shared.entra.errors import AnswerMismatched
from shared.entra.matching import matched_claims
from shared.entra.place import Place
from tests.local_control import Controls

GRAPH, ARM = "https://graph.microsoft.com", "https://management.azure.com"
SOMEBODY, SOMEBODY_ELSE = "aaaa0000-0000-4000-8000-00000000000a", "aaaa0000-0000-4000-8000-00000000000b"
KEY = "x" * 32
TOKEN_PATH = f"/{CONTOSO}/oauth2/v2.0/token"


def token(**claims: Any) -> str:  # noqa: ANN401 - claims
    return jwt.encode(claims, KEY, algorithm="HS256")


def matched(access_token: str, *, resource: str = GRAPH, person: str | None = SOMEBODY) -> tuple[str, ...]:
    return matched_claims(access_token, tenant_id=CONTOSO, resource=resource, person=person, family=PUBLIC.family)


@pytest.mark.parametrize(
    "claims", [{"tid": NORTHWIND}, {"aud": ARM}, {"aud": APPLICATION_IDS["arm"]}, {"oid": SOMEBODY_ELSE}], ids=str
)
def test_a_token_of_another_tenant_api_or_person_is_refused_by_the_claims_name_alone(claims: dict[str, str]) -> None:
    right = {"tid": CONTOSO, "aud": GRAPH, "oid": SOMEBODY}
    with pytest.raises(AnswerMismatched) as refused:
        matched(token(**right | claims))
    (name,), (value,) = claims.keys(), claims.values()
    assert name in refused.value.detail
    assert value not in refused.value.description


@pytest.mark.parametrize("audience", [GRAPH, f"{GRAPH}/", GRAPH.upper(), APPLICATION_IDS["graph"]])
def test_an_audience_in_another_spelling_is_the_same(audience: str) -> None:
    assert matched(token(tid=CONTOSO.upper(), aud=audience, oid=SOMEBODY)) == ("tid", "aud", "oid")


@pytest.mark.parametrize("cloud", CLOUDS.values(), ids=lambda cloud: cloud.name)
def test_each_api_of_a_cloud_is_one_family_by_its_name_address_and_application_id(cloud: Any) -> None:  # noqa: ANN401
    for name, identifier in cloud.resources.items():
        # Security & Compliance is served by Exchange Online's service principal: it has no number of its own.
        number = APPLICATION_IDS.get(name, identifier)
        assert cloud.family(identifier) == cloud.family(f"{identifier}/") == cloud.family(number) == name
    for identifier, name in cloud.other_forms.items():
        assert cloud.family(identifier) == name
    assert cloud.family("https://api.example") is None


@pytest.mark.parametrize(
    ("access_token", "resource", "person"),
    [
        ("opaque", GRAPH, SOMEBODY),
        ("a.b.c", GRAPH, SOMEBODY),
        (token(), GRAPH, SOMEBODY),
        (token(tid=None, aud=["x"], oid=7), GRAPH, SOMEBODY),
        (token(aud="https://api.example"), GRAPH, SOMEBODY),
        (token(aud=GRAPH), "https://api.example", SOMEBODY),
        (token(oid=SOMEBODY_ELSE), GRAPH, None),
    ],
)
def test_what_a_token_does_not_say_or_nobody_knows_passes(access_token: str, resource: str, person: str | None) -> None:
    assert matched(access_token, resource=resource, person=person) == ()


@given(st.text(max_size=200) | st.dictionaries(st.sampled_from(["tid", "aud", "oid"]), st.none() | st.text()).map(str))
def test_no_text_is_an_accident(text: str) -> None:
    try:
        matched(text)
    except AnswerMismatched:
        raise AssertionError("a text that is no token contradicts nothing") from None


def answered(entra: Controls, **content: object) -> None:
    good = {"token_type": "Bearer", "access_token": token(tid=CONTOSO, aud=GRAPH), "expires_in": 3600}
    entra.post("faults", {"path": TOKEN_PATH, "status": 200, "body": good | content})


def exchange(authority: Authority, refresh_token: str) -> str:
    return authority.exchange(
        refresh_token, tenant_id=CONTOSO, scope=f"{GRAPH}/.default", place=Place.CUSTOMER
    ).access_token.token


@pytest.mark.parametrize(
    "content",
    [
        {"access_token": token(tid=NORTHWIND, aud=GRAPH)},
        {"access_token": token(tid=CONTOSO, aud=ARM)},
        {"token_type": "pop"},
        {"token_type": 7},
        {"expires_in": -5},
        {"expires_in": 0},
        {"expires_in": 86_401},
        {"expires_in": 1_000_000_000},
        {"expires_in": 1e300},
    ],
    ids=str,
)
def test_an_answer_that_contradicts_the_request_yields_no_token(
    authority: Authority, refresh_token: str, entra_controls: Controls, content: dict[str, object]
) -> None:
    answered(entra_controls, **content)
    with pytest.raises(AnswerMismatched):
        exchange(authority, refresh_token)
    entra_controls.clear("faults")
    assert exchange(authority, refresh_token)


@pytest.mark.parametrize(
    "content", [{"token_type": "bearer"}, {"token_type": "BEARER"}, {"expires_in": 1}, {"expires_in": 86_400}], ids=str
)
def test_an_answer_at_the_edge_of_what_is_right_is_right(
    authority: Authority, refresh_token: str, entra_controls: Controls, content: dict[str, object]
) -> None:
    answered(entra_controls, **content)
    assert exchange(authority, refresh_token)


def test_the_real_thing_is_compared_in_full_at_home_and_a_delegate_is_another_object_elsewhere(
    authority: Authority, refresh_token: str, stack: StackState
) -> None:
    assert stack.entra
    at_home = authority.exchange(
        refresh_token,
        tenant_id=PARTNER_TENANT,
        scope=PUBLIC.partner_center_scope,
        place=Place.HOME,
        person=ADMIN.object_id,
    )
    assert at_home.access_token.compared == ("tid", "aud", "oid")
    elsewhere = authority.exchange(
        refresh_token, tenant_id=CONTOSO, scope=f"{GRAPH}/.default", place=Place.CUSTOMER, person=ADMIN.object_id
    )
    assert elsewhere.access_token.compared == ("tid", "aud")
