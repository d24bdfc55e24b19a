"""Tokens of the application itself: a row of their own, a memory of their own, and no consent anywhere near them."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.cloud import PUBLIC, SHAREPOINT
from shared.consents.consent import MANAGEMENT_NAME
from shared.entra.errors import ApplicationNotConsented
from shared.entra.place import Place
from shared.errors import BrokerError, InvalidRequest
from shared.subject import APPLICATION
from tests.fakes.scripted_authority import Asked, says
from tests.token_http.samples import (
    CALLER_ID,
    CONTOSO_ID,
    HOME_ID,
    NOON,
    NORTHWIND_ID,
    OTHER_ID,
    HandClock,
    Scene,
    caller,
    document,
    request,
    row,
)
from tests.token_http.test_issuer import play
from tests.token_http.test_one_look import Held
from token_http.message import parse
from token_http.policy import Policy
from token_http.policy_document import PolicyDocumentInvalid, compile_document, compile_policy
from token_http.policy_lint import lint
from token_http.refusals import CertificateNeeded, NotPermitted
from token_http.token_cache import TokenCache, token_key

CPV_ID = "aaaa0000-0000-4000-8000-000000000009"


def own_row(**changed: object) -> dict[str, object]:
    """A row that lets the caller have the application's own tokens of Contoso for Graph."""
    return row(**{"as": "application", "consents": None, **changed})


def of_schema_2(*rows: object) -> str:
    return json.dumps({"schema": 2, **json.loads(document(*rows))})


def policy(*rows: object) -> Policy:
    compiled = compile_policy({"policy-1": of_schema_2(*rows)}, home_tenant=HOME_ID, cloud=PUBLIC)
    return replace(compiled, consent_tenants=frozenset({CPV_ID}))


def as_application(tenant: str = "contoso", resource: str = "graph", **more: object) -> Any:  # noqa: ANN401
    return request(tenant, resource, **{"as": "application", **more})


def scene_of(*rows: object, shows_secret: bool = False) -> Scene:
    scene = Scene(shows_secret=shows_secret)
    scene.policies.put("policy-1", of_schema_2(*rows), tags={})
    return scene


def test_a_caller_with_a_row_for_a_consent_alone_is_refused_and_told_of_that_row() -> None:
    with pytest.raises(NotPermitted, match="in 'contoso' with the consent 'partner'"):
        policy(row()).check(caller(), as_application(), own=HOME_ID)


def test_a_caller_with_a_row_for_the_application_alone_has_no_token_of_a_person() -> None:
    with pytest.raises(NotPermitted, match="in 'contoso' as the application"):
        policy(own_row()).check(caller(), request(), own=HOME_ID)


ROWS = st.fixed_dictionaries(
    {
        "caller": st.sampled_from([CALLER_ID, OTHER_ID]),
        "tenants": st.sampled_from([["contoso"], ["*"], ["home"], [NORTHWIND_ID], ["contoso", "*"]]),
        "resources": st.sampled_from([["graph"], ["arm"], ["graph", "arm"]]),
    },
)


@settings(deadline=None, max_examples=200)
@given(
    rows=st.lists(st.tuples(ROWS, st.booleans()), max_size=4),
    tenant=st.sampled_from(["contoso", "home", CONTOSO_ID, NORTHWIND_ID, HOME_ID, CPV_ID, "common"]),
    resource=st.sampled_from(["graph", "arm"]),
)
def test_no_row_of_one_kind_ever_gives_a_token_of_the_other(
    rows: list[tuple[dict[str, object], bool]], tenant: str, resource: str
) -> None:
    """What is decided is what the rows of that kind alone would decide."""
    written = [own_row(**fields) if is_own else row(**fields) for fields, is_own in rows]
    for is_own, asked in ((True, as_application(tenant, resource)), (False, request(tenant, resource))):
        alone = [one for one, (_, kind) in zip(written, rows, strict=True) if kind is is_own]
        assert decided(policy(*written), asked) == decided(policy(*alone), asked)


def decided(one: Policy, asked: Any) -> str | None:  # noqa: ANN401
    try:
        return one.check(caller(), asked, own=HOME_ID).tenant_id
    except NotPermitted:
        return None


@pytest.mark.parametrize("tenant", ["home", HOME_ID, CPV_ID, CPV_ID.upper()])
def test_a_star_is_for_no_partners_own_tenant(tenant: str) -> None:
    """Nor for that of another partner whose person consented: no person stands between the application and it."""
    assert decided(policy(own_row(tenants=["*"])), as_application(tenant)) is None


