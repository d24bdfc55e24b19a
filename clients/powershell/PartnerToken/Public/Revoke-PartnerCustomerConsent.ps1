function Revoke-PartnerCustomerConsent {
    <#
    .SYNOPSIS
    Takes the partner application's consent in a customer's tenant back.

    .DESCRIPTION
    Tokens that were issued live on to their end. Grant-PartnerCustomerConsent makes what the grant set names anew, and
    nothing else. -WhatIf asks the broker what it would do, and changes nothing. It asks first, unless you say -Confirm:$false.
    Needs the app role Customers.Manage of the broker.

    .PARAMETER Tenant
    The customer tenant's id.

    .PARAMETER Consent
    In whose name: the consent partner by default.

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
    PartnerToken.CustomerConsent: TenantId, Outcome, DryRun, There, Added, Lost, Missing, Plan, Consent, Remedy, Grants.

    .EXAMPLE
    Revoke-PartnerCustomerConsent -Tenant bbbb0000-1111-4222-8333-444444440001

    .EXAMPLE
    Import-Csv left.csv | Revoke-PartnerCustomerConsent -WhatIf

    The file has a column TenantId, CustomerId or Tenant.

    .LINK
    Grant-PartnerCustomerConsent

    .LINK
    Get-PartnerBrokerCustomer
    #>
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
    [OutputType('PartnerToken.CustomerConsent')]
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
        Use-CallerPreference -Cmdlet $PSCmdlet
        try { $broker = Open-Broker -BrokerUrl $BrokerUrl -Audience $Audience -Identity $Identity -ClientId $ClientId -ForPeople }
        catch { $PSCmdlet.ThrowTerminatingError($_) }
    }
    process {
        try {
            $change = @{ Method = 'DELETE'; Tenant = $Tenant; Consent = $Consent }
            Set-CustomerConsent -Broker $broker -Change $change -Action 'Remove the application consent there' -Cmdlet $PSCmdlet
        }
        catch { Write-Failure -Cmdlet $PSCmdlet -Record $_ -Target $Tenant }
    }
}
