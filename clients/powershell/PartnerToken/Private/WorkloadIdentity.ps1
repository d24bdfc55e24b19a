# Workload identity federation: a token of the cluster or the pipeline becomes a token of Entra ID.

# Kubernetes, and whatever else writes a token file; the variables are azure-identity's.
function Request-WorkloadIdentityToken {
    [CmdletBinding()]
    param([string] $Audience, [string] $ClientId)
    Assert-Variable -Name 'AZURE_FEDERATED_TOKEN_FILE', 'AZURE_TENANT_ID', 'AZURE_CLIENT_ID' -Identity 'WorkloadIdentity'
    # Read anew each time: the file is rewritten while the job runs.
    $assertion = Read-SecretFile -Path $env:AZURE_FEDERATED_TOKEN_FILE -Advice 'AZURE_FEDERATED_TOKEN_FILE names it.'
    $id = if ($ClientId) { $ClientId } else { $env:AZURE_CLIENT_ID }
    Request-FederatedToken -Audience $Audience -Tenant $env:AZURE_TENANT_ID -ClientId $id -Assertion $assertion -Identity 'WorkloadIdentity'
}

# A task of Azure Pipelines that has a service connection sets the last three variables; SYSTEM_ACCESSTOKEN has to be
# mapped from $(System.AccessToken).
function Request-AzurePipelinesToken {
    [CmdletBinding()]
    param([string] $Audience, [string] $ClientId)
    Assert-Variable -Identity 'AzurePipelines' -Name 'SYSTEM_OIDCREQUESTURI', 'SYSTEM_ACCESSTOKEN', 'AZURESUBSCRIPTION_SERVICE_CONNECTION_ID', 'AZURESUBSCRIPTION_TENANT_ID', 'AZURESUBSCRIPTION_CLIENT_ID'
    $request = Get-AzurePipelinesRequest -OidcUri $env:SYSTEM_OIDCREQUESTURI -ServiceConnection $env:AZURESUBSCRIPTION_SERVICE_CONNECTION_ID -JobToken (Protect-Text -Text $env:SYSTEM_ACCESSTOKEN)
    $assertion = Read-Assertion -Answer (Send-Request -Request $request) -Field 'oidcToken' -Identity 'AzurePipelines'
    $id = if ($ClientId) { $ClientId } else { $env:AZURESUBSCRIPTION_CLIENT_ID }
    Request-FederatedToken -Audience $Audience -Tenant $env:AZURESUBSCRIPTION_TENANT_ID -ClientId $id -Assertion $assertion -Identity 'AzurePipelines'
}

function Request-GitHubActionsToken {
    [CmdletBinding()]
    param([string] $Audience, [string] $ClientId)
    Assert-Variable -Identity 'GitHubActions' -Name 'ACTIONS_ID_TOKEN_REQUEST_URL', 'ACTIONS_ID_TOKEN_REQUEST_TOKEN', 'AZURE_TENANT_ID', 'AZURE_CLIENT_ID'
    $request = Get-GitHubRequest -OidcUri $env:ACTIONS_ID_TOKEN_REQUEST_URL -JobToken (Protect-Text -Text $env:ACTIONS_ID_TOKEN_REQUEST_TOKEN)
    $assertion = Read-Assertion -Answer (Send-Request -Request $request) -Field 'value' -Identity 'GitHubActions'
    $id = if ($ClientId) { $ClientId } else { $env:AZURE_CLIENT_ID }
    Request-FederatedToken -Audience $Audience -Tenant $env:AZURE_TENANT_ID -ClientId $id -Assertion $assertion -Identity 'GitHubActions'
}

# Entra ID; the variable is azure-identity's.
function Get-Authority {
    [CmdletBinding()]
    [OutputType([string])]
    param()
    if ($env:AZURE_AUTHORITY_HOST) { $env:AZURE_AUTHORITY_HOST.TrimEnd('/') } else { 'https://login.microsoftonline.com' }
}

function Request-FederatedToken {
    [CmdletBinding()]
    param([string] $Audience, [string] $Tenant, [string] $ClientId, [securestring] $Assertion, [string] $Identity)
    $request = Get-FederationRequest -Authority (Get-Authority) -Tenant $Tenant -ClientId $ClientId -Assertion $Assertion -Audience $Audience
    Read-OwnToken -Answer (Send-Request -Request $request) -Identity $Identity
}

# The pipeline's token in the answer of its platform.
function Read-Assertion {
    [CmdletBinding()]
    [OutputType([securestring])]
    param([Parameter(Mandatory)] $Answer, [Parameter(Mandatory)][string] $Field, [Parameter(Mandatory)][string] $Identity)
    $text = Get-Field -Object $Answer.Content -Name $Field
    if (-not $text) {
        throw (Get-IdentityFailure -Answer $Answer -Identity $Identity)
    }
    Protect-Text -Text $text
}
