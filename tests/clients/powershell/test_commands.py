"""The module's commands under a real PowerShell against the running stack."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local.demo import claims_of
from local.stack import identity_environment
from local.state import StackState
from local.workload import Workload
from local.world import BROKER_API, CONTOSO, PARTNER_APPLICATION, PARTNER_TENANT
from tests.clients.powershell.pwsh import MODULE, Failure, Outcome, Session, needs_pwsh, powershell
from tests.local_control import Controls
from token_http.module import Module
from token_http.module_table import MODULES

type Ask = Callable[..., Outcome]

pytestmark = needs_pwsh

GRAPH = "https://graph.microsoft.com"
EXCHANGE = "https://outlook.office365.com"
PARTNER_CENTER = "https://api.partnercenter.microsoft.com"
CORRELATION = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def bare(state: StackState) -> dict[str, str]:
    """A machine without any identity, on which the broker is named."""
    return {"BROKER_URL": state.host, "BROKER_AUDIENCE": f"api://{BROKER_API}"}


def app_service(state: StackState, identity: str = "reports") -> dict[str, str]:
    """The same as an App Service with this managed identity."""
    return bare(state) | identity_environment(state, identity)


@pytest.fixture
def ask(shell: Session, state: StackState) -> Ask:
    """Runs a command on such an App Service, with other variables where they are given."""

    def asked(command: str, identity: str = "reports", more: Mapping[str, str] | None = None) -> Outcome:
        return shell.run(command, app_service(state, identity) | dict(more or {}))

    return asked


def returned(outcome: Outcome) -> Any:  # noqa: ANN401 - whatever the command returned
    """The one thing that a command returned."""
    assert outcome.failure is None, outcome.failure
    (only,) = outcome.output
    return only


def refused(outcome: Outcome) -> Failure:
    """What a command threw, having returned nothing."""
    assert outcome.failure is not None
    assert outcome.output == []
    return outcome.failure


def secrets_in(state: StackState, text: str) -> list[str]:
    """Every token, code and secret of this stack that stands in the text."""
    secrets = {line.split(" ", 1)[1] for line in state.ledger_file.read_text().splitlines()}
    return [one for one in secrets | {*state.identity_headers.values()} if len(one) > 20 and one in text]


def test_a_token_is_a_securestring_with_its_facts(ask: Ask) -> None:
    command = """
    $token = Get-PartnerToken -Tenant contoso -Resource graph
    @{ kind = $token.Token.GetType().Name; ends = $token.ExpiresOn.ToUnixTimeSeconds(); tenant = $token.TenantId
       resource = $token.Resource; scopes = $token.Scopes; type = $token.Type }
    """
    token = returned(ask(command))
    assert (token["kind"], token["type"]) == ("SecureString", "Bearer")
    assert (token["tenant"], token["resource"]) == (CONTOSO, GRAPH)
    assert f"{GRAPH}/Directory.Read.All" in token["scopes"]
    assert token["ends"] > datetime.now(UTC).timestamp()


@pytest.mark.parametrize(
    ("parameters", "audience"),
    [
        ("contoso graph", GRAPH),
        (f"-TenantId {CONTOSO} -Scope {EXCHANGE}/.default", EXCHANGE),
        ("contoso graph -Consent partner -MinLifetime 2400", GRAPH),
        ("contoso graph -Fresh", GRAPH),
        ("contoso graph -As Application", GRAPH),
        ("""contoso graph -Claims '{"access_token": {"acrs": {"essential": true, "value": "c1"}}}'""", GRAPH),
    ],
)
def test_a_token_is_text_when_asked_for(ask: Ask, parameters: str, audience: str) -> None:
    claims = claims_of(returned(ask(f"(Get-PartnerToken {parameters} -AsPlainText).Token")))
    assert (claims["aud"], claims["tid"]) == (audience, CONTOSO)


def test_an_old_scripts_call_is_told_all_that_it_leaves_out_and_works_without(ask: Ask) -> None:
    command = f"""
    $credential = [pscredential]::new('app', (ConvertTo-SecureString 'old-secret' -AsPlainText -Force))
    $old = @{{ ApplicationId = 'app'; Credential = $credential; RefreshToken = 'old-token'; ServicePrincipal = $true }}
    $asked = @{{ Scopes = '{GRAPH}/.default'; Tenant = 'contoso'; ApplicationId = 'app' }}
    try {{ New-PartnerAccessToken @old -Scopes '{GRAPH}/.default' -Tenant contoso }}
    catch {{ $refusal = $_.Exception.Message }}
    $token = New-PartnerAccessToken @asked
    @{{ token = $token.AccessToken; correlation = "$($token.CorrelationId)"; refresh = $token.RefreshToken
        names = $token.PSObject.Properties.Name; refusal = $refusal }}
    """
    outcome = ask(command)
    result = returned(outcome)
    assert "Leave out -RefreshToken, -ServicePrincipal, -Credential:" in result["refusal"]
    assert (claims_of(result["token"])["tid"], result["refresh"]) == (CONTOSO, None)
    assert re.fullmatch(CORRELATION, result["correlation"])
    # The properties of the retired AuthResult.
    assert set(result["names"]) == {
        *("AccessToken", "IsExtendedLifeTimeToken", "UniqueId", "ExpiresOn", "ExtendedExpiresOn", "TenantId"),
        *("Account", "IdToken", "Scopes", "CorrelationId", "RefreshToken"),
    }
    assert "old-" not in outcome.told


def test_a_token_of_the_application_is_asked_for_by_old_and_new_parameters(ask: Ask) -> None:
    command = f"""
    @{{ old = (New-PartnerAccessToken -ServicePrincipal -Scopes '{GRAPH}/.default' -Tenant contoso).AccessToken
        new = (Get-PartnerToken contoso graph -As Application -AsPlainText).Token
        person = (Get-PartnerToken contoso graph -As User -AsPlainText).Token }}
    """
    result = returned(ask(command))
    assert result["old"] == result["new"]
    assert [claims_of(result[name]).get("idtyp") for name in ("new", "person")] == ["app", "user"]


@pytest.mark.parametrize(
    ("parameters", "tenant", "audience"),
    [
        (f"-Scopes {PARTNER_CENTER}/user_impersonation", PARTNER_TENANT, PARTNER_CENTER),
        ("-ApplicationId app", PARTNER_TENANT, PARTNER_CENTER),
        (f"-Resource {GRAPH} -TenantId {CONTOSO}", CONTOSO, GRAPH),
        ("-Module ExchangeOnline -Tenant contoso", CONTOSO, EXCHANGE),
        (f"-Domain contoso -Scopes {GRAPH}/User.Read, {GRAPH}/Mail.Read, offline_access", CONTOSO, GRAPH),
    ],
    ids=["version 2.0, at home", "version 1.5, no API", "version 1.5", "version 3.0", "version 3.0, several scopes"],
)
def test_the_drop_in_asks_as_the_retired_command_meant(ask: Ask, parameters: str, tenant: str, audience: str) -> None:
    claims = claims_of(returned(ask(f"(New-PartnerAccessToken {parameters}).AccessToken")))
    assert (claims["tid"], claims["aud"]) == (tenant, audience)


def test_the_drop_in_warns_of_an_api_that_serves_no_request(ask: Ask) -> None:
    outcome = ask("(New-PartnerAccessToken -Resource https://graph.windows.net -TenantId contoso).AccessToken")
    assert claims_of(returned(outcome))["aud"] == "https://graph.windows.net"
    assert [warning for warning in outcome.warnings if "Azure AD Graph is retired" in warning]


# Parameters of the Connect commands by their documentation, as far as the broker may give them.
CONNECT = {
    "Connect-AzAccount": "$AccessToken, $MicrosoftGraphAccessToken, $KeyVaultAccessToken, $AccountId, $Tenant",
    "Connect-AzureRmAccount": "$AccessToken, $GraphAccessToken, $AccountId, $TenantId",
    "Connect-AzureAD": "$AadAccessToken, $MsAccessToken, $AccountId, $TenantId",
    "Connect-MsolService": "$AdGraphAccessToken, $MsGraphAccessToken",
    "Connect-PartnerCenter": "$AccessToken, $Tenant",
    "Connect-ExchangeOnline": "$AccessToken, $DelegatedOrganization, $Organization, $UserPrincipalName",
    "Connect-MgGraph": "[securestring] $AccessToken",
    "Connect-Entra": "[securestring] $AccessToken",
    "Connect-MicrosoftTeams": "[string[]] $AccessTokens",
    "Connect-PowerBIServiceAccount": "[string] $Token",
    "Connect-IPPSSession": "$AccessToken, $DelegatedOrganization, $AzureADAuthorizationEndpointUri",
    "Connect-PnPOnline": "$AccessToken, $Url",
}
SITE = "https://contoso.sharepoint.com/sites/marketing"
# Beside the module's name.
ASKED = {"PartnerCenter": "", "Compliance": "contoso.onmicrosoft.com", "PnP": f"contoso -Url {SITE}"}
CONTOSOS = ("contoso.example", "contoso.onmicrosoft.com")


def stand_in(command: str) -> str:
    """A command of this name that returns what it was given; a parameter that it does not know is an error."""
    return f"""
    function global:{command} {{
        [CmdletBinding()] param({CONNECT[command]}, [switch] $Quietly)
        $taken = @{{}}
        foreach ($name in $PSBoundParameters.Keys) {{
            $value = $PSBoundParameters[$name]
            if ($value -is [securestring]) {{ $value = ConvertFrom-SecureString $value -AsPlainText }}
            $taken[$name] = if ($value -is [array]) {{ $value }} else {{ "$value" }}
        }}
        $taken
    }}
    """


def exchange_of(*domains: str) -> str:
    """Exchange Online's own commands, in an organization that has these domains."""
    listed = ", ".join(f"'{domain}'" for domain in domains)
    return f"""
    $global:disconnected = 0
    function global:Get-AcceptedDomain {{
        foreach ($one in @({listed})) {{ [pscustomobject] @{{ DomainName = $one }} }}
    }}
    function global:Disconnect-ExchangeOnline {{
        [CmdletBinding(SupportsShouldProcess)] param() $global:disconnected++
    }}
    """


