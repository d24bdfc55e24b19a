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
