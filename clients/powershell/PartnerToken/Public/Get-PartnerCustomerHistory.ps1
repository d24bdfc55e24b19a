function Get-PartnerCustomerHistory {
    <#
    .SYNOPSIS
    Shows what changed for a customer in the last three months, the newest first.

    .DESCRIPTION
    As the broker's checks have met it: what a resource gave before, and since then. Nothing is tried because you look.
    Needs the app role Customers.Read or Customers.Manage of the broker.

    .PARAMETER Tenant
    The customer tenant's id.

    .PARAMETER Consent
    The stored consent that the checks used.

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
    PartnerToken.CustomerChange: TenantId, On, Resource, Before, Outcome, AuthorityCode, Whose, Consent.

    .EXAMPLE
    Get-PartnerCustomerHistory -Tenant bbbb0000-1111-4222-8333-444444440003

    .EXAMPLE
    Get-PartnerCustomerStatus | Select-Object TenantId -Unique | Get-PartnerCustomerHistory | Group-Object Outcome

    .LINK
    Get-PartnerCustomerStatus
    #>
    [CmdletBinding()]
    [OutputType('PartnerToken.CustomerChange')]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipelineByPropertyName)]
        [AllowEmptyString()]
        [Alias('TenantId', 'CustomerId')]
        [string] $Tenant,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $Consent = 'partner',

        [string] $BrokerUrl = $env:BROKER_URL,

        [string] $Audience = $env:BROKER_AUDIENCE,

        [ValidateSet('Auto', 'AppService', 'Automation', 'Arc', 'VirtualMachine', 'WorkloadIdentity', 'AzurePipelines', 'GitHubActions', 'AzPowerShell', 'AzCli')]
        [string] $Identity = 'Auto',

        [string] $ClientId = $env:AZURE_CLIENT_ID
    )
    begin {
        try { $broker = Open-Broker -BrokerUrl $BrokerUrl -Audience $Audience -Identity $Identity -ClientId $ClientId -ForPeople }
        catch { $PSCmdlet.ThrowTerminatingError($_) }
    }
    process {
        try {
            $content = (Send-BrokerRequest -Broker $broker -Request (Get-HistoryRequest -Tenant $Tenant -Consent $Consent)).Content
            $content.changes | Where-Object -FilterScript { $_ } | Read-Change -TenantId $content.tenant -Consent $content.consent
        }
        catch { Write-Failure -Cmdlet $PSCmdlet -Record $_ -Target $Tenant }
    }
}
