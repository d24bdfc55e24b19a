# Secrets as they come in: SecureStrings, files and the pipeline; never as text among a command's arguments.

$script:SecretAdvice = 'Give it as a SecureString (Read-Host -AsSecureString), by -Path from a file, or through the pipeline.'
# PSReadLine keeps the lines that were typed, and module logging the arguments of commands.
$script:TypedAdvice = 'If you have typed it, take the line out of your history, (Get-PSReadLineOption).HistorySavePath, and count the secret as known to others: revoke the person''s sessions.'

# The secret of an argument; without one somebody is asked, unseen.
function Read-SecretArgument {
    [CmdletBinding()]
    [OutputType([securestring])]
    param([AllowNull()][securestring] $Value, [Parameter(Mandatory)][string] $Name)
    if ($null -ne $Value) { return $Value }
    try { Read-Host -Prompt $Name -AsSecureString }
    catch { throw (Get-Failure -Code 'parameter_refused' -Message "There is nobody to ask for -$Name." -Recommendation $script:SecretAdvice) }
}

# Such a parameter takes any object, since PowerShell's own refusal of a text would quote it.
function Get-SecretRefusal {
    [CmdletBinding()]
    [OutputType([System.Management.Automation.ErrorRecord])]
    param([Parameter(Mandatory)][string] $Name)
    Get-Failure -Code 'parameter_refused' -Message "-${Name}: a secret is not taken as text among the arguments." -Recommendation "$script:SecretAdvice $script:TypedAdvice"
}

# One thing of the pipeline as a secret: text, a SecureString, or what Get-AzKeyVaultSecret gives.
function Read-PipedSecret {
    [CmdletBinding()]
    [OutputType([securestring])]
    param([AllowNull()] $Value)
    $plain = if ($null -eq $Value) { '' } else { $Value.PSObject.BaseObject }
    if ($plain -is [securestring]) { return $plain }
    $secret = Get-Field -Object $Value -Name 'SecretValue'
    if ($secret -is [securestring]) { return $secret }
    if ($plain -isnot [string]) {
        throw (Get-Failure -Code 'parameter_refused' -Message "What came through the pipeline is no secret but a $($plain.GetType().Name)." -Recommendation $script:SecretAdvice)
    }
    Protect-Text -Text $plain.Trim()
}

# The one secret of the pipeline; empty lines are none.
function Get-SingleSecret {
    [CmdletBinding()]
    [OutputType([securestring])]
    param([Parameter(Mandatory)][AllowEmptyCollection()][System.Collections.Generic.List[securestring]] $Secret)
    $given = @($Secret | Where-Object -FilterScript { $_.Length -gt 0 })
    if ($given.Count -ne 1) {
        throw (Get-Failure -Code 'parameter_refused' -Message "The pipeline had $($given.Count) secrets, and one is wanted." -Recommendation $script:SecretAdvice)
    }
    $given[0]
}
