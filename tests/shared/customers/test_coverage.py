"""Whether a token covers the grant set, resource by resource and in any spelling of a scope."""

from datetime import UTC, datetime

import pytest

from shared.cloud import CHINA, PUBLIC, SHAREPOINT, Cloud
from shared.customers.application_grants import Grant, GrantSet, parse_grants
from shared.customers.coverage import grant_of, granted_scopes, require_assigned, require_covered
from shared.customers.errors import ScopesMissing
from shared.customers.role_errors import AppRolesMissing
from shared.entra.tokens import AccessToken

TEAMS = "48ac35b8-9aa8-4d74-927d-1f4a14a0b239"
OTHER = "11111111-2222-4333-8444-555555555555"
WRITTEN = (
    '{"display_name": "x", "grants": [{"resource": "graph", "scopes": ["User.Read", "Mail.Send"]},'
    f' {{"resource": "{OTHER}", "scopes": ["a"]}}, {{"resource": "teams", "scopes": ["b"]}}]}}'
)
GRANTS = parse_grants(WRITTEN, PUBLIC)


def token(*scopes: str) -> AccessToken:
    return AccessToken(token="t", expires_on=datetime(2030, 1, 1, tzinfo=UTC), scope=" ".join(scopes), tenant_id="t")


def graph(cloud_resource: str = "https://graph.microsoft.com") -> Grant:
    found = grant_of(GRANTS, cloud_resource, PUBLIC)
    assert found is not None
    return found


@pytest.mark.parametrize("resource", ["https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000"])
def test_a_resource_is_found_by_each_of_its_names(resource: str) -> None:
    assert graph(resource).scopes == ("User.Read", "Mail.Send")


@pytest.mark.parametrize(("cloud", "host"), [(PUBLIC, "contoso.sharepoint.com"), (CHINA, "contoso.sharepoint.cn")])
def test_every_host_of_sharepoint_is_one_api(cloud: Cloud, host: str) -> None:
    grants = GrantSet(display_name="x", grants=[Grant.of_api(SHAREPOINT, cloud, ("a",))])
    found = grant_of(grants, f"https://{host}", cloud)
    assert found is not None
    assert grant_of(grants, f"https://{host}.example", cloud) is None


def test_a_resource_of_another_cloud_is_found_by_its_name_there() -> None:
    found = grant_of(GRANTS, "https://microsoftgraph.chinacloudapi.cn", CHINA)
    assert found is not None
    assert found.resource == "graph"


def test_any_apis_application_id_is_found() -> None:
    assert [grant_of(GRANTS, one, PUBLIC) for one in (OTHER, TEAMS)] == [*GRANTS.grants[1:]]


def test_what_the_grant_set_does_not_name_is_asked_nothing_of() -> None:
    assert grant_of(GRANTS, "https://management.azure.com", PUBLIC) is None
    assert grant_of(None, "https://graph.microsoft.com", PUBLIC) is None
    require_covered(token(), None)


def test_all_scopes_of_the_grant_are_needed_and_more_do_no_harm() -> None:
    resource = "https://graph.microsoft.com"
    require_covered(token(f"{resource}/mail.send", f"{resource}/User.Read", f"{resource}/Files.Read"), graph())
    with pytest.raises(ScopesMissing) as lacking:
        require_covered(token(f"{resource}/User.Read", f"{resource}/.default", "openid"), graph())
    assert (lacking.value.missing, lacking.value.detail) == (("Mail.Send",), "Mail.Send")


def test_what_was_asked_for_and_what_is_of_no_resource_is_not_granted() -> None:
    assert granted_scopes(token("openid", "profile", f"{TEAMS}/.default", f"{TEAMS}/user_impersonation")) == [
        "user_impersonation"
    ]


def test_a_token_of_the_application_covers_the_app_roles_whatever_their_letters_and_names_the_missing() -> None:
    own = AccessToken(
        token="t", expires_on=datetime(2030, 1, 1, tzinfo=UTC), scope="x", tenant_id="t", roles=("user.read.all",)
    )
    wanted = Grant(resource="graph", application_id="id", default_scope="x", app_roles=("User.Read.All", "Mail.Read"))
    with pytest.raises(AppRolesMissing) as refused:
        require_assigned(own, wanted)
    assert refused.value.missing == ("Mail.Read",)
    require_assigned(own, None)
    require_assigned(own, Grant(resource="graph", application_id="id", default_scope="x", scopes=("User.Read",)))
