# Who is signed in already, a workload or a person: Az PowerShell's context, Azure CLI's account.

$script:AzWorkloads = 'ServicePrincipal', 'ManagedService', 'ClientAssertion'

$script:HowToSignIn = 'Sign in to the partner''s own tenant: Connect-AzAccount -Tenant <partner tenant>, or az login --tenant <partner tenant>. A workload signs in with --identity or --service-principal.'

function Request-AzPowerShellToken {
    [CmdletBinding()]
    param([string] $Audience)
    $command = Get-Command -Name 'Get-AzAccessToken' -ErrorAction SilentlyContinue
    if (-not $command) {
        throw (Get-Failure -Code 'no_identity' -Message '-Identity AzPowerShell needs the module Az.Accounts, which is not here.' -Recommendation 'Install-Module Az.Accounts, then Connect-AzAccount.')
    }
    $parameters = @{ ResourceUrl = $Audience; ErrorAction = 'Stop' }
    # Before Az.Accounts 2.17 there was a plain text and no choice; before 5.0 (Az 14) the choice had to be made.
    if ($command.Parameters.ContainsKey('AsSecureString')) { $parameters['AsSecureString'] = $true }
    try { $answer = Get-AzAccessToken @parameters }
    catch { throw (Get-SignInFailure -Told $_.Exception.Message -By 'Az PowerShell') }
    $text = Get-Field -Object $answer -Name 'Token'
    if (-not $text) { throw (Get-SignInFailure -Told '' -By 'Az PowerShell') }
    $secret = if ($text -is [securestring]) { $text } else { Protect-Text -Text $text }
    [pscustomobject] @{ Token = $secret; ExpiresOn = [DateTimeOffset] $answer.ExpiresOn }
}

function Test-AzPowerShell {
    [CmdletBinding()]
    [OutputType([bool])]
    param([switch] $ForPeople)
    if (-not (Get-Command -Name 'Get-AzContext' -ErrorAction SilentlyContinue)) { return $false }
    $account = Get-Field -Object (Get-AzContext -ErrorAction SilentlyContinue) -Name 'Account'
    $null -ne $account -and ($ForPeople -or $account.Type -in $script:AzWorkloads)
}

function Request-AzCliToken {
    [CmdletBinding()]
    param([string] $Audience)
    if (-not (Get-AzCli)) {
        throw (Get-Failure -Code 'no_identity' -Message '-Identity AzCli needs Azure CLI, and az is not on the PATH.' -Recommendation 'Install it, then az login; or sign in with Connect-AzAccount.')
    }
    $told = Invoke-AzCli -Argument 'account', 'get-access-token', '--resource', $Audience, '--output', 'json'
    $answer = Read-JsonObject -Text $told.Output
    $text = Get-Field -Object $answer -Name 'accessToken'
    if (-not $text) { throw (Get-SignInFailure -Told $told.Complaint -By 'Azure CLI') }
    $end = Get-Field -Object $answer -Name 'expires_on'
    # An older Azure CLI tells the end in local time alone: ask it again each time, it keeps tokens itself.
    $expires = if ($end) { [DateTimeOffset]::FromUnixTimeSeconds([long] $end) } else { [DateTimeOffset]::UtcNow }
    [pscustomobject] @{ Token = Protect-Text -Text $text; ExpiresOn = $expires }
}

function Test-AzCli {
    [CmdletBinding()]
    [OutputType([bool])]
    param([switch] $ForPeople)
    $kind = (Invoke-AzCli -Argument 'account', 'show', '--query', 'user.type', '--output', 'tsv').Output.Trim()
    $kind -eq 'servicePrincipal' -or ($ForPeople -and $kind -ne '')
}

# No token of who is signed in. Entra ID's number says most, where there is one; the first line is the complaint itself.
function Get-SignInFailure {
    [CmdletBinding()]
    [OutputType([System.Management.Automation.ErrorRecord])]
    param([AllowEmptyString()][string] $Told, [Parameter(Mandatory)][string] $By)
    $first = "$Told".Trim() -split '[\r\n]+' | Where-Object -FilterScript { $_ } | Select-Object -First 1
    $says = Get-PlainText -Value ("$first" -replace '^ERROR:\s*')
    if ($says -match 'AADSTS(500011|50001|650057|65001)\b') {
        # Signed in, and the broker is not known under this name there.
        return Get-Failure -Code 'no_own_token' -Message "$By gave no token for the broker: $says" -AuthorityCode "AADSTS$($Matches[1])" -Recommendation "Check -Audience (or BROKER_AUDIENCE), and that you are signed in to the partner's own tenant, where the broker's registration admits $By (docs/deploy.md)."
    }
    $codes = @([regex]::Matches($says, 'AADSTS\d+') | ForEach-Object -Process { $_.Value } | Select-Object -Unique)
    if (-not $says) { $says = 'it names no reason.' }
    Get-Failure -Code 'not_signed_in' -Message "$By gave no token for the broker: $says" -AuthorityCode $codes -Recommendation $script:HowToSignIn
}

function Get-AzCli {
    [CmdletBinding()]
    param()
    Get-Command -Name 'az' -CommandType Application -ErrorAction SilentlyContinue | Select-Object -First 1
}

# What Azure CLI prints, and what it complains of; nothing where it is not installed.
function Invoke-AzCli {
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param([string[]] $Argument)
    $az = Get-AzCli
    if (-not $az) { return [pscustomobject] @{ Output = ''; Complaint = '' } }
    # Windows PowerShell makes an error of every line on stderr, and `Stop` would end here for a mere warning.
    $ErrorActionPreference = 'Continue'
    # PowerShell 7's, where somebody has turned it on: an exit code is no error here.
    $PSNativeCommandUseErrorActionPreference = $false
    # A pipeline's step ends with the last exit code, and this one is none of the script's.
    $before = Get-Variable -Name LASTEXITCODE -Scope Global -ValueOnly -ErrorAction Ignore
    try { $lines = @(& $az.Source @Argument 2>&1) }
    finally { $global:LASTEXITCODE = $before }
    $complaints = @($lines | Where-Object -FilterScript { $_ -is [System.Management.Automation.ErrorRecord] } | ForEach-Object -Process { "$_" })
    $errors = @($complaints | Where-Object -FilterScript { $_ -match '^ERROR|AADSTS' })
    [pscustomobject] @{
        Output    = @($lines | Where-Object -FilterScript { $_ -isnot [System.Management.Automation.ErrorRecord] }) -join "`n"
        Complaint = "$(@($errors + $complaints) | Select-Object -First 1)"
    }
}
