# Asking before a change: -WhatIf and -Confirm, and what the caller's script prefers.

# Whether to go on; where nobody can be asked, the error says what to say instead.
function Test-Agreement {
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory)][System.Management.Automation.PSCmdlet] $Cmdlet,
        [Parameter(Mandatory)][string] $Target,
        [Parameter(Mandatory)][string] $Action
    )
    try { $Cmdlet.ShouldProcess($Target, $Action) }
    catch {
        throw (Get-Failure -Code 'confirmation_needed' -Message "${Action}, ${Target}: there is nobody to ask here." -Recommendation 'Say -Confirm:$false to do it, or -WhatIf to see what it would do.')
    }
}

# A module's function does not see its caller's variables: without this, $WhatIfPreference of a script would be passed over.
function Use-CallerPreference {
    [CmdletBinding()]
    param([Parameter(Mandatory)][System.Management.Automation.PSCmdlet] $Cmdlet)
    foreach ($name in 'WhatIf', 'Confirm') {
        if ($Cmdlet.MyInvocation.BoundParameters.ContainsKey($name)) { continue }
        Set-Variable -Scope 1 -Name "${name}Preference" -Value $Cmdlet.SessionState.PSVariable.GetValue("${name}Preference") -WhatIf:$false -Confirm:$false
    }
}