def authority(state: StackState) -> dict[str, str]:
    """Where a domain's tenant is looked for, as Azure's own libraries are told."""
    return {"AZURE_AUTHORITY_HOST": state.entra}


@pytest.mark.parametrize("module", MODULES.values(), ids=lambda module: module.name)
def test_a_module_is_connected_with_the_parameters_of_its_command(ask: Ask, state: StackState, module: Module) -> None:
    asked = ASKED.get(module.name, "contoso")
    command = f"Connect-Partner -Module {module.name.lower()} {asked} -ConnectParameter @{{ Quietly = $true }}"
    outcome = ask(f"{stand_in(module.command)}\n{exchange_of(*CONTOSOS)}\n{command}", more=authority(state))
    taken: Mapping[str, str | list[str]] = returned(outcome)
    assert taken["Quietly"] == "True"
    given = [taken[name] for name in dict.fromkeys(parameter.parameter for parameter in module.tokens)]
    tokens = [claims_of(token) for one in given for token in (one if isinstance(one, list) else [one])]
    assert len(tokens) == len(module.tokens)
    assert {token["tid"] for token in tokens} == {PARTNER_TENANT if module.home_only else CONTOSO}
    retired = [parameter for parameter in module.tokens if parameter.resource == "aadgraph"]
    assert len(outcome.warnings) == len(module.notices) + len(retired)
    assert all("is retired" in warning for warning in outcome.warnings)


