function Get-PartnerCustomerStatus {
    <#
    .SYNOPSIS
    Shows which customers do not work, why, and what to do, as the broker's last check has found.

    .DESCRIPTION
    The broker tries every customer and resource once a day; nothing is tried because you look (Test-PartnerAccess tries).
    The cause that most customers meet comes first. Warnings tell of the application, of stored consents and persons that
    need somebody, of delegations near their end, and where no check has run.
    Needs the app role Customers.Read or Customers.Manage of the broker.

    .PARAMETER Customer
    One customer: a tenant's id, or a part of the name. All that is known of it, working or not.

    .PARAMETER All
    What works too.

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
    PartnerToken.CustomerStatus: TenantId, Name, Resource, Works, Outcome, Consent, Whose, Says, AuthorityCode, Missing, Remedy, Since, TriedOn, GoodOn.

    .EXAMPLE
    Get-PartnerCustomerStatus

    Nothing where everything works.

    .EXAMPLE
    Get-PartnerCustomerStatus | Group-Object Outcome | Sort-Object Count -Descending

    .EXAMPLE
    Get-PartnerCustomerStatus | Where-Object Outcome -EQ application_not_consented | Select-Object TenantId -Unique | Grant-PartnerCustomerConsent -WhatIf

    .LINK
    Test-PartnerAccess

    .LINK
    Grant-PartnerCustomerConsent
    #>
    [CmdletBinding()]
    [OutputType('PartnerToken.CustomerStatus')]
    param(
        [Parameter(Position = 0, ValueFromPipelineByPropertyName)]
        [Alias('Tenant', 'TenantId', 'CustomerId')]
        [string] $Customer,

        [switch] $All,

        [string] $BrokerUrl = $env:BROKER_URL,

        [string] $Audience = $env:BROKER_AUDIENCE,

        [ValidateSet('Auto', 'AppService', 'Automation', 'Arc', 'VirtualMachine', 'WorkloadIdentity', 'AzurePipelines', 'GitHubActions', 'AzPowerShell', 'AzCli')]
        [string] $Identity = 'Auto',

        [string] $ClientId = $env:AZURE_CLIENT_ID
    )
    begin {
        try { $broker = Open-Broker -BrokerUrl $BrokerUrl -Audience $Audience -Identity $Identity -ClientId $ClientId -ForPeople }
        catch { $PSCmdlet.ThrowTerminatingError($_) }
        $isFirst = $true
    }
    process {
        try {
            $after = ''
            do {
                $request = Get-StatusRequest -Customer $Customer -All ([bool] $All) -After $after
                $content = (Send-BrokerRequest -Broker $broker -Request $request).Content
                Read-CustomerStatus -Content $content
                # The rest of every page is the same.
                if ($isFirst) { Write-StatusWarning -Content $content }
                $isFirst = $false
                $after = $content.next
            } while ($after)
        }
        catch { Write-Failure -Cmdlet $PSCmdlet -Record $_ -Target $Customer }
    }
}
