# Runs the commands that it is told on stdin, and says on stdout what came of each: one line of JSON for one line of JSON.

param([Parameter(Mandatory)][string] $Module)

Set-StrictMode -Version Latest

$FormatEnumerationLimit = -1

# As a person sees it, but so wide that no line breaks.
function Get-Shown {
    param($Thing)
    $Thing | Out-String -Width 4096
}

# With all that hangs on it, an error's exception included.
function Get-Whole {
    param($Thing)
    Get-Shown -Thing $Thing
    Get-Shown -Thing ($Thing | Format-List -Property * -Force)
    if ($Thing -is [System.Management.Automation.ErrorRecord]) { Get-Whole -Thing $Thing.Exception }
}

function Get-Failure {
    param($Record)
    if ($null -eq $Record) { return }
    @{
        id          = $Record.FullyQualifiedErrorId
        code        = $Record.Exception.Data['Code']
        status      = $Record.Exception.Data['Status']
        correlation = $Record.Exception.Data['CorrelationId']
        message     = $Record.Exception.Message
        category    = "$($Record.CategoryInfo.Category)"
        target      = "$($Record.TargetObject)"
        recommended = if ($Record.ErrorDetails) { "$($Record.ErrorDetails.RecommendedAction)" } else { '' }
    }
}

function Get-Outcome {
    param([string] $Command)
    $came = [System.Collections.Generic.List[object]]::new()
    $failure = $null
    try { & ([scriptblock]::Create($Command)) *>&1 | ForEach-Object -Process { $came.Add($_) } }
    catch { $failure = $_ }
    $told = @($came | Where-Object -FilterScript { "$($_.GetType())" -match '\.(Warning|Verbose|Debug|Information|Error)Record$' })
    @{
        output   = @($came | Where-Object -FilterScript { $_ -notin $told })
        warnings = @($told | Where-Object -FilterScript { $_ -is [System.Management.Automation.WarningRecord] } | ForEach-Object -Process { $_.Message })
        # $Error has what was thrown, and what the module caught as well.
        told     = (@($told) + @($global:Error) | ForEach-Object -Process { Get-Whole -Thing $_ }) -join "`n"
        failure  = Get-Failure -Record $failure
    }
}

Import-Module -Name $Module
while ($null -ne ($line = [Console]::In.ReadLine())) {
    $asked = ConvertFrom-Json -InputObject $line -AsHashtable
    foreach ($name in $asked.variables.Keys) { [Environment]::SetEnvironmentVariable($name, $asked.variables[$name]) }
    $global:Error.Clear()
    & (Get-Module -Name PartnerToken) { $script:OwnTokens.Clear() }
    $outcome = Get-Outcome -Command $asked.command
    foreach ($name in $asked.variables.Keys) { [Environment]::SetEnvironmentVariable($name, '') }
    [Console]::Out.WriteLine((ConvertTo-Json -InputObject $outcome -Compress -Depth 4 -WarningAction Ignore))
}
