function Remove-PartnerCustomerExclusion {
    <#
    .SYNOPSIS
    Lets a customer in again who is kept out of checks, consents and alarms.

    .DESCRIPTION
    Before its day; the next check tries it. Where nothing keeps it out, nothing is done.
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
    PartnerToken.CustomerInclusion: TenantId, Outcome (included, or absent where nothing kept it out).

    .EXAMPLE
    Remove-PartnerCustomerExclusion -Tenant bbbb0000-1111-4222-8333-444444440003

    .EXAMPLE
    Get-PartnerCustomerExclusion | Where-Object Reason -EQ 'leaves us' | Remove-PartnerCustomerExclusion

    .LINK
    Add-PartnerCustomerExclusion

    .LINK
    Get-PartnerCustomerExclusion
    #>
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'Medium')]
    [OutputType('PartnerToken.CustomerInclusion')]
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
            $request = Get-InclusionRequest -Tenant $Tenant
            if (-not (Test-Agreement -Cmdlet $PSCmdlet -Target "tenant $Tenant" -Action 'Let it in again to checks, consents and alarms')) { return }
            (Send-BrokerRequest -Broker $broker -Request $request).Content | Read-Inclusion
        }
        catch { Write-Failure -Cmdlet $PSCmdlet -Record $_ -Target $Tenant }
    }
}
