"""The operators' commands under a real PowerShell against the running stack, as a person who is signed in."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from local.state import StackState
from local.world import ADMIN, AZURE_POWERSHELL, CONTOSO, PARTNER_TENANT, SECOND_ADMIN, TAILSPIN, WINGTIP
from tests.clients.powershell.pwsh import Failure, Outcome, Session, needs_pwsh
from tests.clients.powershell.test_commands import app_service, bare, returned, secrets_in
from tests.consent_http.rig import old_token
from tests.consent_http.test_operator_routes import token_of_person
from tests.local_control import Controls

type Ask = Callable[..., Outcome]

pytestmark = needs_pwsh

# Az.Accounts as far as the module uses it: somebody is signed in whose token is in a variable.
SIGNED_IN = """
function global:Get-AzContext {
    if ($env:PERSON) { [pscustomobject] @{ Account = [pscustomobject] @{ Type = 'User' } } }
}
function global:Get-AzAccessToken {
    [CmdletBinding()] param([string] $ResourceUrl)
    $secret = [System.Net.NetworkCredential]::new('', $env:PERSON).SecurePassword
    [pscustomobject] @{ Token = $secret; ExpiresOn = [DateTimeOffset]::UtcNow.AddHours(1) }
}
"""


@pytest.fixture(scope="session")
def persons(state: StackState) -> dict[str, str]:
    """Username -> a token for the broker, as Az PowerShell gets it."""
    return {user.username: token_of_person(state, user, client=AZURE_POWERSHELL) for user in (ADMIN, SECOND_ADMIN)}


@pytest.fixture
def ask(shell: Session, state: StackState, persons: dict[str, str]) -> Iterator[Ask]:
    """Runs a command at the desk of Ada, or of who is named; of nobody where that is empty."""
    shell.run(SIGNED_IN)

    def asked(command: str, username: str = ADMIN.username) -> Outcome:
        return shell.run(command, bare(state) | {"PERSON": persons.get(username, "")})

    yield asked
    shell.run("Remove-Item Function:Get-AzContext, Function:Get-AzAccessToken")


def failure_of(outcome: Outcome) -> Failure:
    """What a command threw."""
    assert outcome.failure is not None
    return outcome.failure


def test_a_person_sees_consents_and_makes_a_link_for_whom_gave_one(ask: Ask) -> None:
    command = """
    $consent = Get-PartnerConsent | Where-Object Consent -EQ partner
    $link = $consent | New-PartnerConsentLink
    @{ status = $consent.Status; days = $consent.DaysLeft; person = $consent.Username
       url = $link.Url; for = $link.For }
    """
    found = returned(ask(command))
    assert (found["status"], found["person"], found["for"]) == ("ok", ADMIN.username, ADMIN.username)
    assert found["days"] > 80
    assert "/api/consent?link=" in found["url"]


def test_an_old_refresh_token_is_imported_and_its_consent_ends_and_comes_back(ask: Ask, state: StackState) -> None:
    token = old_token(state, ADMIN)
    command = f"""
    '{token}' | Import-PartnerConsent ended -LoginHint {ADMIN.username} -Verbose -Debug
    Revoke-PartnerConsent ended -Confirm:$false
    Restore-PartnerConsent ended
    """
    outcome = ask(command)
    assert outcome.failure is None, outcome.failure
    assert [(act["Consent"], act["Status"]) for act in outcome.output] == [
        ("ended", "stored"),
        ("ended", "withdrawn"),
        ("ended", "stored"),
    ]
    assert token not in outcome.told
    assert secrets_in(state, outcome.told) == []


def test_every_customer_is_tried_and_told_what_is_to_be_done(ask: Ask) -> None:
    outcome = ask("Get-PartnerBrokerCustomer | Test-PartnerAccess -Resource graph")
    found = {row["TenantId"]: row for row in outcome.output}
    assert (found[CONTOSO]["Works"], found[CONTOSO]["Remedy"]) == (True, None)
    assert found[TAILSPIN]["AuthorityCode"] == "AADSTS65001"
    assert f"Grant-PartnerCustomerConsent -Tenant {TAILSPIN}" in found[TAILSPIN]["Remedy"]
    assert "GDAP" in found[WINGTIP]["Remedy"]


def test_an_application_consent_is_made_and_taken_back_and_a_dry_run_changes_nothing(ask: Ask) -> None:
    command = f"""
    $rows = 'CustomerId', '{TAILSPIN}' | ConvertFrom-Csv
    $rows | Grant-PartnerCustomerConsent -WhatIf
    $rows | Grant-PartnerCustomerConsent -Confirm:$false
    $rows | Revoke-PartnerCustomerConsent -WhatIf
    $rows | Revoke-PartnerCustomerConsent -Confirm:$false
    """
    outcome = ask(command)
    assert outcome.failure is None, outcome.failure
    told = [(change["Outcome"], change["DryRun"]) for change in outcome.output]
    assert told == [("created", True), ("created", False), ("removed", True), ("removed", False)]


def test_one_bad_row_does_not_end_the_others(shell: Session, state: StackState) -> None:
    command = """
    $rows = 'TenantId,Resource', 'contoso,graph', 'nowhere,graph', ',graph', 'contoso,exchange' | ConvertFrom-Csv
    $tokens = $rows | Get-PartnerToken -ErrorVariable refused -ErrorAction SilentlyContinue
    @{ tokens = @($tokens).Count; refused = @($refused.TargetObject); ids = @($refused.FullyQualifiedErrorId) }
    """
    found = returned(shell.run(command, app_service(state)))
    assert (found["tokens"], found["refused"]) == (2, ["nowhere", ""])
    assert found["ids"] == ["tenant_name_unknown,Get-PartnerToken", "parameter_refused,Get-PartnerToken"]


@pytest.mark.parametrize(
    ("username", "command", "told"),
    [
        (SECOND_ADMIN.username, "Get-PartnerConsent", ("role_missing", "PermissionDenied", "Consent.Read")),
        (ADMIN.username, "Get-PartnerConsent nobody", ("consent_not_found", "ObjectNotFound", "Get-PartnerConsent")),
        (
            ADMIN.username,
            "Test-PartnerAccess contoso -Consent absent",
            ("invalid_request", "InvalidArgument", "Correct"),
        ),
        (
            ADMIN.username,
            f"Test-PartnerAccess {CONTOSO} -Consent absent",
            ("consent_absent", "InvalidOperation", "New-PartnerConsentLink -Consent absent"),
        ),
        (
            ADMIN.username,
            f"Revoke-PartnerCustomerConsent {PARTNER_TENANT} -Confirm:$false",
            ("invalid_request", "InvalidArgument", "Correct"),
        ),
        (
            ADMIN.username,
            "Get-PartnerToken contoso graph -Identity AzPowerShell",
            ("assertion_of_another_kind", "AuthenticationError", "for workloads"),
        ),
        ("", "Get-PartnerConsent -Identity AzCli", ("no_identity", "AuthenticationError", "az login")),
    ],
)
def test_what_is_refused_says_what_to_do_at_this_prompt(
    ask: Ask, username: str, command: str, told: tuple[str, str, str]
) -> None:
    failure, (code, category, words) = failure_of(ask(command, username)), told
    assert (failure.code, failure.category) == (code, category)
    assert words in failure.recommended
    assert failure.recommended in failure.message
    assert "/api/" not in failure.message


@contextmanager
def broken(state: StackState, what: str) -> Iterator[None]:
    """A part of the stack out of order; everything is as before afterwards."""
    vault, entra = Controls(state, state.token_vault), Controls(state, state.entra)
    if what == "vault closed":
        vault.post("faults", {"path": ".*", "times": -1, "status": 503})
    elif what == "secret expired":
        entra.post("errors", {"code": 7000222, "times": -1})
    elif what == "session revoked":
        entra.post("errors", {"code": 50173, "times": -1})
    try:
        yield
    finally:
        vault.clear("faults")
        entra.clear("errors")


@pytest.mark.parametrize(
    ("what", "command", "told"),
    [
        ("vault closed", "Get-PartnerConsent", ("vault_unavailable", "ResourceUnavailable", "Try again")),
        (
            "secret expired",
            "Get-PartnerBrokerCustomer",
            ("application_misconfigured", "InvalidOperation", "renews an expired one"),
        ),
        (
            "session revoked",
            "Get-PartnerBrokerCustomer",
            ("new_consent_needed", "InvalidOperation", "New-PartnerConsentLink -Consent partner"),
        ),
        (
            "consent withdrawn",
            "Test-PartnerAccess home -Resource partnercenter -Consent gone",
            ("consent_withdrawn", "InvalidOperation", "Restore-PartnerConsent -Consent gone"),
        ),
        (
            "nobody signed in",
            "$env:PERSON = ''; Get-PartnerConsent",
            ("not_signed_in", "AuthenticationError", "Connect-AzAccount -Tenant"),
        ),
        (
            "broker of another name",
            "Get-PartnerConsent -BrokerUrl https://127.0.0.1:9",
            ("no_answer", "ConnectionError", "network"),
        ),
    ],
)
def test_what_is_broken_is_told_rightly(
    ask: Ask, state: StackState, *, what: str, command: str, told: tuple[str, str, str]
) -> None:
    if what == "consent withdrawn":
        given = f"'{old_token(state, ADMIN)}' | Import-PartnerConsent gone; Revoke-PartnerConsent gone -Confirm:$false"
        assert ask(given).failure is None
    unhurried = "function global:Start-Sleep { }"
    with broken(state, what):
        outcome = ask(f"{unhurried}; try {{ {command} }} finally {{ Remove-Item Function:Start-Sleep }}")
    failure = failure_of(outcome)
    code, category, words = told
    assert (failure.code, failure.category) == (code, category)
    assert words in failure.recommended
    assert secrets_in(state, failure.message) == []


def test_whoever_signs_in_as_somebody_else_asks_as_that_one(ask: Ask, persons: dict[str, str]) -> None:
    command = """
    try { Get-PartnerConsent -Consent partner } catch { $refused = $_.Exception.Data['Code'] }
    $env:PERSON = $env:OTHER
    @{ refused = $refused; status = (Get-PartnerConsent -Consent partner).Status }
    """
    other = f"$env:OTHER = '{persons[ADMIN.username]}'"
    found = returned(ask(f"{other}\n{command}", SECOND_ADMIN.username))
    assert found == {"refused": "role_missing", "status": "ok"}
