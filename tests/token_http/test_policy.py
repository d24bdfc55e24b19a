"""The access policy: default deny, each dimension needed, home only by its name, broken documents refused in words."""

import itertools
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.callers.assertion import Principal
from shared.cloud import PUBLIC
from shared.consents.consent import MANAGEMENT_NAME
from tests.token_http.samples import (
    CALLER_ID,
    CONTOSO_ID,
    HOME_ID,
    NORTHWIND_ID,
    OTHER_ID,
    caller,
    document,
    request,
    row,
)
from token_http.message import TokenRequest
from token_http.policy import Decision, Policy
from token_http.policy_document import PolicyDocumentInvalid, compile_document, compile_policy
from token_http.refusals import NotPermitted

UNKNOWN_ID = "bbbb0000-0000-4000-8000-00000000000f"


def policy(*texts: str) -> Policy:
    documents = {f"policy-{number}": text for number, text in enumerate(texts, start=1)}
    return compile_policy(documents, home_tenant=HOME_ID, cloud=PUBLIC)


def allowed(
    found: Policy, asked: TokenRequest, principal: Principal | None = None, *, own: str = HOME_ID
) -> Decision | None:
    try:
        return found.check(principal or caller(), asked, own=own)
    except NotPermitted:
        return None


def tenant_of(found: Policy, tenant: str) -> str | None:
    decision = allowed(found, request(tenant))
    return decision.tenant_id if decision else None


def test_without_rows_nobody_gets_anything() -> None:
    assert allowed(policy(), request()) is None
    assert allowed(policy("{}"), request()) is None


def test_a_row_allows_what_it_names_and_says_that_it_did() -> None:
    found = allowed(policy(document(row(name="reports"))), request())
    assert found == Decision(permission="policy-1[0] reports", tenant_id=CONTOSO_ID)


def test_a_refusal_of_one_without_rows_names_the_caller_and_does_not_say_which_part_failed() -> None:
    found = policy(document(row(caller=OTHER_ID)))
    texts = set()
    for asked in (request("northwind"), request(resource="arm"), request(consent="other"), request("unheard-of")):
        with pytest.raises(NotPermitted) as raised:
            found.check(caller(), asked, own=HOME_ID)
        texts.add(raised.value.description)
    assert len(texts) == 1
    assert CALLER_ID in texts.pop()


# One row is made of what it allows; taking any one thing away from it must deny what was allowed by it.
CONSENTS, RESOURCES = ["partner", "backup", "third"], ["graph", "arm", "https://api.example.com", OTHER_ID]
TENANTS = {"contoso": CONTOSO_ID, "northwind": NORTHWIND_ID, "home": HOME_ID}


@settings(deadline=None, max_examples=60)
@given(
    consents=st.lists(st.sampled_from(CONSENTS), min_size=1, unique=True),
    tenants=st.lists(st.sampled_from(sorted(TENANTS)), min_size=1, unique=True),
    resources=st.lists(st.sampled_from(RESOURCES), min_size=1, unique=True),
    by_role=st.booleans(),
)
def test_every_dimension_of_a_row_is_needed(
    *, consents: list[str], tenants: list[str], resources: list[str], by_role: bool
) -> None:
    who: dict[str, object] = {"caller": None, "role": "Reports"} if by_role else {}
    principal = caller(OTHER_ID, "Reports") if by_role else caller()
    full = row(consents=consents, tenants=tenants, resources=resources, **who)
    found = policy(document(full))
    for consent, tenant, resource in itertools.product(CONSENTS, TENANTS, RESOURCES):
        asked = request(tenant, resource, consent=consent)
        covered = consent in consents and tenant in tenants and resource in resources
        decision = allowed(found, asked, principal)
        assert (decision.tenant_id if decision else None) == (TENANTS[tenant] if covered else None)
        assert allowed(found, asked, caller(UNKNOWN_ID, "Another")) is None
    for dimension, kept in (("consents", consents), ("tenants", tenants), ("resources", resources)):
        less = policy(document({**full, dimension: kept[1:]})) if kept[1:] else policy(document())
        given_up = {"consents": consents[0], "tenants": tenants[0], "resources": resources[0]}
        asked = request(given_up["tenants"], given_up["resources"], consent=given_up["consents"])
        assert allowed(found, asked, principal) is not None
        assert allowed(less, asked, principal) is None


