function Grant-PartnerCustomerConsent {
    <#
    .SYNOPSIS
    Gives the partner application in a customer's tenant what the grant set says, beside what it has.

    .DESCRIPTION
    The grant sets are secrets of the broker's policy vault (docs/customers.md). Nothing that is there is taken away: an
    API that has something, and lacks a scope, is topped up by the broker's management application, or needs a replacement.

    -Replace takes everything back and makes it anew. See first what would be lost: with -WhatIf it tells There, Added,
    Lost and a Plan. With -Plan the broker does just that, or refuses, because something has changed meanwhile.

    -WhatIf asks the broker what it would do, and changes nothing. It asks first, unless you say -Confirm:$false.
    Needs the app role Customers.Manage of the broker.

    .PARAMETER Tenant
    The customer tenant's id.

    .PARAMETER Replace
    Take back and make anew where nothing else adds a scope; with -WhatIf to see the plan, or with -Plan to do it.

    .PARAMETER Plan
    The Plan that -Replace -WhatIf has told of that tenant.

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
    Grant-PartnerCustomerConsent -Tenant bbbb0000-1111-4222-8333-444444440001 -WhatIf

    .EXAMPLE
    Get-PartnerBrokerCustomer | Grant-PartnerCustomerConsent -Confirm:$false

    Every customer; one that fails is an error of its own, and the others are done.

    .EXAMPLE
    $plan = Grant-PartnerCustomerConsent -Tenant bbbb0000-1111-4222-8333-444444440001 -Replace -WhatIf
    $plan.Lost
    $plan | Grant-PartnerCustomerConsent -Replace

    What a replacement would lose, and then just that replacement, for which it asks.

    .LINK
    Revoke-PartnerCustomerConsent

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

        [switch] $Replace,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $Plan,

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
            $checked = Get-CheckedPlan -Replace ([bool] $Replace) -IsDryRun ([bool] $WhatIfPreference) -Plan $Plan
            $change = @{ Method = 'PUT'; Tenant = $Tenant; Consent = $Consent; Replace = [bool] $Replace; Plan = $checked }
            $action = if ($Replace) { 'Take the application consent there back and make it anew, as planned' } else { 'Make the application consent there what the grant set says' }
            Set-CustomerConsent -Broker $broker -Change $change -Action $action -Cmdlet $PSCmdlet
        }
        catch { Write-Failure -Cmdlet $PSCmdlet -Record $_ -Target $Tenant }
    }
}
