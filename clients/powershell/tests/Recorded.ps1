# The recorded exchanges, as the tests take them: their answers in the shape of Send-Request's.

function Get-AllRecorded {
    foreach ($file in Get-ChildItem -Path (Join-Path -Path $PSScriptRoot -ChildPath '../contracts') -Filter '*.json') {
        $text = (Get-Content -LiteralPath $file.FullName -Raw -Encoding UTF8) -replace '"<time>"', '"2026-11-29T07:00:00Z"' -replace '"<day>"', '"2026-12-31"'
        (ConvertFrom-Json -InputObject $text).exchanges
    }
}

function Get-RecordedAnswer {
    param([Parameter(Mandatory)][string] $Name)
    $answer = (Get-AllRecorded | Where-Object -FilterScript { $_.name -eq $Name }).answer
    if (-not $answer) { throw "No exchange is recorded as '$Name'." }
    $headers = @{}
    foreach ($property in $answer.headers.PSObject.Properties) { $headers[$property.Name] = $property.Value }
    $times = @{ expires_on = [DateTimeOffset]::UtcNow.AddHours(1).ToUnixTimeSeconds(); expires_in = 3600 }
    foreach ($name in $times.Keys) {
        $property = $answer.json.PSObject.Properties[$name]
        # Some platforms write a number, some a text.
        if ($property) { $property.Value = if ($property.Value -is [string]) { [string] $times[$name] } else { $times[$name] } }
    }
    [pscustomobject] @{ Status = $answer.status; Headers = $headers; Content = $answer.json }
}

# Lets Send-Request give the recorded answers, one after the other; returns the list that its requests come into.
function Use-RecordedAnswer {
    param([Parameter(Mandatory)][string[]] $Name)
    $answers = [System.Collections.Generic.Queue[object]]::new()
    $requests = [System.Collections.Generic.List[hashtable]]::new()
    foreach ($one in $Name) { $answers.Enqueue((Get-RecordedAnswer -Name $one)) }
    Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith {
        param($Request)
        $requests.Add($Request)
        $answers.Dequeue()
    }.GetNewClosure()
    , $requests
}

function Get-Secret {
    param([Parameter(Mandatory)][string] $Text)
    [System.Net.NetworkCredential]::new('', $Text).SecurePassword
}

function Get-Text {
    param([Parameter(Mandatory)][securestring] $Secret)
    [System.Net.NetworkCredential]::new('', $Secret).Password
}

# What a command throws; an error where it throws nothing.
function Get-FailureOf {
    param([Parameter(Mandatory)][scriptblock] $Command)
    try { $null = & $Command } catch { return $_ }
    throw 'Nothing was thrown.'
}
