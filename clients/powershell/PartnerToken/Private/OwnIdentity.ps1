# Who asks: the identity that this machine, job or session has, and its token for the broker.

$script:OwnTokens = @{}
# As the SDKs do: nobody is handed a token that ends while it is being used.
$script:LeastLifetimeSeconds = 300

# A token of one's own for the broker, kept in memory until shortly before its end.
function Get-OwnToken {
    [CmdletBinding()]
    [OutputType([securestring])]
    param(
        [Parameter(Mandatory)][string] $Audience,
        [Parameter(Mandatory)][string] $Identity,
        [AllowNull()][AllowEmptyString()][string] $ClientId,
        [hashtable] $Kept = $script:OwnTokens
    )
    $name = "$Identity|$ClientId|$Audience"
    $own = $Kept[$name]
    if ($null -eq $own -or $own.ExpiresOn -lt [DateTimeOffset]::UtcNow.AddSeconds($script:LeastLifetimeSeconds)) {
        Write-Verbose -Message "Asking for a token of one's own: $Identity."
        $own = Request-OwnToken -Audience $Audience -Identity $Identity -ClientId $ClientId
        $Kept[$name] = $own
    }
    $own.Token
}

function Request-OwnToken {
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param([string] $Audience, [string] $Identity, [string] $ClientId)
    switch ($Identity) {
        'AppService' { Request-AppServiceToken -Audience $Audience -ClientId $ClientId }
        'Automation' { Request-AutomationToken -Audience $Audience -ClientId $ClientId }
        'Arc' { Request-ArcToken -Audience $Audience }
        'VirtualMachine' { Request-VirtualMachineToken -Audience $Audience -ClientId $ClientId }
        'WorkloadIdentity' { Request-WorkloadIdentityToken -Audience $Audience -ClientId $ClientId }
        'AzurePipelines' { Request-AzurePipelinesToken -Audience $Audience -ClientId $ClientId }
        'GitHubActions' { Request-GitHubActionsToken -Audience $Audience -ClientId $ClientId }
        'AzPowerShell' { Request-AzPowerShellToken -Audience $Audience }
        'AzCli' { Request-AzCliToken -Audience $Audience }
    }
}

# What is set up here. Variables first, since they say so at no cost; then who is signed in; a virtual machine last,
# since asking its metadata service is the only way to know. Where tokens are asked for, a person's sign-in is passed
# over: the broker gives people none. An operator's commands take it, before the agent of the machine it was made on.
function Find-OwnIdentity {
    [CmdletBinding()]
    [OutputType([string])]
    param([switch] $ForPeople)
    if ($env:AZURE_FEDERATED_TOKEN_FILE) { return 'WorkloadIdentity' }
    if ($env:IDENTITY_ENDPOINT -and $env:IDENTITY_HEADER) {
        if ($env:AUTOMATION_ASSET_ACCOUNTID) { return 'Automation' }
        return 'AppService'
    }
    if (-not $ForPeople -and (Test-ArcAgent)) { return 'Arc' }
    if ($env:SYSTEM_OIDCREQUESTURI -and $env:SYSTEM_ACCESSTOKEN -and $env:AZURESUBSCRIPTION_SERVICE_CONNECTION_ID) { return 'AzurePipelines' }
    if ($env:ACTIONS_ID_TOKEN_REQUEST_URL -and $env:AZURE_CLIENT_ID) { return 'GitHubActions' }
    if (Test-AzPowerShell -ForPeople:$ForPeople) { return 'AzPowerShell' }
    if (Test-AzCli -ForPeople:$ForPeople) { return 'AzCli' }
    if ($ForPeople -and (Test-ArcAgent)) { return 'Arc' }
    'VirtualMachine'
}

# The last resort is none: a machine outside Azure, or one without an identity.
function Get-NoIdentity {
    [CmdletBinding()]
    [OutputType([System.Management.Automation.ErrorRecord])]
    param([switch] $ForPeople)
    if ($ForPeople) {
        return Get-Failure -Code 'not_signed_in' -Message 'Nobody is signed in here, and this machine has no identity of its own.' -Recommendation $script:HowToSignIn
    }
    Get-Failure -Code 'no_identity' -Message 'No identity was found here: no managed identity (App Service, Functions, Automation, Azure Arc, virtual machine), no workload identity of a pipeline, no workload signed in to Az PowerShell or Azure CLI.' -Recommendation 'Run this where a workload has an identity, or sign one in: Connect-AzAccount -Identity, or az login --identity. A person who is signed in gets no tokens.'
}

# A token and its end, from an answer with `access_token` and one of `expires_on` (epoch seconds) and `expires_in`.
function Read-OwnToken {
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param([Parameter(Mandatory)] $Answer, [Parameter(Mandatory)][string] $Identity)
    $text = Get-Field -Object $Answer.Content -Name 'access_token'
    if ($Answer.Status -ne 200 -or -not $text) {
        throw (Get-IdentityFailure -Answer $Answer -Identity $Identity)
    }
    $end = Get-Field -Object $Answer.Content -Name 'expires_on'
    $lifetime = Get-Field -Object $Answer.Content -Name 'expires_in'
    $expires = [DateTimeOffset]::UtcNow
    if ($end) { $expires = [DateTimeOffset]::FromUnixTimeSeconds([long] $end) }
    elseif ($lifetime) { $expires = $expires.AddSeconds([long] $lifetime) }
    [pscustomobject] @{ Token = Protect-Text -Text $text; ExpiresOn = $expires }
}

# What an identity's endpoint or Entra ID says when it gives no token.
function Get-IdentityFailure {
    [CmdletBinding()]
    [OutputType([System.Management.Automation.ErrorRecord])]
    param([Parameter(Mandatory)] $Answer, [Parameter(Mandatory)][string] $Identity)
    $sentence = foreach ($name in 'error_description', 'message', 'error') {
        $told = Get-Field -Object $Answer.Content -Name $name
        if ($told) { [string] $told; break }
    }
    $told = "${Identity} gave no token for the broker (HTTP $($Answer.Status)). $(Get-PlainText -Value $sentence)".Trim()
    Get-Failure -Code 'no_own_token' -Status $Answer.Status -Message $told -Recommendation "Check that the identity exists here and that -Audience is the broker's."
}
