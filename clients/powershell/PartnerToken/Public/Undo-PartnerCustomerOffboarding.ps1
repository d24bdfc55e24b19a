function Undo-PartnerCustomerOffboarding {
    <#
    .SYNOPSIS
    Lets tokens be issued again for a customer that was offboarded.

    .DESCRIPTION
    For a customer that comes back. What was taken out of its tenant stays out: Grant-PartnerCustomerConsent makes it anew.
    Needs the app role Customers.Manage of the broker.

    .PARAMETER Tenant
    The customer tenant's id.

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
    PartnerToken.CustomerReturn: TenantId, Outcome (returned, or absent where it was not offboarded).

    .EXAMPLE
    Undo-PartnerCustomerOffboarding -Tenant bbbb0000-1111-4222-8333-444444440001

    .EXAMPLE
    Import-Csv back.csv | Undo-PartnerCustomerOffboarding

    The file has a column TenantId, CustomerId or Tenant.

    .LINK
    Invoke-PartnerCustomerOffboarding

    .LINK
    Grant-PartnerCustomerConsent
    #>
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'Medium')]
    [OutputType('PartnerToken.CustomerReturn')]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipelineByPropertyName)]
        [AllowEmptyString()]
        [Alias('TenantId', 'CustomerId')]
        [string] $Tenant,

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
            $request = Get-ReturnRequest -Tenant $Tenant
            if (-not (Test-Agreement -Cmdlet $PSCmdlet -Target "tenant $Tenant" -Action 'Let tokens be issued for it again')) { return }
            Read-CustomerReturn -Content (Send-BrokerRequest -Broker $broker -Request $request).Content
        }
        catch { Write-Failure -Cmdlet $PSCmdlet -Record $_ -Target $Tenant }
    }
}
