function Get-PartnerTenant {
    <#
    .SYNOPSIS
    Lists the tenants that this identity may ask for, by the broker's access policy.

    .DESCRIPTION
    Asks the broker as the identity of this machine, job or session (see -Identity), which needs the app role Token.Issue.
    A row of the policy for any customer lists the customers that the broker's nightly check knows; others may be asked
    for too, by their ids or domains. That a tenant is listed says what the policy allows, not that a token will come.

    .PARAMETER Consent
    Which consent: partner by default. It goes with -As User alone.

    .PARAMETER As
    In whose name tokens would be: User by default, of the person who consented; Application for tokens of the partner
    application itself, which other rows of the policy allow.

    .PARAMETER BrokerUrl
    The broker's address; the variable BROKER_URL by default.

    .PARAMETER Audience
    The broker's identifier URI, such as api://<its client id>; the variable BROKER_AUDIENCE by default.

    .PARAMETER Identity
    Who asks; see Get-PartnerToken.

    .PARAMETER ClientId
    The client id of a user-assigned managed identity, where there are several; the variable AZURE_CLIENT_ID by default.

    .OUTPUTS
    PartnerToken.Tenant: TenantId, As (user or application), Name (what the policy calls it, or home), Domain, Company,
    Resources.

    .EXAMPLE
    Get-PartnerTenant

    .EXAMPLE
    Get-PartnerTenant | Where-Object Resources -Contains graph | Get-PartnerToken -Resource graph -ErrorVariable refused

    A token for each tenant; $refused.TargetObject has the tenants that got none.

    .EXAMPLE
    Get-PartnerTenant -As Application | Get-PartnerToken -As Application -Resource graph

    App-only tokens, wherever the policy allows these.

    .LINK
    Get-PartnerToken
    #>
    [CmdletBinding()]
    [OutputType('PartnerToken.Tenant')]
    param(
        [Parameter(Position = 0, ValueFromPipelineByPropertyName)]
        [string] $Consent,

        [ValidateSet('User', 'Application')]
        [string] $As,

        [string] $BrokerUrl = $env:BROKER_URL,

        [string] $Audience = $env:BROKER_AUDIENCE,

        [ValidateSet('Auto', 'AppService', 'Automation', 'Arc', 'VirtualMachine', 'WorkloadIdentity', 'AzurePipelines', 'GitHubActions', 'AzPowerShell', 'AzCli')]
        [string] $Identity = 'Auto',

        [string] $ClientId = $env:AZURE_CLIENT_ID
    )
    begin {
        try { $broker = Open-Broker -BrokerUrl $BrokerUrl -Audience $Audience -Identity $Identity -ClientId $ClientId }
        catch { $PSCmdlet.ThrowTerminatingError($_) }
    }
    process {
        try {
            $after = ''
            do {
                $page = (Send-BrokerRequest -Broker $broker -Request (Get-TenantListRequest -As $As -Consent $Consent -After $after)).Content
                $page.tenants | Where-Object -FilterScript { $_ } | Read-Tenant -As $page.as
                $after = $page.next
            } while ($after)
        }
        catch { Write-Failure -Cmdlet $PSCmdlet -Record $_ -Target $Consent }
    }
}
