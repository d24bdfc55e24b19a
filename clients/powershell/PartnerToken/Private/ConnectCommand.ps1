# The Connect command of each module, and what it is splatted with.

$script:ConnectCommands = @{
    Az             = 'Connect-AzAccount'
    AzKeyVault     = 'Connect-AzAccount'
    AzureRM        = 'Connect-AzureRmAccount'
    AzureAD        = 'Connect-AzureAD'
    MSOnline       = 'Connect-MsolService'
    PartnerCenter  = 'Connect-PartnerCenter'
    ExchangeOnline = 'Connect-ExchangeOnline'
    Compliance     = 'Connect-IPPSSession'
    PnP            = 'Connect-PnPOnline'
    Graph          = 'Connect-MgGraph'
    Entra          = 'Connect-Entra'
    Teams          = 'Connect-MicrosoftTeams'
    PowerBI        = 'Connect-PowerBIServiceAccount'
}
$script:GalleryNames = @{
    Az             = 'Az.Accounts'
    AzKeyVault     = 'Az.Accounts'
    ExchangeOnline = 'ExchangeOnlineManagement'
    Compliance     = 'ExchangeOnlineManagement'
    PnP            = 'PnP.PowerShell'
    Graph          = 'Microsoft.Graph.Authentication'
    Entra          = 'Microsoft.Entra.Authentication'
    Teams          = 'MicrosoftTeams'
    PowerBI        = 'MicrosoftPowerBIMgmt.Profile'
}
# What older versions of a module do not have, and who installs a newer one.
$script:NewerParameters = @{
    Compliance = 'AccessToken', 'ExchangeOnlineManagement 3.8.0 or newer'
    PowerBI    = 'Token', 'a newer MicrosoftPowerBIMgmt.Profile'
}
# What people ask for, and there is nothing to connect with.
$script:TakesNoToken = @{
    SPO         = 'Connect-SPOService takes no access token.', 'Use -Module PnP with -Url.'
    AzureDevOps = 'Azure DevOps has no Connect command.', 'Use Get-PartnerToken -Resource devops.'
}

# Looked for before any token is asked for.
function Get-ConnectCommand {
    [CmdletBinding()]
    [OutputType([System.Management.Automation.CommandInfo])]
    param([Parameter(Mandatory)][string] $Module)
    if ($script:TakesNoToken.ContainsKey($Module)) {
        $why, $instead = $script:TakesNoToken[$Module]
        throw (Get-Failure -Code 'parameter_refused' -Message "-Module: $why" -Recommendation $instead)
    }
    $name = $script:ConnectCommands[$Module]
    $command = Get-Command -Name $name -ErrorAction SilentlyContinue
    if (-not $command) {
        $gallery = if ($script:GalleryNames.ContainsKey($Module)) { $script:GalleryNames[$Module] } else { $Module }
        throw (Get-Failure -Code 'module_missing' -Message "$name is not there." -Recommendation "Install-Module $gallery, then try again.")
    }
    if ($script:NewerParameters.ContainsKey($Module)) {
        $parameter, $newer = $script:NewerParameters[$Module]
        if (-not $command.Parameters.ContainsKey($parameter)) {
            throw (Get-Failure -Code 'module_missing' -Message "$name of this version takes no -$parameter." -Recommendation "Install $newer, then try again.")
        }
    }
    $command
}

# Without a token the command would ask a person to sign in, and an unattended job would hang.
function Assert-ConnectAnswer {
    [CmdletBinding()]
    param([Parameter(Mandatory)] $Answer)
    if (-not ($Answer.Content.PSObject.Properties | Where-Object -FilterScript { $_.Name -match 'Tokens?$' })) {
        throw (Get-BrokerFailure -Answer $Answer)
    }
}

# The broker's answer as the command takes it: a SecureString where the command wants one.
function Get-ConnectParameter {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory)] $Content, [Parameter(Mandatory)] $Command, [Parameter(Mandatory)][hashtable] $More)
    $parameters = @{}
    foreach ($property in $Content.PSObject.Properties) {
        $taken = $Command.Parameters[$property.Name]
        $wantsSecret = $null -ne $taken -and $taken.ParameterType -eq [securestring]
        $parameters[$property.Name] = if ($wantsSecret) { Protect-Text -Text $property.Value } else { $property.Value }
    }
    foreach ($name in $More.Keys) {
        # What is said as the broker says it stays: it may have come to know only now what a script has always said.
        if ($parameters.ContainsKey($name) -and $parameters[$name] -is [string] -and $parameters[$name] -eq $More[$name]) { continue }
        if ($parameters.ContainsKey($name)) {
            throw (Get-Failure -Code 'parameter_refused' -Message "-ConnectParameter: $name is the broker's to give; leave it out.")
        }
        $parameters[$name] = $More[$name]
    }
    $parameters
}