def test_a_role_row_is_for_whoever_has_the_role_and_for_nobody_else() -> None:
    found = policy(document(row(caller=None, role="Reports")))
    assert allowed(found, request(), caller(OTHER_ID, "Token.Issue", "Reports"))
    assert allowed(found, request(), caller(OTHER_ID, "Token.Issue")) is None
    assert allowed(found, request(), caller(OTHER_ID, "reports")) is None


def test_a_caller_row_takes_no_notice_of_roles() -> None:
    found = policy(document(row()))
    assert allowed(found, request(), caller(OTHER_ID, CALLER_ID)) is None


@pytest.mark.parametrize("tenant", ["home", "HOME", HOME_ID, HOME_ID.upper()])
def test_any_customer_never_means_home(tenant: str) -> None:
    assert tenant_of(policy(document(row(tenants=["*"]))), tenant) is None


def test_any_customer_takes_an_id_or_a_name_of_the_policy() -> None:
    found = policy(document(row(tenants=["*"])))
    assert tenant_of(found, UNKNOWN_ID.upper()) == UNKNOWN_ID
    assert tenant_of(found, "contoso") == CONTOSO_ID
    for tenant in (
        "tailspin",
        "contoso.example",
        "*",
        "common",
        "organizations",
        f"{UNKNOWN_ID}/..",
        f"{{{UNKNOWN_ID}",
    ):
        assert tenant_of(found, tenant) is None, tenant


@pytest.mark.parametrize(
    "spelled", [f" {CONTOSO_ID}\t", CONTOSO_ID.upper(), f"{{{CONTOSO_ID}}}", " Contoso ", "CONTOSO"]
)
def test_what_tools_put_around_an_id_or_a_name_means_nothing(spelled: str) -> None:
    assert tenant_of(policy(document(row())), spelled) == CONTOSO_ID


OWN_ID = "aaaa0000-0000-4000-8000-000000000009"


@pytest.mark.parametrize("own", [HOME_ID, OWN_ID])
def test_home_is_the_tenant_of_the_person_whose_consent_it_is(own: str) -> None:
    found = policy(document(row(tenants=["home"])))
    for asked in ("home", "HOME", own, own.upper()):
        decision = allowed(found, request(asked), own=own)
        assert decision is not None
        assert decision.tenant_id == own
    for other in {HOME_ID, OWN_ID, CONTOSO_ID} - {own}:
        assert allowed(found, request(other), own=own) is None


@pytest.mark.parametrize("own", [HOME_ID, OWN_ID])
def test_any_customer_excludes_the_partners_home_and_the_consents_own_tenant_and_nothing_else(own: str) -> None:
    found = policy(document(row(tenants=["*"])))
    for refused in ("home", HOME_ID, HOME_ID.upper(), own, own.upper()):
        assert allowed(found, request(refused), own=own) is None
    for tenant in {CONTOSO_ID, UNKNOWN_ID, OWN_ID} - {own}:
        decision = allowed(found, request(tenant), own=own)
        assert decision is not None
        assert decision.tenant_id == tenant


@settings(deadline=None, max_examples=200)
@given(
    tenants=st.sets(st.sampled_from(["*", "home", "contoso", OWN_ID, UNKNOWN_ID]), min_size=1),
    asked=st.sampled_from(["home", "contoso", HOME_ID, OWN_ID, CONTOSO_ID, UNKNOWN_ID, OTHER_ID, "unheard-of"]),
    own=st.sampled_from([HOME_ID, OWN_ID, CONTOSO_ID]),
)
def test_what_is_possible_before_the_consent_is_known_is_all_that_can_be_allowed_after(
    tenants: set[str], asked: str, own: str
) -> None:
    found = policy(document(row(tenants=sorted(tenants))))
    try:
        found.possible(caller(), request(asked))
    except NotPermitted:
        assert allowed(found, request(asked), own=own) is None