@pytest.mark.parametrize(
    ("case", "code"),
    [
        (("contoso", CONTOSOS), ""),
        (("contoso.onmicrosoft.com", CONTOSOS), ""),
        (("home", ("fabrikam.onmicrosoft.com",)), ""),
        (("contoso", ("fabrikam.example", "fabrikam.onmicrosoft.com")), "wrong_organization"),
        (("contoso.onmicrosoft.com", ("fabrikam.example", "fabrikam.onmicrosoft.com")), "wrong_organization"),
        (("contoso.onmicrosoft.com", ("contoso.onmicrosoft.com.evil.example",)), "wrong_organization"),
        (("contoso", ("contoso.example",)), "organization_unknown"),
        (("contoso", ("nobody.onmicrosoft.com",)), "organization_unknown"),
        (("contoso", ()), "organization_unknown"),
    ],
)
def test_exchange_online_stays_connected_to_the_customers_own_organization_alone(
    ask: Ask, state: StackState, case: tuple[str, tuple[str, ...]], code: str
) -> None:
    tenant, domains = case
    command = f"{stand_in('Connect-ExchangeOnline')}\n{exchange_of(*domains)}\n"
    outcome = ask(f"{command} $null = Connect-Partner ExchangeOnline {tenant}", more=authority(state))
    assert (outcome.failure.code if outcome.failure else "") == code
    assert ask("$global:disconnected").output == [1 if code else 0]


