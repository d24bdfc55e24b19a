# The broker: where it is, and asking it again while it says "later".

$script:MostTries = 4
$script:LongestWaitSeconds = 30

# The broker's address without a slash at its end; it must be one that a token may be sent to.
function Get-BrokerAddress {
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()][AllowEmptyString()][string] $BrokerUrl)
    $address = $null
    $isAddress = [uri]::TryCreate($BrokerUrl, [System.UriKind]::Absolute, [ref] $address)
    if (-not $isAddress -or ($address.Scheme -ne 'https' -and -not ($address.Scheme -eq 'http' -and $address.IsLoopback))) {
        $told = if ($BrokerUrl) { "'$(Get-PlainText -Value $BrokerUrl)' is no address that a token may be sent to." } else { 'No broker is named.' }
        throw (Get-Failure -Code 'broker_unknown' -Message $told -Recommendation 'Set BROKER_URL (or -BrokerUrl) to an https address such as https://broker.example; http is for localhost alone.')
    }
    $BrokerUrl.TrimEnd('/')
}

# The identifier URI that tokens for the broker are asked under.
function Get-BrokerAudience {
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()][AllowEmptyString()][string] $Audience)
    if (-not $Audience) {
        throw (Get-Failure -Code 'audience_unknown' -Message 'It is not said what the broker is called in Entra ID.' -Recommendation 'Set BROKER_AUDIENCE (or -Audience), such as api://<its client id>.')
    }
    $Audience.TrimEnd('/')
}

# A broker and who asks it, for one command with all its rows. Whoever is not signed in learns it here, before the first.
function Open-Broker {
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param(
        [AllowEmptyString()][string] $BrokerUrl,
        [AllowEmptyString()][string] $Audience,
        [string] $Identity,
        [AllowEmptyString()][string] $ClientId,
        # Operators are people as well as workloads.
        [switch] $ForPeople
    )
    $broker = [pscustomobject] @{
        Url      = Get-BrokerAddress -BrokerUrl $BrokerUrl
        Audience = Get-BrokerAudience -Audience $Audience
        Identity = $Identity
        ClientId = $ClientId
        # A person signs in as somebody else, and the next command has to ask as that one: nothing is kept any longer.
        Kept     = if ($ForPeople) { @{} } else { $script:OwnTokens }
        Tries    = $script:MostTries
    }
    if ($Identity -eq 'Auto') { $broker.Identity = Find-OwnIdentity -ForPeople:$ForPeople }
    try { $null = Get-Bearer -Broker $broker }
    catch {
        # A number of Entra ID's comes to an identity that is there, and asks under a wrong name.
        $isNone = $_.Exception.Data['Status'] -in 0, 400, 403, 404 -and $_.Exception.Message -notmatch 'AADSTS'
        if ($Identity -eq 'Auto' -and $broker.Identity -eq 'VirtualMachine' -and $isNone) { throw (Get-NoIdentity -ForPeople:$ForPeople) }
        throw
    }
    $broker
}

# The caller's own token, asked for anew shortly before its end alone.
function Get-Bearer {
    [CmdletBinding()]
    [OutputType([securestring])]
    param([Parameter(Mandatory)] $Broker)
    Get-OwnToken -Audience $Broker.Audience -Identity $Broker.Identity -ClientId $Broker.ClientId -Kept $Broker.Kept
}

# The broker's answer to a request, sent as who asks here: once it is one to use; throws what it refuses, and what is
# still away after the last try. While it is away, the rows that follow are tried once each.
function Send-BrokerRequest {
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param([Parameter(Mandatory)] $Broker, [Parameter(Mandatory)][hashtable] $Request)
    $asked = Get-Asked -Request $Request
    $Request['Uri'] = $Broker.Url + $Request['Uri']
    $Request['Bearer'] = Get-Bearer -Broker $Broker
    for ($try = 1; ; $try++) {
        $answer = Send-Request -Request $Request
        $isAway = $answer.Status -in 429, 503
        if (-not $isAway -or $try -ge $Broker.Tries) { break }
        $wait = Get-Wait -Headers $answer.Headers -Try $try
        $why = "HTTP $($answer.Status) $(Get-PlainText -Value (Get-Field -Object $answer.Content -Name 'code'))".Trim()
        $told = "The broker asks to wait ($why): try $($try + 1) of $($Broker.Tries) in $wait s."
        Write-Verbose -Message $told
        Write-Progress -Activity 'Asking the broker' -Status $told
        Start-Sleep -Seconds $wait
    }
    if ($try -gt 1) { Write-Progress -Activity 'Asking the broker' -Completed }
    $Broker.Tries = if ($isAway) { 1 } else { $script:MostTries }
    if ($answer.Status -notin 200, 201 -or $null -eq $answer.Content) {
        $failure = Get-BrokerFailure -Answer $answer -AskedAs $Broker.Identity -Audience $Broker.Audience -Asked $asked
        # A token that was refused is asked for anew next time.
        if (Test-FailureOfAll -Record $failure) { $Broker.Kept.Clear() }
        throw $failure
    }
    Write-AnswerWarning -Headers $answer.Headers
    $answer
}

# The consent and the tenant that a request is about.
function Get-Asked {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory)][hashtable] $Request)
    $asked = @{}
    foreach ($part in $Request['Query'], $Request['Json']) {
        foreach ($name in 'consent', 'tenant') { if ($part -and $part[$name]) { $asked[$name] = $part[$name] } }
    }
    if ($Request['Uri'] -match '^/api/consents/(?<consent>[^/]+)') { $asked['consent'] = $Matches['consent'] }
    if ($Request['Uri'] -match '^/api/customers/(?<tenant>[^/]+)') { $asked['tenant'] = $Matches['tenant'] }
    $asked
}

# Seconds to wait: what Retry-After says, within bounds.
function Get-Wait {
    [CmdletBinding()]
    [OutputType([int])]
    param([Parameter(Mandatory)][hashtable] $Headers, [Parameter(Mandatory)][int] $Try)
    $seconds = 0
    if (-not [int]::TryParse([string] $Headers['retry-after'], [ref] $seconds)) { $seconds = 2 * $Try }
    [Math]::Max(1, [Math]::Min($seconds, $script:LongestWaitSeconds))
}
