# The recorded exchanges, as the tests take them: their answers in the shape of Send-Request's.

function Get-Recorded {
    param([Parameter(Mandatory)][string] $Name)
    foreach ($file in Get-ChildItem -Path (Join-Path -Path $PSScriptRoot -ChildPath '../contracts') -Filter '*.json') {
        $exchanges = (Get-Content -LiteralPath $file.FullName -Raw -Encoding UTF8 | ConvertFrom-Json).exchanges
        $found = $exchanges | Where-Object -FilterScript { $_.name -eq $Name }
        if ($found) { return $found }
    }
    throw "No exchange is recorded as '$Name'."
}

function Get-RecordedAnswer {
    param([Parameter(Mandatory)][string] $Name)
    $answer = (Get-Recorded -Name $Name).answer
    $headers = @{}
    foreach ($property in $answer.headers.PSObject.Properties) { $headers[$property.Name] = $property.Value }
    foreach ($property in 'expires_on', 'expires_in') {
        if ($answer.json.PSObject.Properties[$property]) {
            $answer.json.$property = if ($property -eq 'expires_on') { [DateTimeOffset]::UtcNow.AddHours(1).ToUnixTimeSeconds() } else { 3600 }
        }
    }
    [pscustomobject] @{ Status = $answer.status; Headers = $headers; Content = $answer.json }
}

# What a command throws; an error where it throws nothing.
function Get-FailureOf {
    param([Parameter(Mandatory)][scriptblock] $Command)
    try { $null = & $Command } catch { return $_ }
    throw 'Nothing was thrown.'
}