def test_home_is_there_by_a_row_that_says_it_alone() -> None:
    assert decided(policy(own_row(tenants=["home"])), as_application("home")) == HOME_ID
    for beside in ("contoso", "*"):
        with pytest.raises(PolicyDocumentInvalid, match="`home` as application takes a row of its own"):
            policy(own_row(tenants=["home", beside]))


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"consents": ["partner"]}, "take no `consents`"),
        ({"consents": []}, "take no `consents`"),
        ({"consents": [MANAGEMENT_NAME]}, "take no `consents`"),
        ({"as": "Application"}, "`as` should be"),
        ({"as": ["application"]}, "`as` should be"),
        ({"as": True}, "`as` should be"),
        ({"as": "user"}, "`consents` should be"),
    ],
    ids=str,
)
def test_a_row_that_is_not_plainly_one_or_the_other_is_no_row(changed: dict[str, object], sentence: str) -> None:
    with pytest.raises(PolicyDocumentInvalid, match=sentence):
        policy(own_row(**changed))


def test_a_document_of_the_first_schema_cannot_grant_it_and_means_what_it_meant() -> None:
    with pytest.raises(PolicyDocumentInvalid, match='`as` takes "schema": 2'):
        compile_document("policy-1", document(own_row()), home_tenant=HOME_ID, cloud=PUBLIC)
    old, new = (
        compile_document("policy-1", text(row()), home_tenant=HOME_ID, cloud=PUBLIC) for text in (document, of_schema_2)
    )
    assert old == new
    assert policy(row(**{"as": "user"})).permissions == old


@pytest.mark.parametrize("schema", [3, 0, True, "2", None, 1.0])
def test_a_document_of_a_schema_that_nobody_knows_is_invalid(schema: object) -> None:
    text = json.dumps({**json.loads(document(row())), "schema": schema})
    with pytest.raises(PolicyDocumentInvalid, match="`schema` 1 and 2"):
        compile_document("policy-1", text, home_tenant=HOME_ID, cloud=PUBLIC)


def test_a_lint_warns_of_every_customer_and_of_home() -> None:
    text = of_schema_2(own_row(tenants=["*"]), own_row(tenants=["home"]), own_row(resources=["arm"]), row())
    found = [str(one) for one in lint({"policy-1": text}, home_tenant=HOME_ID, cloud=PUBLIC)]
    assert [line.partition(": ")[0] for line in found] == ["policy-1[0]", "policy-1[1]"]
    assert "whatever becomes of the delegated relationship" in found[0]


def test_a_row_for_every_customer_of_one_kind_shadows_none_of_the_other() -> None:
    text = of_schema_2(own_row(tenants=["*"]), row(tenants=[CONTOSO_ID]))
    found = lint({"policy-1": text}, home_tenant=HOME_ID, cloud=PUBLIC, consents=frozenset({"partner"}))
    assert [one.kind for one in found] == ["too wide"]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"consent": "partner"}, "consent: a token of the application"),
        ({"as": "Application"}, "as: user or application"),
        ({"as": ""}, "as: user or application"),
        ({"resource": None, "scope": "https://graph.microsoft.com/User.Read"}, ".default"),
    ],
    ids=str,
)
def test_a_request_that_is_not_plainly_one_or_the_other_is_refused(fields: dict[str, Any], sentence: str) -> None:
    asked = {"tenant": "contoso", "resource": "graph", "as": "application", **fields}
    with pytest.raises(InvalidRequest, match=sentence):
        parse({name: value for name, value in asked.items() if value is not None}, PUBLIC)


def test_no_consent_is_read_or_touched() -> None:
    async def scenario(scene: Scene) -> None:
        scene.store.withdraw("partner", by=OTHER_ID, on=NOON)
        before = list(scene.tokens.list_latest())
        issued = await scene.ask(as_application())
        assert (issued.account, issued.lineage, issued.token.tenant_id) == ("", "", CONTOSO_ID)
        assert [(asked.refresh_token, asked.person, asked.place) for asked in scene.authority.asked] == [
            ("", None, Place.CUSTOMER)
        ]
        assert list(scene.tokens.list_latest()) == before

    play(scenario, lambda: scene_of(own_row()))


def test_it_is_cached_and_shared_with_whoever_else_may_have_it_and_never_with_a_persons() -> None:
    async def scenario(scene: Scene) -> None:
        own = await scene.ask(as_application())
        persons = await scene.ask(request())
        assert own.token.token != persons.token.token
        again = await scene.ask(as_application(), caller(OTHER_ID))
        assert (again.token.token, again.from_cache) == (own.token.token, True)
        assert (await scene.ask(request())).token.token == persons.token.token
        assert [asked.refresh_token for asked in scene.authority.asked] == ["", "refresh-token-1"]

    play(scenario, lambda: scene_of(own_row(), own_row(caller=OTHER_ID), row()))


