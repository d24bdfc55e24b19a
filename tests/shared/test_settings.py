"""Settings: every problem at once, each by its name and what it should look like, and no value ever repeated."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.world import AZURE_CLI, AZURE_POWERSHELL, BROKER_API, CONTOSO, NORTHWIND, PARTNER_TENANT
from shared.cloud import PUBLIC
from shared.settings import SettingsError, read_settings
from tests.shared.samples import ENVIRONMENT

OPTIONAL = (
    "PARTNER_CLIENT_SECRET_NAME",
    "AZURE_CLIENT_ID",
    "AZURE_AUTHORITY_HOST",
    "TRUSTED_CA_FILE",
    "OPERATOR_CLIENT_IDS",
    "CONSENT_SCOPE",
    "CONSENT_TENANTS",
    "CONSENT_UNKNOWN_MFA",
    "PROOF_AGE_HOURS",
    "STORE_AGE_DAYS",
    "MEMORY_AGE_SECONDS",
    "STALE_LIMIT_SECONDS",
    "EXCHANGE_THREADS",
)
# What an administrator may paste into the wrong field.
SECRET = "pasted/secret ~ value"


def problems(**changes: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as refused:
        read_settings({**ENVIRONMENT, **changes})
    return refused.value.problems


def test_the_required_settings_suffice_and_the_others_have_defaults() -> None:
    read = read_settings(ENVIRONMENT)
    assert (read.home_tenant, read.broker_client_id) == (PARTNER_TENANT, BROKER_API)
    assert read.authority_host == "https://login.microsoftonline.com"
    assert read.broker_audiences == {f"api://{BROKER_API}"}
    assert read.operator_clients == {AZURE_CLI, AZURE_POWERSHELL}
    assert read.consent_scope == PUBLIC.partner_center_scope
    assert read.consent_tenants == frozenset()
    assert (read.refresh.proof_age, read.refresh.store_age) == (timedelta(hours=20), timedelta(days=7))
    assert (read.memory_age, read.stale_limit) == (timedelta(seconds=30), timedelta(hours=1))
    assert read.threads == 32
    assert read.accept_unknown_mfa is False
    assert (read.partner_client_secret_name, read.managed_identity_client_id, read.trusted_ca_file) == (None,) * 3


@pytest.mark.parametrize("name", ENVIRONMENT)
@pytest.mark.parametrize("nothing", ["", " \t"])
def test_a_missing_setting_is_named_with_what_it_should_be(name: str, nothing: str) -> None:
    (problem,) = problems(**{name: nothing})
    assert problem.startswith(f"{name} is missing: it should be ")


def test_all_missing_settings_are_named_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({})
    assert [problem.partition(" ")[0] for problem in refused.value.problems] == [
        "BROKER_CLIENT_ID",
        "PUBLIC_URL",
        "PARTNER_TENANT_ID",
        "PARTNER_CLIENT_ID",
        "TOKEN_VAULT_URL",
        "POLICY_VAULT_URL",
        "REFRESH_SCHEDULE",
        "CHECK_SCHEDULE",
    ]
    assert str(refused.value) == " ".join(refused.value.problems)


@pytest.mark.parametrize("name", [*ENVIRONMENT, *OPTIONAL])
def test_a_malformed_setting_is_named_and_never_quoted(name: str) -> None:
    (problem,) = problems(**{name: SECRET})
    assert problem.startswith(f"{name} is malformed: it should be ")
    assert not {word for word in SECRET.split() if len(word) > 1} & set(problem.split())


def test_missing_and_malformed_settings_are_named_together() -> None:
    named = [problem.partition(":")[0] for problem in problems(PUBLIC_URL="", EXCHANGE_THREADS="many")]
    assert named == ["PUBLIC_URL is missing", "EXCHANGE_THREADS is malformed"]


def test_unset_and_empty_mean_the_same_for_an_optional_setting() -> None:
    assert read_settings({**ENVIRONMENT, **dict.fromkeys(OPTIONAL, " ")}) == read_settings(ENVIRONMENT)


@pytest.mark.parametrize(
    "same",
    [
        ENVIRONMENT["TOKEN_VAULT_URL"],
        ENVIRONMENT["TOKEN_VAULT_URL"] + "/",
        ENVIRONMENT["TOKEN_VAULT_URL"] + ":443",
        ENVIRONMENT["TOKEN_VAULT_URL"] + ":0443/",
        ENVIRONMENT["TOKEN_VAULT_URL"].upper(),
    ],
)
def test_the_policy_never_lives_in_the_vault_of_the_tokens(same: str) -> None:
    """However the address is spelled: whoever edits the policy would otherwise read refresh tokens."""
    assert problems(POLICY_VAULT_URL=same) == ("POLICY_VAULT_URL must be another vault than TOKEN_VAULT_URL.",)


def test_values_are_read_in_one_spelling() -> None:
    read = read_settings(
        {
            **ENVIRONMENT,
            "PARTNER_TENANT_ID": f" {PARTNER_TENANT.upper()} ",
            "PUBLIC_URL": "HTTPS://Broker.Example:8443/",
            "AZURE_AUTHORITY_HOST": "https://LOGIN.microsoftonline.us/",
            "CONSENT_TENANTS": f"{CONTOSO.upper()}, {NORTHWIND},,",
            "CONSENT_UNKNOWN_MFA": "accept",
            "TRUSTED_CA_FILE": str(Path(__file__)),
        }
    )
    assert read.home_tenant == PARTNER_TENANT
    assert read.public_url == "https://broker.example:8443"
    assert read.authority_host == "https://login.microsoftonline.us"
    assert read.accept_unknown_mfa is True
    assert read.trusted_ca_file == str(Path(__file__))
    assert read.consent_tenants == {CONTOSO, NORTHWIND}


def test_people_of_the_home_tenant_and_of_named_tenants_may_consent() -> None:
    read = read_settings({**ENVIRONMENT, "CONSENT_TENANTS": CONTOSO})
    assert [read.may_consent_in(tenant) for tenant in (PARTNER_TENANT, CONTOSO, NORTHWIND)] == [True, True, False]


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.sampled_from([*ENVIRONMENT, *OPTIONAL, "BROKER_AUDIENCES"]), st.text(max_size=40)))
def test_whatever_stands_in_the_environment_is_read_or_refused_by_name(changes: dict[str, str]) -> None:
    try:
        read_settings({**ENVIRONMENT, **changes})
    except SettingsError as refused:
        assert all(problem.partition(" ")[0] in changes for problem in refused.problems)  # noqa: PT017 - either way is right