INITIAL = "contoso.onmicrosoft.com"
SAID = f"-ConnectParameter @{{ Organization = '{INITIAL}' }}"


# By a name the broker knows no initial domain, before any check; by that domain it does.
@pytest.mark.parametrize("asked", [f"contoso {SAID}", INITIAL, f"{INITIAL} {SAID}"])
@pytest.mark.parametrize(
    ("domains", "code"), [(CONTOSOS, ""), (("fabrikam.example", "fabrikam.onmicrosoft.com"), "wrong_organization")]
)
def test_the_application_stays_connected_to_the_customers_own_organization_alone(
    ask: Ask, state: StackState, asked: str, *, domains: tuple[str, ...], code: str
) -> None:
    command = f"{stand_in('Connect-ExchangeOnline')}\n{exchange_of(*domains)}\n"
    outcome = ask(f"{command} Connect-Partner ExchangeOnline {asked} -AsApplication", more=authority(state))
    assert (outcome.failure.code if outcome.failure else "") == code
    assert ask("$global:disconnected").output == [1 if code else 0]
    if not code:
        taken = returned(outcome)
        assert (taken["Organization"], "DelegatedOrganization" in taken) == (INITIAL, False)
        assert claims_of(taken["AccessToken"])["idtyp"] == "app"


@pytest.mark.parametrize(
    ("asked", "code", "told"),
    [
        (
            "contoso",
            "organization_unknown",
            f"nothing was connected. Ask by that domain as -Tenant, or say it: {SAID[:17]}",
        ),
        (
            f"{INITIAL} {SAID.replace('contoso', 'fabrikam')}",
            "parameter_refused",
            "Organization is the broker's to give",
        ),
    ],
)
def test_the_application_is_connected_to_no_organization_that_is_unknown_or_another(
    ask: Ask, state: StackState, asked: str, *, code: str, told: str
) -> None:
    connects = "function global:Connect-ExchangeOnline { param($AccessToken, $Organization) $global:connected++ }"
    command = f"$global:connected = 0\n{connects}\n{exchange_of(*CONTOSOS)}\n"
    failure = refused(ask(f"{command} Connect-Partner ExchangeOnline {asked} -AsApplication", more=authority(state)))
    assert failure.code == code
    assert told in failure.message
    assert ask("$global:connected").output == [0]


def test_without_the_command_that_tells_the_organization_exchange_online_is_disconnected(ask: Ask) -> None:
    away = "Remove-Item Function:Get-AcceptedDomain"
    command = f"{stand_in('Connect-ExchangeOnline')}\n{exchange_of()}\n{away}\n"
    failure = refused(ask(f"{command} $null = Connect-Partner ExchangeOnline contoso"))
    assert (failure.code, ask("$global:disconnected").output) == ("organization_unknown", [1])


