function Get-PartnerBrokerCustomer {
    <#
    .SYNOPSIS
    Lists the partner's customers, and how the delegation of each stands.

    .DESCRIPTION
    The broker asks Partner Center and Microsoft Graph (GDAP relationships) in the name of the person who consented. A
    warning tells which of them gave no customers. The PartnerCenter module's own command is
    Get-PartnerCustomer; both can be imported beside each other, and the commands here take its customers too.
    Needs the app role Customers.Read or Customers.Manage of the broker.

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
    PartnerToken.Customer: TenantId, Name, Domain, From, Delegation, Ends, Extends, Roles, Excluded (nothing, or until when
    and why it is kept out; see Get-PartnerCustomerExclusion).

    .EXAMPLE
    Get-PartnerBrokerCustomer

    .EXAMPLE
    Get-PartnerBrokerCustomer | Where-Object Domain -Like '*.example' | Grant-PartnerCustomerConsent -WhatIf

    .LINK
    Grant-PartnerCustomerConsent

    .LINK
    Test-PartnerAccess
    #>
    [CmdletBinding()]
    [OutputType('PartnerToken.Customer')]
    param(
        [Parameter(Position = 0, ValueFromPipelineByPropertyName)]
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
            $content = (Send-BrokerRequest -Broker $broker -Request (Get-CustomerListRequest -Consent $Consent)).Content
            $content.customers | Where-Object -FilterScript { $_ } | Read-Customer
            Write-SourceWarning -Sources $content.sources
        }
        catch { Write-Failure -Cmdlet $PSCmdlet -Record $_ -Target $Consent }
    }
}
