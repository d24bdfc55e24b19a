function Clear-PartnerTokenCache {
    <#
    .SYNOPSIS
    Has the broker forget what it remembers of a customer: tokens, and what was refused there.

    .DESCRIPTION
    After you changed something for a customer (a role, a group, a grant), so that the next request asks Entra ID anew.
    Every instance of the broker forgets it, where they share a table (RESULTS_URL); where they do not, the one that
    answered alone, and a warning says so. Tokens that callers hold already live on to their end.
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
    PartnerToken.Flushed: TenantId, Reaches, WithinSeconds.

    .EXAMPLE
    Clear-PartnerTokenCache -Tenant bbbb0000-1111-4222-8333-444444440001

    .EXAMPLE
    Get-PartnerBrokerCustomer | Where-Object Domain -Like '*.example' | Clear-PartnerTokenCache

    .LINK
    Test-PartnerAccess

    .LINK
    Get-PartnerCustomerStatus
    #>
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'Low')]
    [OutputType('PartnerToken.Flushed')]
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
        $isAlone = $false
        try { $broker = Open-Broker -BrokerUrl $BrokerUrl -Audience $Audience -Identity $Identity -ClientId $ClientId -ForPeople }
        catch { $PSCmdlet.ThrowTerminatingError($_) }
    }
    process {
        try {
            $request = Get-FlushRequest -Tenant $Tenant
            if (-not (Test-Agreement -Cmdlet $PSCmdlet -Target "tenant $Tenant" -Action 'Forget what the broker remembers of it')) { return }
            $flushed = Read-Flushed -Content (Send-BrokerRequest -Broker $broker -Request $request).Content
            $isAlone = $isAlone -or $flushed.Reaches -ne 'every_instance'
            $flushed
        }
        catch { Write-Failure -Cmdlet $PSCmdlet -Record $_ -Target $Tenant }
    }
    end {
        if ($isAlone) { Write-Warning -Message 'Only the instance that answered has forgotten: the broker''s instances share no table (RESULTS_URL).' }
    }
}