@pytest.mark.parametrize(
    ("command", "code", "told"),
    [
        (
            "Connect-Partner SPO contoso",
            "parameter_refused",
            "Connect-SPOService takes no access token. Use -Module PnP",
        ),
        ("Connect-Partner AzureDevOps contoso", "parameter_refused", "Use Get-PartnerToken -Resource devops."),
        (
            "function global:Connect-IPPSSession { param($UserPrincipalName) }; Connect-Partner Compliance contoso",
            *("module_missing", "takes no -AccessToken. Install ExchangeOnlineManagement 3.8.0 or newer"),
        ),
    ],
)
def test_what_cannot_be_connected_is_refused_with_what_to_do(ask: Ask, command: str, code: str, told: str) -> None:
    failure = refused(ask(command))
    assert failure.code == code
    assert told in failure.message


def test_a_connect_command_that_is_another_ones_alias_gets_its_secret_as_that_one_takes_it(ask: Ask) -> None:
    """Connect-Entra is documented as an alias for Connect-MgGraph."""
    alias = (
        "Remove-Item Function:Connect-Entra -ErrorAction Ignore; Set-Alias Connect-Entra Connect-MgGraph -Scope Global"
    )
    taken = returned(ask(f"{stand_in('Connect-MgGraph')}\n{alias}\nConnect-Partner -Module Entra contoso"))
    assert claims_of(taken["AccessToken"])["aud"] == GRAPH


@pytest.mark.parametrize(
    ("command", "identity", "refusal"),
    [
        ("Get-PartnerToken contoso graph", "intruder", ("not_permitted", 403)),
        ("Get-PartnerToken contoso graph", "stranger", ("role_missing", 403)),
        ("Get-PartnerToken contoso graph -Consent spare", "reports", ("consent_absent", 400)),
        (f"Get-PartnerToken contoso graph -Audience {GRAPH}", "reports", ("assertion_for_another_audience", 401)),
        (f"New-PartnerAccessToken -Scopes {GRAPH}/.default -Tenant nowhere", "reports", ("tenant_name_unknown", 403)),
        ("Connect-Partner Graph contoso", "intruder", ("not_permitted", 403)),
        # Each has a row for a person's tokens of this.
        ("Get-PartnerToken contoso arm -As Application", "reports", ("not_permitted", 403)),
        ("New-PartnerAccessToken -ServicePrincipal -Resource arm -Tenant contoso", "reports", ("not_permitted", 403)),
        ("Connect-Partner Az contoso -AsApplication", "reports", ("not_permitted", 403)),
    ],
)
def test_a_refusal_has_code_remedy_and_correlation_id(
    ask: Ask, command: str, identity: str, refusal: tuple[str, int]
) -> None:
    failure = refused(ask(f"{stand_in('Connect-MgGraph')}\n{stand_in('Connect-AzAccount')}\n{command}", identity))
    assert (failure.code, failure.status) == refusal
    assert failure.id == f"{failure.code},{command.partition(' ')[0]}"
    assert re.fullmatch(rf"{failure.code}: .+ \(correlation id {CORRELATION}\)", failure.message)
    assert failure.correlation
    assert failure.correlation in failure.message


@pytest.mark.parametrize("identity", ["reports", "intruder"])
@pytest.mark.parametrize(
    "command",
    [
        "Get-PartnerToken contoso graph",
        f"New-PartnerAccessToken -Scopes {GRAPH}/.default -Tenant contoso",
        "Connect-Partner Graph contoso",
    ],
)
def test_no_stream_and_no_error_is_told_a_token(ask: Ask, state: StackState, identity: str, command: str) -> None:
    outcome = ask(f"{stand_in('Connect-MgGraph')}\n$null = {command} -Verbose -Debug", identity)
    assert "Asking for a token of one's own: AppService." in outcome.told
    assert (outcome.failure is None) == (identity == "reports")
    assert secrets_in(state, outcome.told) == []