def test_any_customer_with_home_beside_it_means_both() -> None:
    found = policy(document(row(tenants=["*", "home"])))
    assert (tenant_of(found, "home"), tenant_of(found, HOME_ID)) == (HOME_ID, HOME_ID)
    assert tenant_of(found, UNKNOWN_ID) == UNKNOWN_ID


def test_a_tenant_is_named_by_its_id_or_by_the_name_of_the_document_in_any_case() -> None:
    found = policy(document(row(tenants=["Contoso"])))
    for tenant in ("contoso", "CONTOSO", CONTOSO_ID, CONTOSO_ID.upper()):
        assert tenant_of(found, tenant) == CONTOSO_ID


def test_a_name_that_no_document_gives_makes_a_document_invalid() -> None:
    with pytest.raises(PolicyDocumentInvalid):
        compile_document("policy-2", document(row(tenants=["contoso"]), tenants={}), home_tenant=HOME_ID, cloud=PUBLIC)


@pytest.mark.parametrize(
    ("granted", "asked"),
    [
        ("graph", "https://graph.microsoft.com"),
        ("https://graph.microsoft.com", "GRAPH"),
        ("https://graph.microsoft.com/", "https://Graph.Microsoft.com"),
        ("https://management.azure.com", "https://management.azure.com/"),
        ("teams", "48ac35b8-9aa8-4d74-927d-1f4a14a0b239"),
    ],
)
def test_one_resource_may_be_spelled_in_several_ways(granted: str, asked: str) -> None:
    assert allowed(policy(document(row(resources=[granted]))), request(resource=asked))


@pytest.mark.parametrize(
    "asked",
    ["https://graph.microsoft.com.evil.example", "https://graph.microsoft.com/v1.0", "https://graph.microsoft.com:444"],
)
def test_what_only_looks_like_a_granted_resource_is_another(asked: str) -> None:
    assert allowed(policy(document(row(resources=["graph"]))), request(resource=asked)) is None


ROWS = [
    row(),
    row(tenants=["northwind"], resources=["arm"]),
    row(tenants=["*"], resources=["keyvault"]),
    row(tenants=["home"]),
    row(caller=OTHER_ID, consents=["backup"], resources=["arm", "graph"]),
    row(caller=None, role="Reports", tenants=["*"]),
]
ASKED = [
    (principal, request(tenant, resource, consent=consent))
    for principal in (caller(), caller(OTHER_ID), caller(UNKNOWN_ID, "Reports"))
    for tenant in ("contoso", "northwind", "home", UNKNOWN_ID)
    for resource in ("graph", "arm", "keyvault")
    for consent in ("partner", "backup")
]


@settings(deadline=None, max_examples=60)
@given(order=st.permutations(range(len(ROWS))), more=st.integers(0, len(ROWS)))
def test_rows_only_add_and_their_order_means_nothing(order: list[int], more: int) -> None:
    whole, part = (policy(document(*(ROWS[index] for index in chosen))) for chosen in (order, order[:more]))
    for principal, asked in ASKED:
        in_order = allowed(policy_of_all, asked, principal)
        shuffled, partly = allowed(whole, asked, principal), allowed(part, asked, principal)
        assert (shuffled and shuffled.tenant_id) == (in_order and in_order.tenant_id)
        assert partly is None or (shuffled is not None and partly.tenant_id == shuffled.tenant_id)


policy_of_all = policy(document(*ROWS))

