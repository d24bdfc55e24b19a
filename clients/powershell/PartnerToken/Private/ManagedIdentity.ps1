# Managed identities: App Service and Functions, Automation, Azure Arc, virtual machines.

$script:ArcEndpoint = 'http://localhost:40342/metadata/identity/oauth2/token'
$script:LongestArcKey = 4096
# A machine that is none of Azure's has nobody at the address of the metadata service.
$script:MetadataPatienceSeconds = 3

function Request-AppServiceToken {
    [CmdletBinding()]
    param([string] $Audience, [string] $ClientId)
    Assert-Variable -Name 'IDENTITY_ENDPOINT', 'IDENTITY_HEADER' -Identity 'AppService'
    $request = Get-AppServiceRequest -Endpoint $env:IDENTITY_ENDPOINT -Secret (Protect-Text -Text $env:IDENTITY_HEADER) -Audience $Audience
    if ($ClientId) { $request['Query']['client_id'] = $ClientId }
    Read-OwnToken -Answer (Send-Request -Request $request) -Identity 'AppService'
}

function Request-AutomationToken {
    [CmdletBinding()]
    param([string] $Audience, [string] $ClientId)
    Assert-Variable -Name 'IDENTITY_ENDPOINT', 'IDENTITY_HEADER' -Identity 'Automation'
    $request = Get-AutomationRequest -Endpoint $env:IDENTITY_ENDPOINT -Secret (Protect-Text -Text $env:IDENTITY_HEADER) -Audience $Audience
    if ($ClientId) { $request['Query']['client_id'] = $ClientId }
    Read-OwnToken -Answer (Send-Request -Request $request) -Identity 'Automation'
}

function Request-VirtualMachineToken {
    [CmdletBinding()]
    param([string] $Audience, [string] $ClientId)
    $request = Get-VirtualMachineRequest -Audience $Audience
    if ($ClientId) { $request['Query']['client_id'] = $ClientId }
    try {
        $answer = Send-Request -Request $request -TimeoutSeconds $script:MetadataPatienceSeconds
    }
    catch {
        throw (Get-NoIdentity)
    }
    Read-OwnToken -Answer $answer -Identity 'VirtualMachine'
}

# Azure Arc has one identity; it proves by a file that the caller is an administrator of the machine.
function Request-ArcToken {
    [CmdletBinding()]
    param([string] $Audience)
    $endpoint = if ($env:IDENTITY_ENDPOINT) { $env:IDENTITY_ENDPOINT } else { $script:ArcEndpoint }
    $challenge = Send-Request -Request (Get-ArcChallengeRequest -Endpoint $endpoint -Audience $Audience)
    if ($challenge.Status -ne 401) {
        throw (Get-IdentityFailure -Answer $challenge -Identity 'Arc')
    }
    $key = Read-ArcKey -Challenge ([string] $challenge.Headers['www-authenticate'])
    Read-OwnToken -Answer (Send-Request -Request (Get-ArcRequest -Endpoint $endpoint -Key $key -Audience $Audience)) -Identity 'Arc'
}

# What the file of a challenge holds; no other file than the agent's own is opened, whoever answered.
function Read-ArcKey {
    [CmdletBinding()]
    [OutputType([securestring])]
    param([string] $Challenge)
    $folder = if (Test-Windows) { Join-Path -Path $env:ProgramData -ChildPath 'AzureConnectedMachineAgent\Tokens' } else { '/var/opt/azcmagent/tokens' }
    $path = if ($Challenge -match '^Basic realm=(?<file>.+)$') { [System.IO.Path]::GetFullPath($Matches['file']) } else { '' }
    $isExpected = $path.EndsWith('.key') -and [System.IO.Path]::GetDirectoryName($path) -eq $folder
    $isTooLong = $isExpected -and [System.IO.File]::Exists($path) -and [System.IO.FileInfo]::new($path).Length -gt $script:LongestArcKey
    if (-not $isExpected -or $isTooLong) {
        throw (Get-Failure -Code 'arc_challenge_refused' -Message "The challenge names no key file of the Azure Arc agent in $folder; nothing was read.")
    }
    Read-SecretFile -Path $path -Advice 'This account has to be an administrator, or in the group himds (Linux) or Hybrid agent extension applications (Windows).'
}

function Test-ArcAgent {
    [CmdletBinding()]
    [OutputType([bool])]
    param()
    if ($env:IDENTITY_ENDPOINT -and $env:IMDS_ENDPOINT) { return $true }
    $agent = if (Test-Windows) { Join-Path -Path $env:ProgramFiles -ChildPath 'AzureConnectedMachineAgent\himds.exe' } else { '/opt/azcmagent/bin/himds' }
    Test-Path -LiteralPath $agent
}

function Test-Windows {
    [CmdletBinding()]
    [OutputType([bool])]
    param()
    [System.Environment]::OSVersion.Platform -eq [System.PlatformID]::Win32NT
}

# An identity that was asked for by name, where what it needs is not set.
function Assert-Variable {
    [CmdletBinding()]
    param([string[]] $Name, [string] $Identity)
    $missing = $Name | Where-Object -FilterScript { -not [System.Environment]::GetEnvironmentVariable($_) }
    if ($missing) {
        throw (Get-Failure -Code 'no_identity' -Message "-Identity $Identity needs the environment variable $($missing -join ', '), which is not set here.")
    }
}
