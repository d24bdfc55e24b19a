"""A row may name every host of SharePoint at once: one label in front of the cloud's own domain, and nothing wider."""

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.cloud import CHINA, CLOUDS, PUBLIC, US_GOVERNMENT, Cloud
from shared.entra.resource import Scope
from shared.entra.wildcard import host_of, wildcard, wildcard_over
from shared.errors import BrokerError, InvalidRequest
from tests.fakes.scripted_authority import Asked, says
from tests.token_http.samples import CONTOSO_ID, HOME_ID, NORTHWIND_ID, Scene, caller, document, request, row
from token_http.policy import Policy
from token_http.policy_document import PolicyDocumentInvalid, compile_document, compile_policy
from token_http.policy_lint import lint
from token_http.refusals import NotPermitted

EVERY_HOST = "https://*.sharepoint.com"
LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)


def policy(*rows: object, cloud: Cloud = PUBLIC) -> Policy:
    return compile_policy({"policy-1": document(*rows)}, home_tenant=HOME_ID, cloud=cloud)


def allows(found: Policy, resource: str, tenant: str = "contoso") -> bool:
    try:
        found.check(caller(), request(tenant, resource), own=HOME_ID)
    except NotPermitted:
        return False
    return True


@settings(deadline=None, max_examples=100)
@given(label=LABEL, slash=st.sampled_from(["", "/"]), seed=st.integers(0, 2**32))
def test_every_host_of_one_label_is_allowed_in_any_spelling(label: str, slash: str, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test's own dice
    host = f"https://{label}.sharepoint.com{slash}"
    spelled = "".join(chance.choice((letter.lower(), letter.upper())) for letter in host)
    assert allows(policy(row(resources=[EVERY_HOST])), spelled)


@pytest.mark.parametrize(
    "resource",
    [
        "https://sharepoint.com",
        "https://a.b.sharepoint.com",
        "https://contoso.sharepoint.com/sites/hr",
        "https://contoso.sharepoint.com:443",
        "https://contoso.sharepoint.com.example",
        "https://contosharepoint.com",
        "https://contoso.sharepoint.us",
        "https://contoso_.sharepoint.com",
        "https://-contoso.sharepoint.com",
        "https://.sharepoint.com",
        "api://contoso.sharepoint.com",
        "graph",
    ],
)
def test_nothing_but_a_host_of_one_label_is_allowed(resource: str) -> None:
    found = policy(row(resources=[EVERY_HOST]))
    assert not allows(found, resource)
    assert not allows(found, "https://contoso.sharepoint.com", NORTHWIND_ID), "the row's tenants count as ever"


@settings(deadline=None, max_examples=300)
@given(asked=st.from_regex(r"https://[a-z0-9._*-]{0,20}\.?sharepoint\.com[a-z0-9./-]{0,6}", fullmatch=True))
def test_whatever_is_asked_for_a_wildcard_gives_a_token_of_one_host_alone(asked: str) -> None:
    try:
        scope = Scope.of_resource(asked, PUBLIC)
    except InvalidRequest:
        return
    label, _, rest = scope.family.removeprefix("https://").partition(".")
    is_host = rest == "sharepoint.com" and bool(label) and "_" not in label and label == label.strip("-")
    assert allows(policy(row(resources=[EVERY_HOST])), asked) == is_host


def test_a_wildcard_itself_is_nothing_to_ask_for() -> None:
    with pytest.raises(InvalidRequest):
        request(resource=EVERY_HOST)
    with pytest.raises(InvalidRequest):
        request(resource=f"{EVERY_HOST}/")


@pytest.mark.parametrize(
    ("cloud", "name"),
    [(PUBLIC, EVERY_HOST), (US_GOVERNMENT, "https://*.sharepoint.us"), (CHINA, "https://*.sharepoint.cn")],
)
def test_each_cloud_has_its_own_wildcard_and_no_other(cloud: Cloud, name: str) -> None:
    assert wildcard(cloud) == name
    for other in CLOUDS.values():
        documents = {"policy-1": document(row(resources=[name.upper() + "/"]))}
        found = lint(documents, home_tenant=HOME_ID, cloud=other)
        assert [one.kind for one in found] == (["advice"] if other is cloud else ["invalid"])


@pytest.mark.parametrize(
    "name",
    [
        "*",
        "https://*",
        "https://*.com",
        "https://*.*.sharepoint.com",
        "https://*.*.com",
        "https://*.a.sharepoint.com",
        "https://con*.sharepoint.com",
        "https://*-admin.sharepoint.com",
        "https://contoso.*.com",
        "https://*.sharepoint.com/sites/*",
        "https://*.sharepoint.com.example",
        "http://*.sharepoint.com",
        "https://*.graph.microsoft.com",
        "graph*",
    ],
)
def test_any_other_wildcard_is_refused_with_the_reason(name: str) -> None:
    text = document(row(resources=["graph", name]))
    with pytest.raises(PolicyDocumentInvalid):
        compile_document("policy-1", text, home_tenant=HOME_ID, cloud=PUBLIC)
    (found,) = lint({"policy-1": text}, home_tenant=HOME_ID, cloud=PUBLIC)
    assert (found.kind, found.sentence) == ("invalid", f"policy-1[0]: the one wildcard of a resource is {EVERY_HOST}.")


def test_each_host_is_an_audience_of_its_own_and_kept_by_itself() -> None:
    async def scenario(scene: Scene) -> None:
        scene.write_policy(row(resources=[EVERY_HOST]))
        hosts = ["https://contoso.sharepoint.com", "https://contoso-admin.sharepoint.com"]
        for host in [*hosts, *hosts]:
            issued = await scene.ask(request(resource=host))
            assert issued.resource == host
        assert [one.scope for one in scene.authority.asked] == [f"{host}/.default" for host in hosts]

    asyncio.run(scenario(Scene()))


def test_a_host_that_is_refused_is_remembered_for_itself() -> None:
    def refuse(asked: Asked) -> BrokerError | None:
        return says("invalid_resource", 500011)(asked) if "northwind" in asked.scope else None

    async def scenario(scene: Scene) -> None:
        scene.write_policy(row(resources=[EVERY_HOST]))
        scene.authority.refuse = refuse
        with pytest.raises(BrokerError):
            await scene.ask(request(resource="https://northwind.sharepoint.com"))
        await scene.ask(request(resource="https://contoso.sharepoint.com"))

    asyncio.run(scenario(Scene()))


def test_who_is_refused_is_told_of_the_wildcard_that_it_has() -> None:
    found = policy(row(resources=[EVERY_HOST]))
    with pytest.raises(NotPermitted) as refused:
        found.check(caller(), request(resource="graph"), own=HOME_ID)
    assert f"You may ask for '{EVERY_HOST}' in 'contoso'" in refused.value.detail
    with pytest.raises(NotPermitted) as refused:
        found.check(caller(), request("northwind", "https://northwind.sharepoint.com"), own=HOME_ID)
    assert "You may ask for 'https://northwind.sharepoint.com' in 'contoso'" in refused.value.detail


def test_a_row_of_one_host_is_shadowed_by_a_row_of_every_host_and_not_the_other_way() -> None:
    one, every = row(resources=["https://contoso.sharepoint.com"]), row(resources=[EVERY_HOST])
    for rows, place in (((one, every), "policy-1[0]"), ((every, one), "policy-1[1]")):
        found = lint({"policy-1": document(*rows)}, home_tenant=HOME_ID, cloud=PUBLIC)
        told = [(finding.kind, finding.place) for finding in found if finding.kind != "advice"]
        assert told == [("shadowed", place)]


@settings(deadline=None, max_examples=100)
@given(
    resources=st.lists(
        st.lists(st.sampled_from([EVERY_HOST, "https://contoso.sharepoint.com", "graph"]), min_size=1, unique=True),
        min_size=1,
        max_size=4,
    )
)
def test_rows_that_are_said_to_be_shadowed_decide_nothing(resources: list[list[str]]) -> None:
    rows = [row(resources=names) for names in resources]
    linted = lint({"policy-1": document(*rows)}, home_tenant=HOME_ID, cloud=PUBLIC)
    found = {one.place for one in linted if one.kind == "shadowed"}
    kept = policy(*[one for number, one in enumerate(rows) if f"policy-1[{number}]" not in found])
    for asked in ("https://contoso.sharepoint.com", "https://a.sharepoint.com", "graph"):
        assert allows(kept, asked) == allows(policy(*rows), asked)


def test_of_two_rows_the_first_that_allows_it_is_named_whether_by_host_or_by_wildcard() -> None:
    one, every = row(resources=["https://contoso.sharepoint.com"]), row(resources=[EVERY_HOST])
    asked = request(resource="https://contoso.sharepoint.com")
    for rows in ((one, every), (every, one)):
        assert policy(*rows).check(caller(), asked, own=HOME_ID).permission == "policy-1[0]"
    by_role = row(resources=[EVERY_HOST], caller=None, role="Reports")
    assert policy(by_role).check(caller("", "Reports"), asked, own=HOME_ID).tenant_id == CONTOSO_ID


@pytest.mark.parametrize(
    ("cloud", "domain", "host"),
    [
        (PUBLIC, "contoso.onmicrosoft.com", "https://contoso.sharepoint.com"),
        (PUBLIC, "CONTOSO.OnMicrosoft.com", "https://contoso.sharepoint.com"),
        (US_GOVERNMENT, "contoso.onmicrosoft.us", "https://contoso.sharepoint.us"),
        (CHINA, "contoso.partner.onmschina.cn", "https://contoso.sharepoint.cn"),
        (PUBLIC, "contoso.onmicrosoft.us", None),
        (PUBLIC, "contoso.mail.onmicrosoft.com", None),
        (PUBLIC, "onmicrosoft.com", None),
        (PUBLIC, "contoso.example", None),
        (PUBLIC, "a/b.onmicrosoft.com", None),
        (PUBLIC, "*.onmicrosoft.com", None),
        (PUBLIC, "", None),
    ],
)
def test_a_host_comes_from_the_initial_domain_of_the_same_cloud_alone(
    cloud: Cloud, domain: str, host: str | None
) -> None:
    assert host_of(domain, cloud) == host
    assert host is None or wildcard_over(host) == wildcard(cloud)
