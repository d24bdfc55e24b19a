# Runs the Pester tests of a folder, and writes what became of each into a file as JSON.

param([Parameter(Mandatory)][string] $Folder, [Parameter(Mandatory)][string] $File)

$ErrorActionPreference = 'Stop'
Import-Module -Name Pester -MinimumVersion 5.3.0
$run = Invoke-Pester -Configuration (New-PesterConfiguration -Hashtable @{
        Run    = @{ Path = $Folder; PassThru = $true }
        Output = @{ Verbosity = 'None' }
    })
$told = @{
    tests  = @($run.Tests | ForEach-Object -Process {
            @{ name = $_.ExpandedPath; file = $_.ScriptBlock.File; result = "$($_.Result)"; error = "$($_.ErrorRecord)" }
        })
    # A file that cannot be read, and a setup that fails: their tests say no reason.
    broken = @(@($run.FailedContainers) + @($run.FailedBlocks) | ForEach-Object -Process { "$($_.ErrorRecord)" })
}
[System.IO.File]::WriteAllText($File, (ConvertTo-Json -InputObject $told -Depth 3))
