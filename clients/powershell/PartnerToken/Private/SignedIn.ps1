# A workload that is signed in already: Az PowerShell's context, Azure CLI's account.

$script:AzWorkloads = 'ServicePrincipal', 'ManagedService', 'ClientAssertion'

function Request-AzPowerShellToken {
    [CmdletBinding()]
    param([string] $Audience)
    $command = Get-Command -Name 'Get-AzAccessToken' -ErrorAction SilentlyContinue
    if (-not $command) {
        throw (Get-Failure -Code 'no_identity' -Message '-Identity AzPowerShell needs the module Az.Accounts: Install-Module Az.Accounts, then Connect-AzAccount as a workload.')
    }
    $parameters = @{ ResourceUrl = $Audience }
    # Before Az.Accounts 2.17 there was a plain text and no choice.
    if ($command.Parameters.ContainsKey('AsSecureString')) { $parameters['AsSecureString'] = $true }
    $answer = Get-AzAccessToken @parameters
    $secret = if ($answer.Token -is [securestring]) { $answer.Token } else { Protect-Text -Text $answer.Token }
    [pscustomobject] @{ Token = $secret; ExpiresOn = [DateTimeOffset] $answer.ExpiresOn }
}

function Test-AzPowerShellWorkload {
    [CmdletBinding()]
    [OutputType([bool])]
    param()
    if (-not (Get-Command -Name 'Get-AzContext' -ErrorAction SilentlyContinue)) { return $false }
    $context = Get-AzContext
    $null -ne $context -and $null -ne $context.Account -and $context.Account.Type -in $script:AzWorkloads
}

function Request-AzCliToken {
    [CmdletBinding()]
    param([string] $Audience)
    $output = Invoke-AzCli -Argument 'account', 'get-access-token', '--resource', $Audience, '--output', 'json'
    $answer = Read-JsonObject -Text ($output -join "`n")
    $text = Get-Field -Object $answer -Name 'accessToken'
    if (-not $text) {
        throw (Get-Failure -Code 'no_own_token' -Message "Azure CLI gave no token for $Audience. Run: az login --identity, or az login --service-principal.")
    }
    $end = Get-Field -Object $answer -Name 'expires_on'
    # An older Azure CLI tells the end in local time alone: ask it again each time, it keeps tokens itself.
    $expires = if ($end) { [DateTimeOffset]::FromUnixTimeSeconds([long] $end) } else { [DateTimeOffset]::UtcNow }
    [pscustomobject] @{ Token = Protect-Text -Text $text; ExpiresOn = $expires }
}

function Test-AzCliWorkload {
    [CmdletBinding()]
    [OutputType([bool])]
    param()
    $kind = Invoke-AzCli -Argument 'account', 'show', '--query', 'user.type', '--output', 'tsv'
    "$kind".Trim() -eq 'servicePrincipal'
}

# What Azure CLI prints; nothing where it is not installed or refuses.
function Invoke-AzCli {
    [CmdletBinding()]
    param([string[]] $Argument)
    $az = Get-Command -Name 'az' -CommandType Application -ErrorAction SilentlyContinue | Select-Object -First 1
    if (-not $az) { return }
    # Windows PowerShell makes an error of every line on stderr, and `Stop` would end here for a mere warning.
    $ErrorActionPreference = 'Continue'
    # A pipeline's step ends with the last exit code, and this one is none of the script's.
    $before = Get-Variable -Name LASTEXITCODE -Scope Global -ValueOnly -ErrorAction Ignore
    try { & $az.Source @Argument 2>$null }
    finally { $global:LASTEXITCODE = $before }
}
