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
        throw (Get-Failure -Code 'broker_unknown' -Message 'Say which broker: -BrokerUrl or the variable BROKER_URL, an https address such as https://broker.example (http for localhost alone).')
    }
    $BrokerUrl.TrimEnd('/')
}

# The identifier URI that tokens for the broker are asked under.
function Get-BrokerAudience {
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()][AllowEmptyString()][string] $Audience)
    if (-not $Audience) {
        throw (Get-Failure -Code 'audience_unknown' -Message 'Say what the broker is called: -Audience or the variable BROKER_AUDIENCE, such as api://<its client id>.')
    }
    $Audience.TrimEnd('/')
}

# The broker's answer, once it is one to use; throws what it refuses, and what is still away after the last try.
function Send-BrokerRequest {
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param([Parameter(Mandatory)][hashtable] $Request)
    for ($try = 1; ; $try++) {
        $answer = Send-Request -Request $Request
        if ($answer.Status -notin 429, 503 -or $try -ge $script:MostTries) { break }
        $wait = Get-Wait -Headers $answer.Headers -Try $try
        Write-Verbose -Message "The broker asks to wait (HTTP $($answer.Status)): try $($try + 1) of $script:MostTries in $wait s."
        Start-Sleep -Seconds $wait
    }
    if ($answer.Status -ne 200 -or $null -eq $answer.Content) {
        throw (Get-BrokerFailure -Answer $answer)
    }
    Write-AnswerWarning -Headers $answer.Headers
    $answer
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