KEYS = st.builds(
    token_key,
    st.sampled_from([APPLICATION, "application", "APPLICATION", "As.APPLICATION", "", "l1"]),
    st.sampled_from([CONTOSO_ID, NORTHWIND_ID]),
    st.sampled_from(["https://graph.microsoft.com/.default", ""]),
    own=st.sampled_from(["", CALLER_ID]),
)


@settings(deadline=None, max_examples=200)
@given(kept=KEYS, asked=KEYS)
def test_a_token_of_the_application_is_found_by_no_lineage_whatever_that_is_called(kept: Any, asked: Any) -> None:  # noqa: ANN401
    cache = TokenCache(HandClock())
    token: Any = object.__new__(Scene().authority.for_application(tenant_id="", scope="", place=Place.HOME).__class__)
    object.__setattr__(token, "expires_on", NOON.replace(year=2027))
    cache.keep(kept, token, owner=CALLER_ID)
    refusal = says("temporarily_unavailable")(
        Asked(refresh_token="", tenant_id="", scope="", place=Place.HOME, claims=None)
    )
    cache.keep_refusal(kept, refusal or BrokerError(), owner=CALLER_ID)
    if (kept.lineage is APPLICATION) != (asked.lineage is APPLICATION):
        assert cache.token(asked, lifetime=NOON - NOON) is None
        assert cache.refusal(asked) is None


@pytest.mark.parametrize("waited", [30.0, 100.0])
def test_a_row_that_was_removed_stops_the_token_on_its_way(waited: float) -> None:
    async def scenario(scene: Scene) -> None:
        scene.authority.refuse = held = Held()
        waiting = asyncio.create_task(scene.ask(as_application()))
        await held.under_way()
        scene.policies.put("policy-1", of_schema_2(row()), tags={})
        scene.clock.move(seconds=waited)
        held.released.set()
        with pytest.raises(NotPermitted):
            await waiting

    play(scenario, lambda: scene_of(own_row(), row()))


def test_a_row_that_was_removed_stops_the_token_that_is_kept() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.ask(as_application())
        scene.policies.put("policy-1", of_schema_2(row()), tags={})
        scene.clock.move(seconds=30)
        with pytest.raises(NotPermitted):
            await scene.ask(as_application())

    play(scenario, lambda: scene_of(own_row(), row()))


@pytest.mark.parametrize("error", ["invalid_client", "unauthorized_client", "invalid_request", "invalid_grant"])
@pytest.mark.parametrize("number", [700016, 7000229])
def test_where_the_application_is_not_installed_that_customer_alone_is_refused(error: str, number: int) -> None:
    async def scenario(scene: Scene) -> None:
        scene.authority.refuse = lambda asked: says(error, number)(asked) if asked.tenant_id == CONTOSO_ID else None
        with pytest.raises(ApplicationNotConsented):
            await scene.ask(as_application())
        assert await scene.ask(as_application("northwind"))

    play(scenario, lambda: scene_of(own_row(tenants=["contoso", "northwind"])))


SYSTEMS = {
    "graph": "https://graph.microsoft.com",
    "exchange": "https://outlook.office365.com",
    "teams": "48ac35b8-9aa8-4d74-927d-1f4a14a0b239",
    "arm": "https://management.azure.com",
}
SHAREPOINTS = ["https://contoso.sharepoint.com", "https://CONTOSO-my.sharepoint.com/", SHAREPOINT]


@pytest.mark.parametrize("resource", [*SYSTEMS, *SHAREPOINTS])
@pytest.mark.parametrize("shows_secret", [True, False])
def test_each_system_has_its_token_and_sharepoint_none_by_a_client_secret(resource: str, *, shows_secret: bool) -> None:
    async def scenario(scene: Scene) -> None:
        if shows_secret and resource in SHAREPOINTS:
            with pytest.raises(CertificateNeeded):
                await scene.ask(as_application(resource=resource))
            assert scene.authority.asked == []
            return
        await scene.ask(as_application(resource=resource))
        (asked,) = scene.authority.asked
        assert asked.scope == f"{SYSTEMS.get(resource, resource.lower())}/.default"

    named = [*SYSTEMS, "https://*.sharepoint.com", SHAREPOINT]
    play(scenario, lambda: scene_of(own_row(resources=named), shows_secret=shows_secret))


def test_who_has_no_row_is_not_told_what_the_broker_shows() -> None:
    async def scenario(scene: Scene) -> None:
        with pytest.raises(NotPermitted):
            await scene.ask(as_application(resource=SHAREPOINTS[0]))

    play(scenario, lambda: scene_of(row(resources=["https://*.sharepoint.com"]), shows_secret=True))