ROLES = ["Reports", "Billing", CALLER_ID]
SOME_ROWS = st.lists(
    st.builds(
        row,
        caller=st.just(None),
        role=st.sampled_from(ROLES),
        consents=st.lists(st.sampled_from(CONSENTS), min_size=1, max_size=2),
        tenants=st.lists(st.sampled_from([*TENANTS, "*", UNKNOWN_ID]), min_size=1, max_size=2),
        resources=st.lists(st.sampled_from(RESOURCES), min_size=1, max_size=2),
    )
    | st.builds(
        row,
        caller=st.sampled_from([CALLER_ID, OTHER_ID]),
        consents=st.lists(st.sampled_from(CONSENTS), min_size=1, max_size=2),
        tenants=st.lists(st.sampled_from([*TENANTS, "*", UNKNOWN_ID]), min_size=1, max_size=2),
        resources=st.lists(st.sampled_from(RESOURCES), min_size=1, max_size=2),
    ),
    max_size=12,
)
SOMEBODY = st.builds(
    lambda object_id, roles: caller(object_id, *roles),
    st.sampled_from([CALLER_ID, OTHER_ID, UNKNOWN_ID]),
    st.sets(st.sampled_from(ROLES)),
)
SOMETHING = st.builds(
    lambda tenant, resource, consent: request(tenant, resource, consent=consent),
    st.sampled_from([*TENANTS, "CONTOSO", CONTOSO_ID, HOME_ID, UNKNOWN_ID, UNKNOWN_ID.upper(), "*", "unheard-of"]),
    st.sampled_from([*RESOURCES, "https://graph.microsoft.com/"]),
    st.sampled_from(CONSENTS),
)


def read_row_by_row(found: Policy, principal: Principal, asked: TokenRequest) -> Decision | None:
    """The first row that allows it, as an auditor reads a policy."""
    for one in found.permissions:
        is_caller = one.caller == principal.object_id if one.caller else one.role in principal.roles
        covered = asked.consent in one.consents and asked.scope.family in one.resources
        tenant = found.tenant_names.ids.get(asked.tenant.lower(), asked.tenant.lower())
        any_customer = tenant if one.any_customer and tenant in {CONTOSO_ID, NORTHWIND_ID, UNKNOWN_ID} else None
        home = HOME_ID if one.home and tenant in {"home", HOME_ID} else None
        tenant_id = one.tenants.get(tenant, home or any_customer)
        if is_caller and covered and tenant_id is not None:
            return Decision(permission=one.name, tenant_id=tenant_id)
    return None


@settings(deadline=None, max_examples=300)
@given(rows=SOME_ROWS, principal=SOMEBODY, asked=st.lists(SOMETHING, min_size=1, max_size=8))
def test_the_index_decides_as_reading_row_by_row_would(
    rows: list[dict[str, object]], principal: Principal, asked: list[TokenRequest]
) -> None:
    half = len(rows) // 2
    found = policy(document(*rows[:half]), document(*rows[half:]))
    for one in asked:
        assert allowed(found, one, principal) == read_row_by_row(found, principal, one)


