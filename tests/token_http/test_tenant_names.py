"""A name that one policy document gives a tenant holds for all of them; one that is given two tenants holds nowhere."""

import json
import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.cloud import PUBLIC
from tests.fakes.memory_vault import MemoryVault
from tests.token_http.samples import CONTOSO_ID, HOME_ID, NORTHWIND_ID, OTHER_ID, caller, document, request, row
from token_http.policy import Policy
from token_http.policy_document import PolicyDocumentInvalid, compile_policy
from token_http.policy_lint import lint
from token_http.policy_source import PolicySource
from token_http.refusals import NotPermitted, TenantNameUnknown

IDS = [f"bbbb0000-0000-4000-8000-{number:012}" for number in range(4)]
NAMES = ["a", "b", "c", "contoso.example"]


def policy(*texts: str) -> Policy:
    documents = {f"policy-{number}": text for number, text in enumerate(texts, start=1)}
    return compile_policy(documents, home_tenant=HOME_ID, cloud=PUBLIC)


def tenant_of(found: Policy, tenant: str) -> str | None:
    try:
        return found.check(caller(), request(tenant), own=HOME_ID).tenant_id
    except NotPermitted:
        return None


def refusal(found: Policy, tenant: str) -> NotPermitted:
    with pytest.raises(NotPermitted) as refused:
        found.check(caller(), request(tenant), own=HOME_ID)
    return refused.value


NAMING = document(tenants={"Contoso": CONTOSO_ID})


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("tenants", [["contoso"], [CONTOSO_ID], ["*"]])
def test_a_name_of_one_document_leads_to_what_a_row_of_another_allows(
    tenants: list[str], order: tuple[int, ...]
) -> None:
    texts = [NAMING, document(row(tenants=tenants), tenants={})]
    found = policy(*(texts[index] for index in order))
    assert [tenant_of(found, name) for name in ("contoso", "CONTOSO", CONTOSO_ID)] == [CONTOSO_ID] * 3


def test_two_documents_that_agree_on_a_name_do_not_contradict() -> None:
    assert tenant_of(policy(NAMING, document(row(), tenants={"contoso": CONTOSO_ID.upper()})), "contoso") == CONTOSO_ID


@pytest.mark.parametrize("tenants", [["contoso"], ["*"], ["contoso", CONTOSO_ID]])
def test_a_name_with_two_tenants_leads_nowhere_in_any_document_and_an_id_does(tenants: list[str]) -> None:
    found = policy(NAMING, document(row(tenants=tenants), tenants={"contoso": NORTHWIND_ID}))
    assert isinstance(refusal(found, "contoso"), TenantNameUnknown)
    assert (tenant_of(found, CONTOSO_ID) is None) == (tenants == ["contoso"])
    assert (tenant_of(found, NORTHWIND_ID) is None) == (tenants != ["*"])


def test_a_row_loses_its_contradicted_name_alone() -> None:
    both = {"contoso": NORTHWIND_ID, "other": OTHER_ID}
    found = policy(NAMING, document(row(tenants=["contoso", "other"]), tenants=both))
    assert tenant_of(found, "other") == OTHER_ID


def test_a_name_for_the_partners_own_tenant_opens_it_to_nobody_but_a_row_for_home() -> None:
    own = document(tenants={"us": HOME_ID})
    assert tenant_of(policy(own, document(row(tenants=["*"]))), "us") is None
    assert tenant_of(policy(own, document(row(tenants=["home"]))), "us") == HOME_ID
    with pytest.raises(PolicyDocumentInvalid, match="spelled `home`"):
        policy(own, document(row(tenants=["us"])))


def test_a_name_of_anothers_tenant_is_refused_as_one_that_nobody_has() -> None:
    """Nobody learns by asking which customers there are."""
    names = {"contoso": CONTOSO_ID, "northwind": NORTHWIND_ID}
    with_it = policy(document(row(), row(caller=OTHER_ID, tenants=["northwind"]), tenants=names))
    without = policy(document(row(), tenants={"contoso": CONTOSO_ID}))
    told, also = refusal(with_it, "northwind"), refusal(without, "northwind")
    assert (told.code, told.detail) == (also.code, also.detail) == ("tenant_name_unknown", told.detail)
    own = refusal(policy(document(row(tenants=["home"]))), "contoso")
    assert own.code == "tenant_name_unknown", "whose own tenant a consent may be is nobody's to ask"


def test_who_has_no_row_for_it_is_told_nothing_of_names() -> None:
    assert refusal(policy(document(row(caller=OTHER_ID))), "contoso").code == "not_permitted"
    assert refusal(policy(document(row(resources=["arm"]))), "nobody").code == "not_permitted"


def test_a_name_that_is_ones_own_elsewhere_is_refused_for_what_is_missing() -> None:
    found = policy(document(row(), row(tenants=["northwind"], resources=["arm"])))
    refused = refusal(found, "northwind")
    assert refused.code == "not_permitted"
    assert "in 'northwind'" in refused.detail


