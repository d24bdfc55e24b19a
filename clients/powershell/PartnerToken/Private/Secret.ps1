# Secrets in memory: in and out of SecureString by .NET, since module logging records what a cmdlet is given.

function Protect-Text {
    [CmdletBinding()]
    [OutputType([securestring])]
    param([AllowEmptyString()][string] $Text)
    [System.Net.NetworkCredential]::new('', $Text).SecurePassword
}

# A SecureString's text; any other value as text.
function Unprotect-Text {
    [CmdletBinding()]
    [OutputType([string])]
    param($Value)
    if ($Value -is [securestring]) {
        return [System.Net.NetworkCredential]::new('', $Value).Password
    }
    [string] $Value
}

# What a file holds, without the white space around it; the advice is for whoever may not read it.
function Read-SecretFile {
    [CmdletBinding()]
    [OutputType([securestring])]
    param([string] $Path, [string] $Advice, [string] $Code = 'no_own_token')
    try { $text = [System.IO.File]::ReadAllText($Path) }
    catch { throw (Get-Failure -Code $Code -Message $_.Exception.GetBaseException().Message -Recommendation $Advice) }
    Protect-Text -Text $text.Trim()
}
