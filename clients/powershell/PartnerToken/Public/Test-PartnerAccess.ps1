function Test-PartnerAccess {
    <#
    .SYNOPSIS
    Tells whether a consent works in customers' tenants, by real exchanges.

    .DESCRIPTION
    Nothing is changed or stored, and no token leaves the broker. What does not work has the reason and what to do.
    Any number of rows is taken, 25 a request. Needs the app role Consent.Read of the broker.

    .PARAMETER Tenant
    The customer tenant's id, or home for the partner's own.

    .PARAMETER Resource
    The APIs: graph by default; arm, exchange, partnercenter, keyvault, teams, or any identifier URI or application id.

    .PARAMETER Consent
    Which consent: partner by default.

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
    PartnerToken.Access: TenantId, Resource, Works, Outcome, Consent, Scopes, Says, AuthorityCode, Remedy.

    .EXAMPLE
    Test-PartnerAccess -Tenant bbbb0000-1111-4222-8333-444444440001 -Resource graph, arm

    .EXAMPLE
    Get-PartnerBrokerCustomer | Test-PartnerAccess -Resource graph | Where-Object Works -EQ $false | Format-List

    .EXAMPLE
    Import-Csv customers.csv | Test-PartnerAccess

    The file has a column TenantId (or CustomerId, or Tenant), and perhaps a column Resource.

    .LINK
    Get-PartnerBrokerCustomer

    .LINK
    Grant-PartnerCustomerConsent
    #>
    [CmdletBinding()]
    [OutputType('PartnerToken.Access')]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipelineByPropertyName)]
        [AllowEmptyString()]
        [Alias('TenantId', 'CustomerId')]
        [string] $Tenant,

        [Parameter(Position = 1, ValueFromPipelineByPropertyName)]
        [string[]] $Resource = 'graph',

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $Consent = 'partner',

        [string] $BrokerUrl = $env:BROKER_URL,

        [string] $Audience = $env:BROKER_AUDIENCE,

        [ValidateSet('Auto', 'AppService', 'Automation', 'Arc', 'VirtualMachine', 'WorkloadIdentity', 'AzurePipelines', 'GitHubActions', 'AzPowerShell', 'AzCli')]
        [string] $Identity = 'Auto',

        [string] $ClientId = $env:AZURE_CLIENT_ID
    )
    begin {
        $pairs = [System.Collections.Generic.List[object]]::new()
        $ofPairs = ''
        try { $broker = Open-Broker -BrokerUrl $BrokerUrl -Audience $Audience -Identity $Identity -ClientId $ClientId -ForPeople }
        catch { $PSCmdlet.ThrowTerminatingError($_) }
    }
    process {
        if ($ofPairs -ne $Consent) {
            # A request is for one consent.
            Send-Check -Broker $broker -Consent $ofPairs -Pairs $pairs.ToArray() -Cmdlet $PSCmdlet
            $pairs.Clear()
            $ofPairs = $Consent
        }
        foreach ($one in $Resource) {
            $pairs.Add(@{ tenant = $Tenant.Trim(); resource = $one })
            if ($pairs.Count -lt $script:PairsOfARequest) { continue }
            Send-Check -Broker $broker -Consent $Consent -Pairs $pairs.ToArray() -Cmdlet $PSCmdlet
            $pairs.Clear()
        }
    }
    end {
        Send-Check -Broker $broker -Consent $ofPairs -Pairs $pairs.ToArray() -Cmdlet $PSCmdlet
    }
}
