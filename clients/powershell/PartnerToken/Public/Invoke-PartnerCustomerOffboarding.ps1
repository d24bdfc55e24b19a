function Invoke-PartnerCustomerOffboarding {
    <#
    .SYNOPSIS
    Ends the work for a customer: no token any more, and the applications out of its tenant.

    .DESCRIPTION
    Do it before the delegated relationship ends. The broker stops every token for the customer first, then takes away what
    the applications hold in its tenant, reads again, and names what is left with the reason. It may be cut, and said again.
    Tokens that were issued live on to their end. -WhatIf asks the broker what would go, and changes nothing. It asks first,
    unless you say -Confirm:$false. Needs the app role Customers.Manage of the broker.

    .PARAMETER Tenant
    The customer tenant's id.

    .PARAMETER Consent
    In whose name Partner Center is asked: the consent partner by default.

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
    PartnerToken.CustomerOffboarding: TenantId, Outcome, DryRun, Items, Commands, Reaches, WithinSeconds, LiveMinutes, Remedy.

    .EXAMPLE
    Invoke-PartnerCustomerOffboarding -Tenant bbbb0000-1111-4222-8333-444444440001 -WhatIf

    .EXAMPLE
    (Invoke-PartnerCustomerOffboarding -Tenant bbbb0000-1111-4222-8333-444444440001).Items | Format-Table

    .LINK
    Undo-PartnerCustomerOffboarding

    .LINK
    Revoke-PartnerCustomerConsent
    #>
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
    [OutputType('PartnerToken.CustomerOffboarding')]
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
            $isAgreed = Test-Agreement -Cmdlet $PSCmdlet -Target "tenant $Tenant" -Action 'Stop its tokens and take the applications out of it'
            if (-not $isAgreed -and -not $WhatIfPreference) { return }
            $request = Get-OffboardingRequest -Tenant $Tenant -Consent $Consent -DryRun (-not $isAgreed)
            Read-Offboarding -Content (Send-BrokerRequest -Broker $broker -Request $request).Content
        }
        catch { Write-Failure -Cmdlet $PSCmdlet -Record $_ -Target $Tenant }
    }
}