def test_near_names_are_told_among_the_tenants_that_the_asker_may_ask_for() -> None:
    names = {"contoso": CONTOSO_ID, "contosa": NORTHWIND_ID}
    text = document(row(), row(caller=OTHER_ID, tenants=["contosa"]), tenants=names)
    assert "Names like it: 'contoso'." in refusal(policy(text), "contosso").detail
    assert "contosa" not in refusal(policy(text), "contosso").detail
    everybody = refusal(policy(document(row(tenants=["*"]), tenants={**names, "us": HOME_ID})), "contos")
    assert "'contosa'" in everybody.detail
    assert "'contoso'" in everybody.detail


def test_a_name_that_two_documents_contradict_is_said_by_the_lint_with_both() -> None:
    texts = {"policy-1": NAMING, "policy-2": document(row(), tenants={"contoso": NORTHWIND_ID})}
    (found,) = lint(texts, home_tenant=HOME_ID, cloud=PUBLIC)
    assert (found.kind, found.place) == ("contradicted", "policy-1")
    assert "policy-1 and policy-2 give contoso different tenants" in found.sentence


def test_a_lint_knows_the_names_in_force_but_those_of_a_document_that_is_to_be_replaced() -> None:
    in_force = policy(NAMING).tenant_names
    row_alone = document(row(), tenants={})
    assert lint({"policy-2": row_alone}, home_tenant=HOME_ID, cloud=PUBLIC, in_force=in_force) == []
    for name in ("policy-1", "policy-2"):
        found = lint(
            {name: row_alone}, home_tenant=HOME_ID, cloud=PUBLIC, in_force=in_force if name[-1] == "1" else None
        )
        assert [one.kind for one in found] == ["invalid"]
    against = {"policy-2": document(row(), tenants={"contoso": NORTHWIND_ID})}
    assert [one.kind for one in lint(against, home_tenant=HOME_ID, cloud=PUBLIC, in_force=in_force)] == ["contradicted"]


def contradictions(caplog: pytest.LogCaptureFixture) -> list[object]:
    told = [json.loads(one.message) for one in caplog.records if '"policy.names_contradicted"' in one.message]
    return [(one["names"], one["documents"]) for one in told]


def test_a_contradiction_is_on_record_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture) -> None:
    vault = MemoryVault()
    source = PolicySource(vault, home_tenant=HOME_ID, cloud=PUBLIC)
    with caplog.at_level(logging.INFO):
        for tenant_id in (CONTOSO_ID, NORTHWIND_ID, NORTHWIND_ID, CONTOSO_ID):
            vault.put("policy-1", NAMING, tags={})
            vault.put("policy-2", document(row(), tenants={"contoso": tenant_id}), tags={})
            source.read()
            source.tell()
    assert contradictions(caplog) == [(["contoso"], ["policy-1", "policy-2"]), ([], [])]


def test_a_broken_document_keeps_its_last_good_names_too() -> None:
    vault = MemoryVault()
    source = PolicySource(vault, home_tenant=HOME_ID, cloud=PUBLIC)
    vault.put("policy-1", NAMING, tags={})
    vault.put("policy-2", document(row(), tenants={}), tags={})
    assert tenant_of(source.read(), "contoso") == CONTOSO_ID
    for broken in ("{", document(row(caller="x"), tenants={"contoso": NORTHWIND_ID})):
        vault.put("policy-1", broken, tags={})
        assert tenant_of(source.read(), "contoso") == CONTOSO_ID


MAPS = st.lists(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(IDS), max_size=4), min_size=1, max_size=4)
ROW_TENANTS = st.lists(st.sampled_from([*IDS, *NAMES, "home", "*"]), min_size=1, max_size=3)


@settings(deadline=None, max_examples=300)
@given(maps=MAPS, rows=st.lists(st.tuples(st.integers(0, 3), ROW_TENANTS), max_size=4), data=st.data())
def test_whatever_documents_say_a_name_leads_to_its_one_tenant_if_a_row_allows_that_and_nowhere_else(
    maps: list[dict[str, str]], rows: list[tuple[int, list[str]]], data: st.DataObject
) -> None:
    meant = {name: {found[name] for found in maps if name in found} for name in NAMES}
    texts = []
    for number, names in enumerate(maps):
        own = [tenants for index, tenants in rows if index == number]
        # A name that nobody gives makes a document invalid.
        known = [[one for one in tenants if one not in NAMES or meant[one]] for tenants in own]
        texts.append(document(*[row(tenants=tenants) for tenants in known if tenants], tenants=names))
    order = data.draw(st.permutations(range(len(texts))))
    found, shuffled = policy(*texts), policy(*[texts[index] for index in order])
    for name in NAMES:
        led = tenant_of(found, name)
        assert led == tenant_of(shuffled, name)
        expected = next(iter(meant[name])) if len(meant[name]) == 1 else None
        assert led in {None, expected}
        assert led == (tenant_of(found, expected) if expected else None), "as its id would"
