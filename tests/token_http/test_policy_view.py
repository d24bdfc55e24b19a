"""What people are told of the policy in force: its documents as they were read, and why a request is not allowed."""

import asyncio
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.cloud import PUBLIC
from shared.vault_errors import VaultUnavailable
from tests.token_http.samples import (
    CALLER_ID,
    CONTOSO_ID,
    HOME_ID,
    NOON,
    NORTHWIND_ID,
    OTHER_ID,
    Scene,
    caller,
    document,
    request,
    row,
)
from tests.token_http.test_issuer import play
from token_http.permission import Permission
from token_http.policy_view import APART, PolicyView
from token_http.refusals import NotPermitted

TENANTS = {CONTOSO_ID: "contoso", NORTHWIND_ID: "northwind"}


def view_of(scene: Scene) -> PolicyView:
    def consents() -> frozenset[str]:
        return frozenset(entry.name for entry in scene.store.all().entries)

    return PolicyView(issuer=scene.issuer, cloud=PUBLIC, consents=consents)


def away(_operation: str, _name: str) -> None:
    raise VaultUnavailable


def test_a_reading_tells_each_documents_version_and_which_one_is_served() -> None:
    async def scenario(scene: Scene) -> None:
        good = scene.policies.written["policy-1"][-1].version.version
        await scene.issuer.policy()
        scene.clock.move(hours=1)
        scene.policies.put("policy-1", "{", tags={})
        scene.policies.put("policy-2", "[]", tags={})
        told = await view_of(scene).page(find="", page="1")
        one, two = told["documents"]
        assert (one["serves"], one["served"], two["serves"], two["served"]) == ("last good", good, "nothing", "")
        assert one["version"] == scene.policies.written["policy-1"][-1].version.version
        assert "not JSON" in one["problem"]
        assert (told["read_on"], told["all"]) == ("2026-03-01T13:00:00+00:00", 1)
        assert [finding["kind"] for finding in told["findings"]] == ["invalid", "invalid"]

    play(scenario)


def test_what_was_read_before_an_outage_is_told_as_of_then() -> None:
    async def scenario(scene: Scene) -> None:
        view = view_of(scene)
        await view.page(find="", page="1")
        scene.clock.move(minutes=10)
        scene.policies.before = away
        assert (await view.page(find="", page="1"))["read_on"] == NOON.isoformat()

    play(scenario)


def test_a_change_of_the_policy_is_seen_when_it_counts() -> None:
    async def scenario(scene: Scene) -> None:
        view = view_of(scene)
        assert (await view.page(find="", page="1"))["found"] == 1
        scene.write_policy(row(), row(resources=["arm"]))
        scene.clock.move(seconds=31)
        assert (await view.page(find="", page="1"))["found"] == 2

    play(scenario)


def test_consents_that_cannot_be_listed_are_missing_to_nobody() -> None:
    async def scenario(scene: Scene) -> None:
        scene.write_policy(row(consents=["absent"]))
        scene.tokens.before = away
        assert (await view_of(scene).page(find="", page="1"))["findings"] == []
        scene.tokens.before = lambda _operation, _name: None
        scene.clock.move(seconds=31)
        (finding,) = (await view_of(scene).page(find="", page="1"))["findings"]
        assert finding["sentence"] == "there is no consent absent (yet)."

    play(scenario)


ROWS = st.fixed_dictionaries(
    {
        "caller": st.sampled_from([CALLER_ID, OTHER_ID]),
        "consents": st.lists(st.sampled_from(["partner", "other"]), min_size=1, max_size=2),
        "tenants": st.lists(st.sampled_from(["contoso", "northwind", "*", "home"]), min_size=1, max_size=2),
        "resources": st.lists(st.sampled_from(["graph", "arm"]), min_size=1, max_size=2),
    }
)


@settings(deadline=None, max_examples=60)
@given(
    rows=st.lists(ROWS, max_size=4),
    consent=st.sampled_from(["partner", "other"]),
    tenant=st.sampled_from(["contoso", NORTHWIND_ID, "home", HOME_ID, "nobody"]),
    resource=st.sampled_from(["graph", "arm"]),
)
def test_a_dry_run_says_what_a_request_would_come_to_and_each_part_that_is_lacking(
    rows: list[dict[str, object]], consent: str, tenant: str, resource: str
) -> None:
    async def scenario(scene: Scene) -> None:
        scene.policies.put("policy-1", document(*rows), tags={})
        asked = {"caller": CALLER_ID, "consent": consent, "tenant": tenant, "resource": resource}
        told = await view_of(scene).answer(asked, asker="ada")
        try:
            decision = await scene.issuer.decide(caller(), request(tenant, resource, consent=consent))
        except NotPermitted:
            assert not told["allowed"]
            policy = await scene.issuer.policy()
            by_name = {one.name: one for one in policy.permissions}
            for near in told["near"]:
                found = by_name[near["row"]["row"]]
                assert found.caller == CALLER_ID
                assert set(near["lacks"]) == set(lacking(found, consent, tenant, resource))
                assert near["lacks"], "a row that lacks nothing allows it"
            assert bool(told["near"]) == any(one.caller == CALLER_ID for one in policy.permissions)
        else:
            assert (told["allowed"], told["row"]["row"]) == (True, decision.permission)
            assert told["tenant_id"] == decision.tenant_id

    play(scenario)


def lacking(found: Permission, consent: str, tenant: str, resource: str) -> list[str]:
    """By the rules as docs/policy.md has them, in other words."""
    meant = {"contoso": CONTOSO_ID, "home": HOME_ID}.get(tenant, tenant)
    is_customer = meant in TENANTS
    covers = (is_customer and (found.any_customer or meant in found.tenants)) or (meant == HOME_ID and found.home)
    wrong = APART if found.any_customer and tenant != "nobody" else "tenant"
    return [
        *([] if consent in found.consents else ["subject"]),
        *(
            []
            if f"https://{ {'graph': 'graph.microsoft', 'arm': 'management.azure'}[resource] }.com" in found.resources
            else ["resource"]
        ),
        *([] if covers else [wrong]),
    ]


def test_a_policy_of_thousands_of_rows_is_put_into_words_once() -> None:
    async def scenario(scene: Scene) -> None:
        scene.write_policy(
            *[row(name=str(number), caller=f"eeee0000-0000-4000-8000-{number:012}") for number in range(3000)]
        )
        view = view_of(scene)
        first, again = await asyncio.gather(view.page(find="2999", page="1"), view.page(find="", page="30"))
        assert (first["found"], again["page"], len(again["rows"])) == (1, 30, 100)
        scene.clock.now += timedelta(seconds=1)
        assert (await view.page(find="", page="30"))["rows"][0] is again["rows"][0]

    play(scenario)