BROKEN: list[tuple[str, str]] = [
    ("", "not JSON"),
    ("{", "not JSON at line 1, column 2"),
    ("[" * 100_000, "not JSON"),
    ("[]", "not a JSON object"),
    ("null", "not a JSON object"),
    ('{"permisions": []}', "fields nobody knows"),
    ('{"permissions": {}}', "should be a list"),
    ('{"permissions": null}', "should be a list"),
    ('{"tenants": []}', "should map names"),
    (document(row(), tenants={"contoso": "contoso.example"}), "should map names"),
    (document(row(), tenants={"contoso": 7}), "should map names"),
    (document(row(), tenants={"contoso": CONTOSO_ID, "home": UNKNOWN_ID}), "name is taken"),
    (document(row(), tenants={"contoso": CONTOSO_ID, "HOME": UNKNOWN_ID}), "name is taken"),
    (document(row(), tenants={"contoso": CONTOSO_ID, UNKNOWN_ID: CONTOSO_ID}), "name is taken"),
    (document(row(), tenants={"contoso": CONTOSO_ID, "Contoso": NORTHWIND_ID}), "name is taken"),
    (document(row(), tenants={"contoso": HOME_ID}), "spelled `home`"),
    (document(row(), tenants={"contoso": CONTOSO_ID, "*": UNKNOWN_ID}), "name is taken"),
    (document(row(), tenants={"contoso": CONTOSO_ID, "": UNKNOWN_ID}), "name is taken"),
    ('{"permissions": [], "permissions": []}', "a field twice"),
    (f'{{"tenants": {{"contoso": "{CONTOSO_ID}", "contoso": "{NORTHWIND_ID}"}}}}', "a field twice"),
    (f'{{"permissions": [{{"caller": "{OTHER_ID}", "caller": "{CALLER_ID}"}}]}}', "a field twice"),
    ('{"description": ["x"]}', "`description`"),
    ('{"$schema": 7}', "`\\$schema`"),
    (document(row(name=7)), "`name` should be a text"),
    (document({**row(), "role": None}), "one of them"),
    (document({**row(role="Reports"), "caller": None}), "one of them"),
    (document({**row(), "caller": None}), "`caller` should be an object id"),
    (document({**row(caller=None), "role": None}), "`role` should be a text"),
    (document("row"), "not a JSON object"),
    (document(row(scopes=["User.Read"])), "fields nobody knows; known are as, caller, consents, name, resources"),
    (document(row(caller=None)), "one of them"),
    (document(row(role="Reports")), "one of them"),
    (document(row(caller="*")), "`caller`"),
    (document(row(caller="")), "`caller`"),
    (document(row(caller=7)), "`caller`"),
    (document(row(caller=None, role="")), "`role`"),
    (document(row(caller=None, role=["Reports"])), "`role`"),
    *(
        (document(row(**{dimension: value})), f"`{dimension}`")
        for dimension in ("consents", "tenants", "resources")
        for value in (None, [], "partner", [""], [7], [None], {"a": "b"})
    ),
    (document(row(consents=["*"])), "malformed"),
    (document(row(consents=["Partner"])), "malformed"),
    (document(row(tenants=["tailspin"])), "no id and no name"),
    (document(row(tenants=["contoso.example"])), "no id and no name"),
    (document(row(tenants=[HOME_ID])), "spelled `home`"),
    (document(row(), row(), row(tenants=[HOME_ID.upper()])), r"policy-1\[2\]"),
]


@pytest.mark.parametrize(("text", "sentence"), BROKEN, ids=[text[:70] for text, _ in BROKEN])
def test_a_broken_document_is_refused_with_a_sentence_that_says_where(text: str, sentence: str) -> None:
    with pytest.raises(PolicyDocumentInvalid, match=sentence) as raised:
        compile_document("policy-1", text, home_tenant=HOME_ID, cloud=PUBLIC)
    assert str(raised.value).startswith("policy-1")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["*", "home", CALLER_ID]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None, max_examples=150)
@given(
    changed=st.dictionaries(
        st.sampled_from(["caller", "role", "name", "consents", "tenants", "resources"]), JSON, min_size=1
    ),
    names=JSON,
)
def test_no_document_breaks_the_compiler_or_grants_home_unasked(changed: dict[str, Any], names: Any) -> None:  # noqa: ANN401
    text = json.dumps({"tenants": names, "permissions": [{**row(tenants=[CONTOSO_ID]), **changed}]})
    try:
        found = policy(text)
    except PolicyDocumentInvalid:
        return
    written = changed.get("tenants", [])
    if not any(isinstance(tenant, str) and tenant.lower() == "home" for tenant in written):
        assert tenant_of(found, "home") is None
        assert tenant_of(found, HOME_ID) is None


def test_the_brokers_own_consent_is_nobodys_whatever_a_row_says() -> None:
    """No document can name it, and no row that came about in another way is taken at its word."""
    with pytest.raises(PolicyDocumentInvalid, match="broker's own"):
        policy(document(row(consents=["partner", MANAGEMENT_NAME])))
    (given,) = policy(document(row())).permissions
    smuggled = Policy(permissions=(replace(given, consents=frozenset({MANAGEMENT_NAME})),), home_tenant=HOME_ID)
    assert allowed(smuggled, replace(request(), consent=MANAGEMENT_NAME)) is None
