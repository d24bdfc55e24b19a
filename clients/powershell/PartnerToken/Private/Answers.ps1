# What answers say: JSON, fields that may be missing, warnings, and errors with their code and correlation id.

function Read-JsonObject {
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param([AllowEmptyString()][string] $Text)
    # A gateway's page is no answer of the broker's.
    try { $content = ConvertFrom-Json -InputObject $Text } catch { return }
    if ($content -is [pscustomobject]) { $content }
}

# The field of that name, or nothing.
function Get-Field {
    [CmdletBinding()]
    param($Object, [Parameter(Mandatory)][string] $Name)
    if ($null -eq $Object) { return }
    $property = $Object.PSObject.Properties[$Name]
    if ($null -ne $property) { $property.Value }
}

# The sentences of a Warning header (RFC 7234 section 5.5).
function Get-WarningText {
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()][string] $Header)
    foreach ($match in [regex]::Matches([string] $Header, '\d{3} \S+ "((?:[^"\\]|\\.)*)"')) {
        $match.Groups[1].Value -replace '\\(.)', '$1'
    }
}

function Write-AnswerWarning {
    [CmdletBinding()]
    param([Parameter(Mandatory)][hashtable] $Headers)
    foreach ($sentence in Get-WarningText -Header $Headers['warning']) {
        Write-Warning -Message $sentence
    }
}

# The ErrorRecord to throw: its id is the stable code, and its exception's Data holds what a script may ask for.
function Get-Failure {
    [CmdletBinding()]
    [OutputType([System.Management.Automation.ErrorRecord])]
    param(
        [Parameter(Mandatory)][string] $Code,
        [Parameter(Mandatory)][string] $Message,
        [string] $CorrelationId = '',
        [int] $Status = 0
    )
    $exception = [System.InvalidOperationException]::new($Message)
    $exception.Data['Code'] = $Code
    $exception.Data['CorrelationId'] = $CorrelationId
    $exception.Data['Status'] = $Status
    $category = [System.Management.Automation.ErrorCategory]::InvalidOperation
    if ($Status -in 401, 403) { $category = [System.Management.Automation.ErrorCategory]::PermissionDenied }
    if ($Status -in 0, 429, 503) { $category = [System.Management.Automation.ErrorCategory]::ResourceUnavailable }
    [System.Management.Automation.ErrorRecord]::new($exception, $Code, $category, $null)
}

# The failure in an answer of the broker; its sentence names the remedy.
function Get-BrokerFailure {
    [CmdletBinding()]
    [OutputType([System.Management.Automation.ErrorRecord])]
    param([Parameter(Mandatory)] $Answer)
    $code = Get-Field -Object $Answer.Content -Name 'code'
    $sentence = Get-Field -Object $Answer.Content -Name 'error_description'
    if (-not $code -or -not $sentence) {
        # Such as a gateway before the broker, which is busy or finds it away.
        $again = if ($Answer.Status -eq 429 -or $Answer.Status -ge 500) { ' Try again later.' } else { '' }
        return Get-Failure -Code 'not_the_broker' -Status $Answer.Status -Message "HTTP $($Answer.Status), and not in the broker's words.$again Check BrokerUrl (or BROKER_URL)."
    }
    $correlation = [string] (Get-Field -Object $Answer.Content -Name 'correlation_id')
    Get-Failure -Code $code -Status $Answer.Status -CorrelationId $correlation -Message "${code}: $sentence (correlation id $correlation)"
}
