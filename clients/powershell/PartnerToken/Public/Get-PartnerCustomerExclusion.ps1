function Get-PartnerCustomerExclusion {
    <#
    .SYNOPSIS
    Lists the customers that are kept out of checks, consents and alarms: until when, why, and by whom.

    .DESCRIPTION
    Needs the app role Customers.Read or Customers.Manage of the broker.

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
    PartnerToken.CustomerExclusion: TenantId, Until, Reason, By, MadeOn.

    .EXAMPLE
    Get-PartnerCustomerExclusion

    .EXAMPLE
    Get-PartnerCustomerExclusion | Sort-Object Until | Select-Object -First 10

    .LINK
    Add-PartnerCustomerExclusion

    .LINK
    Remove-PartnerCustomerExclusion
    #>
    [CmdletBinding()]
    [OutputType('PartnerToken.CustomerExclusion')]
    param(
        [string] $BrokerUrl = $env:BROKER_URL,

        [string] $Audience = $env:BROKER_AUDIENCE,

        [ValidateSet('Auto', 'AppService', 'Automation', 'Arc', 'VirtualMachine', 'WorkloadIdentity', 'AzurePipelines', 'GitHubActions', 'AzPowerShell', 'AzCli')]
        [string] $Identity = 'Auto',

        [string] $ClientId = $env:AZURE_CLIENT_ID
    )
    try {
        $broker = Open-Broker -BrokerUrl $BrokerUrl -Audience $Audience -Identity $Identity -ClientId $ClientId -ForPeople
        $content = (Send-BrokerRequest -Broker $broker -Request (Get-StatusRequest)).Content
        $content.excluded | Where-Object -FilterScript { $_ } | Read-Exclusion
        if ($content.unavailable) { Write-UnavailableWarning -Content $content }
    }
    catch { $PSCmdlet.ThrowTerminatingError($_) }
}