def test_while_the_broker_asks_to_wait_it_is_asked_four_times(ask: Ask, state: StackState) -> None:
    """With a claims challenge of its own: no token for it is remembered, nor its failure for another test."""
    command = """
    $global:waits = @()
    function global:Start-Sleep { param($Seconds) $global:waits += $Seconds }
    Get-PartnerToken contoso graph -Claims '{"access_token": {"acrs": {"essential": true, "value": "c2"}}}'
    """
    entra = Controls(state, state.entra)
    entra.post("faults", {"method": "POST", "path": ".*/token", "times": -1, "status": 503})
    try:
        failure = refused(ask(command))
    finally:
        entra.clear("faults")
        waits = ask("Remove-Item Function:Start-Sleep; $global:waits").output
    assert (failure.code, failure.status) == ("authority_unavailable", 503)
    assert len(waits) == 3
    assert all(1 <= wait <= 30 for wait in waits)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "https://127.0.0.1:9"])
def test_nobody_at_the_brokers_address_is_named(ask: Ask, address: str) -> None:
    failure = refused(ask("Get-PartnerToken contoso graph", more={"BROKER_URL": address}))
    assert failure.code == "no_answer"
    assert re.fullmatch(r"No answer from 127\.0\.0\.1:9 \(.+\)\. Check .+\.", failure.message)


def test_somebody_else_at_the_brokers_address_is_not_taken_for_it(ask: Ask, state: StackState) -> None:
    failure = refused(ask("Get-PartnerToken contoso graph", more={"BROKER_URL": state.managed_identity}))
    assert (failure.code, failure.status) == ("not_the_broker", 404)


def test_a_token_file_becomes_a_token_of_ones_own(shell: Session, state: StackState, tmp_path: Path) -> None:
    """The broker knows the application and says what it lacks: the exchange before it worked."""
    (tmp_path / "token").write_text(Workload(state=state, name="broker").assertion("api://AzureADTokenExchange"))
    variables = bare(state) | {
        "AZURE_FEDERATED_TOKEN_FILE": str(tmp_path / "token"),
        "AZURE_TENANT_ID": PARTNER_TENANT,
        "AZURE_CLIENT_ID": PARTNER_APPLICATION,
        "AZURE_AUTHORITY_HOST": state.entra,
    }
    assert refused(shell.run("Get-PartnerToken contoso graph", variables)).code == "role_missing"


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"IDENTITY_HEADER": "wrong"}, "X-IDENTITY-HEADER is missing or wrong"),
        ({"BROKER_AUDIENCE": "api://nobody"}, "AADSTS500011"),
        ({"AZURE_CLIENT_ID": PARTNER_APPLICATION}, "No managed identity of this app"),
    ],
)
def test_an_identity_that_gives_no_token_is_told_of(ask: Ask, more: Mapping[str, str], named: str) -> None:
    failure = refused(ask("Get-PartnerToken contoso graph", more=more))
    assert failure.code == "no_own_token"
    assert named in failure.message


def test_a_person_sees_what_to_do_and_neither_a_trace_nor_a_token(state: StackState) -> None:
    """A process of its own, which ends at the error as an unattended job does."""
    script = f"""
    $ErrorActionPreference = 'Stop'
    Import-Module '{MODULE}'
    Get-PartnerToken contoso graph
    'and after it'
    """
    seen = powershell("-Command", script, variables=app_service(state, "intruder"))
    assert (seen.returncode, seen.stdout) == (1, "")
    # The view breaks lines at the width of a terminal, behind a bar.
    told = " ".join(seen.stderr.replace("|", " ").split())
    assert re.search(rf"not_permitted: .*\(correlation id {CORRELATION}\) Recommendation: Add a permission ", told)
    assert not re.search(r"Exception|\.ps1|   at ", seen.stderr)
    assert secrets_in(state, seen.stderr) == []
