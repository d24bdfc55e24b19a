# What answers say: JSON, fields that may be missing, times, warnings.

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

# Somebody's name, or a sentence, as a terminal may show it: a username is whatever its tenant made it.
function Get-PlainText {
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()] $Value)
    if ($null -ne $Value) { "$Value" -replace '\p{C}', '?' }
}

# A time of the broker's; PowerShell 7 has made a DateTime of it already.
function Read-Time {
    [CmdletBinding()]
    [OutputType([DateTimeOffset])]
    param([AllowNull()] $Value)
    if ($Value -is [datetime]) { return [DateTimeOffset] $Value.ToUniversalTime() }
    $time = [DateTimeOffset]::MinValue
    if ([DateTimeOffset]::TryParse("$Value", [cultureinfo]::InvariantCulture, [System.Globalization.DateTimeStyles]::AssumeUniversal, [ref] $time)) { $time }
}

# Entra ID's number as its own pages write it.
function Get-AuthorityCode {
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()] $Number)
    foreach ($one in $Number) { if ($one) { "AADSTS$one" } }
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
