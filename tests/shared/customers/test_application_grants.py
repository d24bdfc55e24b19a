"""The grant set: what is taken, and that each mistake is named with its place."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.cloud import APPLICATION_IDS, CHINA, PUBLIC
from shared.customers.application_grants import SECRET, Grant, GrantSets, parse_grants
from shared.customers.errors import ApplicationGrantsInvalid, CustomerWithoutGrants
from shared.customers.grant_sets import read_grant_sets, read_grants
from tests.fakes.memory_vault import MemoryVault

GRAPH = {"resource": "graph", "scopes": ["User.Read", "Directory.Read.All"]}
THIRD = "22222222-2222-4333-8444-555555555555"
OTHER = "11111111-2222-4333-8444-555555555555"


def written(**changes: Any) -> str:  # noqa: ANN401 - JSON
    return json.dumps({"display_name": "Partner", "grants": [GRAPH], **changes})


def test_a_grant_set_names_resources_as_partner_center_and_entra_take_them() -> None:
    found = parse_grants(written(grants=[GRAPH, {"resource": OTHER.upper(), "scopes": ["Do"]}]), PUBLIC)
    assert found.display_name == "Partner"
    graph, other = found.grants
    assert (graph.application_id, graph.default_scope) == (
        "00000003-0000-0000-c000-000000000000",
        "https://graph.microsoft.com/.default",
    )
    assert (other.resource, other.application_id, other.default_scope) == (OTHER, OTHER, f"{OTHER}/.default")
    assert graph.enterprise.scopes == ("User.Read", "Directory.Read.All")


@pytest.mark.parametrize("resource", APPLICATION_IDS)
def test_each_short_name_has_an_application_id_and_its_clouds_own_scope(resource: str) -> None:
    text = written(grants=[{"resource": resource.upper(), "scopes": ["user_impersonation"]}])
    for cloud in (one for one in (PUBLIC, CHINA) if resource in one.resources):
        (grant,) = parse_grants(text, cloud).grants
        assert grant.application_id == APPLICATION_IDS[resource]
        assert grant.default_scope == f"{cloud.resources[resource]}/.default"


def test_a_short_name_of_another_cloud_is_none() -> None:
    with pytest.raises(ApplicationGrantsInvalid, match=r"one of graph, .*powerbi"):
        parse_grants(written(grants=[{"resource": "devops", "scopes": ["vso.code"]}]), CHINA)
    assert Grant.of_api(APPLICATION_IDS["devops"], CHINA).default_scope == f"{APPLICATION_IDS['devops']}/.default"


def test_a_scope_twice_counts_once() -> None:
    (grant,) = parse_grants(written(grants=[{"resource": "graph", "scopes": ["A", "B", "A"]}]), PUBLIC).grants
    assert grant.scopes == ("A", "B")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "`display_name` and `grants`"),
        ("{}", "`display_name` and `grants`"),
        (written(more=1), "`display_name` and `grants`"),
        (written(display_name=""), "`display_name`"),
        (written(display_name=5), "`display_name`"),
        (written(display_name="x" * 121), "`display_name`"),
        (written(grants=[]), "`grants`"),
        (written(grants={}), "`grants`"),
        (written(grants=["graph"]), "grants[0]"),
        (written(grants=[GRAPH, {"resource": "arm"}]), "grants[1]"),
        (written(grants=[{**GRAPH, "application_id": "x"}]), "grants[0]"),
        (written(grants=[{**GRAPH, "resource": "grapf"}]), "grants[0]: `resource`"),
        (written(grants=[{**GRAPH, "resource": ["graph"]}]), "grants[0]: `resource`"),
        (written(grants=[{**GRAPH, "scopes": "User.Read"}]), "grants[0]: `scopes`"),
        (written(grants=[{**GRAPH, "scopes": []}]), "grants[0]: `scopes`"),
        (written(grants=[{**GRAPH, "scopes": ["User.Read,Mail.Read"]}]), "grants[0]: `scopes`"),
        (written(grants=[{**GRAPH, "scopes": ["https://graph.microsoft.com/User.Read"]}]), "grants[0]: `scopes`"),
        (written(grants=[{**GRAPH, "scopes": ["User Read"]}]), "grants[0]: `scopes`"),
        (written(grants=[{**GRAPH, "scopes": [""]}]), "grants[0]: `scopes`"),
        (written(grants=[{**GRAPH, "scopes": [1]}]), "grants[0]: `scopes`"),
        (written(grants=[{**GRAPH, "scopes": ["User.Read", ".Default"]}]), "grants[0]: `scopes`"),
        (written(grants=[{**GRAPH, "scopes": ["User.Read", "DelegatedPermissionGrant.ReadWrite.All"]}]), "management"),
        (written(grants=[{**GRAPH, "scopes": ["approleassignment.readwrite.all"]}]), "management"),
        (written(grants=[{**GRAPH, "scopes": ["DelegatedAdminRelationship.Read.All"]}]), "management"),
        (written(grants=[{"resource": "graph", "app_roles": ["User.Read.All"]}]), "One of `grants` at least"),
        (written(grants=[{**GRAPH, "app_roles": []}]), "grants[0]: `app_roles`"),
        (written(grants=[{**GRAPH, "app_roles": "User.Read.All"}]), "grants[0]: `app_roles`"),
        (written(grants=[{**GRAPH, "app_roles": ["User.Read.All", 5]}]), "grants[0]: `app_roles`"),
        (written(grants=[{**GRAPH, "app_roles": ["a b"]}]), "grants[0]: `app_roles`"),
        (written(directory_roles="Exchange Administrator"), "`directory_roles`"),
        (written(directory_roles=["Exchange Administrator", "Exchange Admin"]), "directory_roles[1]"),
        (written(directory_roles=[5]), "directory_roles[0]"),
        (written(directory_roles=[""]), "directory_roles[0]"),
        (written(customers=[OTHER]), "no more"),
        (written(grants=[GRAPH, {**GRAPH, "resource": "00000003-0000-0000-c000-000000000000"}]), "twice"),
    ],
)
def test_each_mistake_is_named_with_its_place(text: str, told: str) -> None:
    with pytest.raises(ApplicationGrantsInvalid) as refused:
        parse_grants(text, PUBLIC)
    assert told in refused.value.description


@pytest.mark.parametrize(
    "role",
    [
        *("AppRoleAssignment.ReadWrite.All", "rolemanagement.readwrite.directory", "Application.ReadWrite.All"),
        *("DelegatedPermissionGrant.ReadWrite.All", "RoleAssignmentSchedule.ReadWrite.Directory"),
        *("PrivilegedAccess.ReadWrite.AzureAD", "PrivilegedAccess.ReadWrite.AzureADGroup"),
        "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup",
        "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup",
    ],
)
def test_what_would_make_an_application_anything_is_refused(role: str) -> None:
    with pytest.raises(ApplicationGrantsInvalid, match="anything"):
        parse_grants(written(grants=[{**GRAPH, "app_roles": ["User.Read.All", role]}]), PUBLIC)


@pytest.mark.parametrize(
    "role",
    [
        *("Global Administrator", "privileged role administrator", "Privileged Authentication Administrator"),
        *("62e90394-69f5-4237-9190-012177145e10", "E8611AB8-C189-46E8-94E1-60213AB1F814"),
        # Whoever may add credentials to an application can take the place of one that has more.
        *("Application Administrator", "Cloud Application Administrator"),
        # Hybrid Identity Administrator, and Partner Tier2 Support.
        *("8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2", "e00e864a-17c5-4a4b-9c06-f5b95a8d5bd8"),
    ],
)
def test_no_application_of_callers_administers_whoever_administers(role: str) -> None:
    with pytest.raises(ApplicationGrantsInvalid, match="anything"):
        parse_grants(written(directory_roles=["Exchange Administrator", role]), PUBLIC)


def test_roles_of_the_application_stand_beside_scopes_or_alone_and_directory_roles_by_name_or_id() -> None:
    exchange = {"resource": "exchange", "app_roles": ["Exchange.ManageAsApp", "Exchange.ManageAsApp"]}
    own = "11112222-3333-4444-8555-666677778888"
    text = written(
        grants=[{**GRAPH, "app_roles": ["User.Read.All"]}, exchange],
        directory_roles=["exchange administrator", own, own],
    )
    found = parse_grants(text, PUBLIC)
    assert [(grant.resource, grant.app_roles) for grant in found.with_app_roles] == [
        ("graph", ("User.Read.All",)),
        ("exchange", ("Exchange.ManageAsApp",)),
    ]
    assert [grant.resource for grant in found.delegated] == ["graph"]
    assert found.directory_roles == ("29232cdf-9323-42fd-ade2-1d097af3e4de", own)


def test_a_role_or_scope_that_is_there_twice_in_other_letters_is_one_as_it_was_written_first() -> None:
    row = {"resource": "graph", "scopes": ["User.Read", "user.read"], "app_roles": ["Mail.Read", "MAIL.READ", "A.B"]}
    (found,) = parse_grants(written(grants=[row]), PUBLIC).grants
    assert (found.scopes, found.app_roles) == (("User.Read",), ("Mail.Read", "A.B"))


def test_an_old_document_means_what_it_meant() -> None:
    found = parse_grants(written(), PUBLIC)
    assert (found.with_app_roles, found.directory_roles, found.delegated) == ([], (), found.grants)


def test_a_grant_set_that_is_missing_or_disabled_is_said_to_be() -> None:
    vault = MemoryVault()
    with pytest.raises(ApplicationGrantsInvalid, match="no such secret"):
        read_grants(vault, PUBLIC, OTHER)
    version = vault.put(SECRET, written(), tags={})
    assert read_grants(vault, PUBLIC, OTHER).display_name == "Partner"
    vault.patch(SECRET, version.version, enabled=False)
    with pytest.raises(ApplicationGrantsInvalid, match="disabled"):
        read_grants(vault, PUBLIC, OTHER)


def sets(**texts: str) -> GrantSets:
    vault = MemoryVault()
    for name, text in texts.items():
        vault.put(name.replace("_", "-"), text, tags={})
    return read_grant_sets(vault, PUBLIC)


ARM_ALONE = [{"resource": "arm", "scopes": ["user_impersonation"]}]
NAMED = "application_grants_azure"


def test_a_customer_has_the_set_that_lists_it_and_the_others_the_usual_one() -> None:
    found = sets(**{"application_grants": written(), NAMED: written(grants=ARM_ALONE, customers=[OTHER.upper()])})
    assert [grant.resource for grant in found.of(OTHER).grants] == ["arm"]
    assert found.of(OTHER).name == "application-grants-azure"
    assert [grant.resource for grant in found.of(THIRD).grants] == ["graph"]


def test_without_a_usual_set_whoever_is_not_listed_gets_none() -> None:
    found = sets(**{NAMED: written(grants=ARM_ALONE, customers=[OTHER])})
    assert found.of(OTHER).grants
    with pytest.raises(CustomerWithoutGrants):
        found.of(THIRD)


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ({NAMED: written(grants=ARM_ALONE)}, "application-grants-azure: It needs"),
        ({NAMED: written(grants=ARM_ALONE, customers=["contoso"])}, "application-grants-azure: customers[0]"),
        ({NAMED: written(grants=ARM_ALONE, customers=OTHER)}, "application-grants-azure: `customers`"),
        ({NAMED: "{"}, "application-grants-azure: It is not JSON"),
        (
            {NAMED: written(customers=[OTHER]), "application_grants_more": written(customers=[THIRD, OTHER])},
            f"application-grants-azure and application-grants-more both list the customer {OTHER}",
        ),
    ],
    ids=["no customers", "a name", "no list", "no JSON", "twice"],
)
def test_a_set_that_cannot_be_told_whose_it_is_stops_all(named: dict[str, str], told: str) -> None:
    """Its customers would otherwise get the usual one."""
    with pytest.raises(ApplicationGrantsInvalid) as refused:
        sets(**{"application_grants": written(), **named})
    assert told in refused.value.description


def test_a_named_set_that_is_disabled_is_not_passed_over() -> None:
    vault = MemoryVault()
    vault.put(SECRET, written(), tags={})
    version = vault.put("application-grants-azure", written(customers=[OTHER]), tags={})
    vault.patch("application-grants-azure", version.version, enabled=False)
    with pytest.raises(ApplicationGrantsInvalid, match="disabled: application-grants-azure"):
        read_grants(vault, PUBLIC, THIRD)


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=12),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["display_name", "grants", "resource", "scopes", "app_roles"]), inner, max_size=4
            )
        ),
        max_leaves=8,
    )
)
def test_any_json_is_a_grant_set_or_is_refused_by_name(content: object) -> None:
    problem = ""
    try:
        found = len(parse_grants(json.dumps(content), PUBLIC).grants)
    except ApplicationGrantsInvalid as refused:
        found, problem = 0, refused.detail
    assert bool(found) != bool(problem)
