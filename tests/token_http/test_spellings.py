"""Requests that differ in spelling alone are one exchange and one entry; what may differ in meaning never is."""

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.cloud import APPLICATION_IDS, CHINA, CLOUDS, PUBLIC, US_GOVERNMENT, Cloud
from shared.entra.resource import Scope
from tests.token_http.samples import CONTOSO_ID, Scene, row
from tests.token_http.test_issuer import play
from token_http.message import TokenRequest, parse

CLAIMS = {"access_token": {"acrs": {"essential": True, "value": "c1"}, "nbf": {"value": "1700000000"}}}
SHAREPOINT = "https://contoso.sharepoint.com"


def any_case(text: str, chance: random.Random) -> str:
    return "".join(chance.choice((letter.lower(), letter.upper())) for letter in text)


def written(content: object, chance: random.Random) -> str:
    """The same JSON, in another order and with other blanks."""
    if not isinstance(content, dict):
        return json.dumps(content)
    members = [f'"{name}"{" " * chance.randint(0, 2)}: {written(value, chance)}' for name, value in content.items()]
    chance.shuffle(members)
    return "{" + ",\n".join(members) + "}"


def spelled(chance: random.Random, resource: str, names: tuple[str, ...], *, claims: bool) -> TokenRequest:
    """One way to write a request for these scopes of this resource in Contoso."""
    fields: dict[str, Any] = {
        "tenant": chance.choice([" contoso", "CONTOSO\t", CONTOSO_ID, f"{{{CONTOSO_ID.upper()}}}"])
    }
    if names == (".default",) and chance.random() < 0.5:
        fields["resource"] = any_case(resource, chance)
    else:
        scopes = [any_case(f"{resource}/{name}", chance) for name in names for _ in range(chance.randint(1, 2))]
        chance.shuffle(scopes)
        fields["scope"] = (" " * chance.randint(1, 3)).join(scopes)
    if claims:
        fields["claims"] = written(CLAIMS, chance)
    return parse(fields, PUBLIC)


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    resource=st.sampled_from(["https://graph.microsoft.com", "https://management.azure.com/", SHAREPOINT]),
    names=st.sampled_from([(".default",), ("user.read",), ("user.read", "mail.read", "files.read.all")]),
)
def test_spellings_of_one_request_are_one_exchange(seed: int, resource: str, names: tuple[str, ...]) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test's own dice

    async def scenario(scene: Scene) -> None:
        scene.write_policy(row(resources=["GRAPH", APPLICATION_IDS["arm"].upper(), f"{SHAREPOINT.upper()}/"]))
        for _ in range(20):
            await scene.ask(spelled(chance, resource, names, claims=False))
        assert len(scene.authority.asked) == 1
        assert scene.authority.asked[0].scope.lower() == " ".join(sorted(f"{resource}/{name}" for name in names))

    play(scenario)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**32))
def test_one_challenge_in_any_spelling_is_one_entry(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test's own dice
    asked = {spelled(chance, "https://graph.microsoft.com", (".default",), claims=True).claims for _ in range(20)}
    assert len(asked) == 1


@pytest.mark.parametrize("cloud", CLOUDS.values(), ids=lambda cloud: cloud.name)
@pytest.mark.parametrize("name", APPLICATION_IDS)
def test_number_short_name_and_address_are_one_family_and_each_its_own_audience(cloud: Cloud, name: str) -> None:
    address = cloud.resources.get(name, APPLICATION_IDS[name])
    if name not in cloud.resources:
        assert Scope.of_resource(address, cloud).family == address, "an API of another cloud is one that nobody lists"
        return
    if address == APPLICATION_IDS[name]:
        assert Scope.of_resource(name.upper(), cloud).resource == APPLICATION_IDS[name], "a number has no slash"
        return
    forms = [
        name,
        address,
        f"{address}/",
        APPLICATION_IDS[name],
        *(f for f, n in cloud.other_forms.items() if n == name),
    ]
    scopes = [Scope.of_resource(form, cloud) for form in forms]
    assert {scope.family for scope in scopes} == {cloud.canonical(name)}
    assert scopes[0].resource == address.lower()
    assert scopes[2].resource == f"{address.lower()}/", "Azure SQL and others compare the slash that aud echoes"
    assert {scope.resource for scope in scopes} >= {address.lower(), f"{address.lower()}/", APPLICATION_IDS[name]}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://contoso.sharepoint.com", "https://contoso-admin.sharepoint.com"),
        ("https://contoso.sharepoint.com", "https://northwind.sharepoint.com"),
        ("https://graph.microsoft.com", "https://graph.microsoft.com.evil.example"),
        ("https://graph.microsoft.com", "https://graph.microsoft.com/v1.0"),
        ("https://graph.microsoft.com", "https://graph.microsoft.com:443"),
        ("api://00000003-0000-0000-c000-000000000000", "00000003-0000-0000-c000-000000000000"),
        (PUBLIC.resources["graph"], CHINA.resources["graph"]),
        (PUBLIC.resources["arm"], US_GOVERNMENT.resources["arm"]),
    ],
)
def test_what_is_another_api_is_another_family(one: str, other: str) -> None:
    assert Scope.of_resource(one, PUBLIC).family != Scope.of_resource(other, PUBLIC).family


@settings(max_examples=200, deadline=None)
@given(st.from_regex(r"(https|api)://[a-zA-Z0-9.-]{1,30}(/[a-zA-Z0-9._~-]{1,9}){0,2}/{0,5}", fullmatch=True))
def test_a_resource_nobody_lists_has_two_audiences_at_most(resource: str) -> None:
    scope = Scope.of_resource(resource, PUBLIC)
    bare = resource.lower().rstrip("/")
    assert scope.resource == (f"{bare}/" if resource.endswith("/") else bare)


def test_two_resources_in_one_scope_are_refused_by_name() -> None:
    with pytest.raises(Exception, match=r"https://graph\.microsoft\.com and https://management\.azure\.com"):
        parse({"tenant": "x", "scope": "https://graph.microsoft.com/a https://management.azure.com/b"}, PUBLIC)
