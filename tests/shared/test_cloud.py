"""The clouds: each with its own hosts and resources, chosen by one setting, and no word of one in another."""

from itertools import combinations
from urllib.parse import urlsplit

import pytest

from shared.callers.assertion import AssertionVerifier
from shared.cloud import CHINA, CLOUDS, PUBLIC, US_GOVERNMENT, Cloud
from shared.entra.resource import Scope, is_resource
from shared.errors import InvalidRequest
from shared.keys.signing_keys import SigningKeys
from shared.outbound import Outbound
from shared.settings import SettingsError, read_settings
from tests.shared.samples import AGES

GUID = "00000000-0000-0000-0000-000000000001"
NEEDED = {
    "PUBLIC_URL": "https://broker.example",
    "PARTNER_TENANT_ID": GUID,
    "PARTNER_CLIENT_ID": GUID,
    "BROKER_CLIENT_ID": GUID,
    "TOKEN_VAULT_URL": "https://a.vault.example",
    "POLICY_VAULT_URL": "https://b.vault.example",
    "REFRESH_SCHEDULE": "0 17 * * * *",
    "CHECK_SCHEDULE": "0 47 * * * *",
}


def test_the_public_cloud_is_the_default() -> None:
    assert read_settings(NEEDED).cloud is PUBLIC


@pytest.mark.parametrize("cloud", list(CLOUDS.values()), ids=lambda cloud: cloud.name)
def test_one_setting_moves_everything_that_a_cloud_decides(cloud: Cloud) -> None:
    settings = read_settings({**NEEDED, "AZURE_CLOUD": cloud.name})
    assert settings.authority_host == cloud.authority_host
    assert settings.consent_scope == f"{cloud.resources['partnercenter']}/user_impersonation"
    with_host = read_settings({**NEEDED, "AZURE_CLOUD": cloud.name, "AZURE_AUTHORITY_HOST": "https://login.example"})
    assert with_host.authority_host == "https://login.example", "a host of one's own wins over the cloud's"
    assert with_host.cloud is cloud


def test_an_unknown_cloud_is_refused_with_those_there_are() -> None:
    with pytest.raises(SettingsError, match="AZURE_CLOUD is malformed: it should be one of AzureCloud, AzureUS"):
        read_settings({**NEEDED, "AZURE_CLOUD": "AzureGermanCloud"})


@pytest.mark.parametrize("cloud", list(CLOUDS.values()), ids=lambda cloud: cloud.name)
def test_every_short_name_stands_for_a_resource_and_means_it_in_any_spelling(cloud: Cloud) -> None:
    for name, identifier in cloud.resources.items():
        assert is_resource(identifier)
        assert str(Scope.of_resource(name.upper(), cloud)) == f"{identifier}/.default"
        assert cloud.canonical(name) == cloud.canonical(identifier) == cloud.canonical(identifier + "/")


def test_a_short_name_means_the_same_kind_of_thing_in_every_cloud() -> None:
    """Azure DevOps is in the public cloud alone."""
    assert {frozenset({*cloud.resources, "devops"}) for cloud in CLOUDS.values()} == {frozenset(PUBLIC.resources)}


@pytest.mark.parametrize("cloud", [US_GOVERNMENT, CHINA], ids=lambda cloud: cloud.name)
def test_a_short_name_that_a_cloud_has_not_is_refused_with_those_it_has(cloud: Cloud) -> None:
    with pytest.raises(InvalidRequest, match=r"or one of graph, arm, .*powerbi\.$"):
        Scope.of_resource("devops", cloud)


@pytest.mark.parametrize(("one", "other"), list(combinations(CLOUDS.values(), 2)))
def test_no_cloud_sends_anybody_to_anothers_authority(one: Cloud, other: Cloud) -> None:
    assert urlsplit(one.authority_host).netloc != urlsplit(other.authority_host).netloc
    assert one.token_exchange != other.token_exchange
    assert one.resources["graph"] != other.resources["graph"]
    assert one.resources["arm"] != other.resources["arm"]


def test_the_verifier_of_a_cloud_takes_its_own_issuers_alone() -> None:
    settings = read_settings({**NEEDED, "AZURE_CLOUD": CHINA.name})
    outbound = Outbound(trusted_ca_file=None, threads=1)
    verifier = AssertionVerifier(settings, SigningKeys(outbound, authority_host=settings.authority_host, ages=AGES))
    outbound.close()
    assert verifier._issuers == (
        f"https://sts.chinacloudapi.cn/{GUID}/",
        f"https://login.partner.microsoftonline.cn/{GUID}/v2.0",
    )
