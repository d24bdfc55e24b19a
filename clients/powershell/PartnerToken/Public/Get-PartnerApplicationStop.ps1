function Get-PartnerApplicationStop {
    <#
    .SYNOPSIS
    Tells whether the tokens of the application itself are stopped, and for which tenants.

    .DESCRIPTION
    Left are tenants that were customers and are none any more, Offboarded those that an operator has offboarded.
    Needs the app role Consent.Read of the broker.

    .PARAMETER BrokerUrl
    The broker's address; the variable BROKER_URL by default.

    .PARAMETER Audience
    The broker's identifier URI, such as api://<its client id>; the variable BROKER_AUDIENCE by default.

    .PARAMETER Identity
    Who asks. Auto takes who is signed in to Az PowerShell or Azure CLI, a person or a workload, or the identity that is
    set up here; see Get-PartnerToken.

    .PARAMETER ClientId
    The client id of a user-assigned managed identity, where there are several; the variable AZURE_CLIENT_ID by default.

    .OUTPUTS
    PartnerToken.ApplicationStop: Stopped, Left, Offboarded, Reaches, WithinSeconds.

    .EXAMPLE
    Get-PartnerApplicationStop

    .EXAMPLE
    if ((Get-PartnerApplicationStop).Stopped) { Resume-PartnerApplicationToken }

    .LINK
    Stop-PartnerApplicationToken
    #>
    [CmdletBinding()]
    [OutputType('PartnerToken.ApplicationStop')]
    param(
        [string] $BrokerUrl = $env:BROKER_URL,

        [string] $Audience = $env:BROKER_AUDIENCE,

        [ValidateSet('Auto', 'AppService', 'Automation', 'Arc', 'VirtualMachine', 'WorkloadIdentity', 'AzurePipelines', 'GitHubActions', 'AzPowerShell', 'AzCli')]
        [string] $Identity = 'Auto',

        [string] $ClientId = $env:AZURE_CLIENT_ID
    )
    begin {
        Use-CallerPreference -Cmdlet $PSCmdlet
        try { $broker = Open-Broker -BrokerUrl $BrokerUrl -Audience $Audience -Identity $Identity -ClientId $ClientId -ForPeople }
        catch { $PSCmdlet.ThrowTerminatingError($_) }
    }
    process {
        try { Read-ApplicationStop -Content (Send-BrokerRequest -Broker $broker -Request (Get-ApplicationStopRequest -Method 'GET')).Content }
        catch { Write-Failure -Cmdlet $PSCmdlet -Record $_ -Target 'the application' }
    }
}
