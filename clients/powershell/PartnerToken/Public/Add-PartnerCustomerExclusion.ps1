function Add-PartnerCustomerExclusion {
    <#
    .SYNOPSIS
    Keeps a customer out of checks, consents and alarms until a day.

    .DESCRIPTION
    For a customer who leaves, or whom somebody else looks after. It is in again by itself after that day; callers get its
    tokens as before. The reason stays on record with your object id. Who is kept out already is so as you say now.
    A tenant that no check has met yet can be kept out too; a warning says so, since the id may be mistyped.
    Needs the app role Customers.Manage of the broker.

    .PARAMETER Tenant
    The customer tenant's id.

    .PARAMETER Reason
    Why, in at most 200 characters.

    .PARAMETER Until
    The last day (UTC) on which it is kept out: from today to a year from now.

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
    PartnerToken.CustomerExclusion: TenantId, Until, Reason, By, MadeOn.

    .EXAMPLE
    Add-PartnerCustomerExclusion -Tenant bbbb0000-1111-4222-8333-444444440003 -Reason 'leaves us' -Until 2026-12-31

    .EXAMPLE
    Import-Csv leaving.csv | Add-PartnerCustomerExclusion -Reason 'leaves us' -Until (Get-Date).AddDays(60)

    .LINK
    Get-PartnerCustomerExclusion

    .LINK
    Remove-PartnerCustomerExclusion
    #>
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'Medium')]
    [OutputType('PartnerToken.CustomerExclusion')]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipelineByPropertyName)]
        [AllowEmptyString()]
        [Alias('TenantId', 'CustomerId')]
        [string] $Tenant,

        [Parameter(Mandatory, ValueFromPipelineByPropertyName)]
        [string] $Reason,

        [Parameter(Mandatory, ValueFromPipelineByPropertyName)]
        [datetime] $Until,

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
            $day = $Until.ToString('yyyy-MM-dd', [cultureinfo]::InvariantCulture)
            $request = Get-ExclusionRequest -Tenant $Tenant -Fields @{ reason = $Reason; until = $day }
            if (-not (Test-Agreement -Cmdlet $PSCmdlet -Target "tenant $Tenant" -Action "Keep it out of checks, consents and alarms until $day")) { return }
            $content = (Send-BrokerRequest -Broker $broker -Request $request).Content
            $content | Read-Exclusion
            if ((Get-Field -Object $content -Name 'known') -eq $false) {
                Write-Warning -Message "No check has met the tenant $Tenant. If the id is mistyped: Remove-PartnerCustomerExclusion -Tenant $Tenant"
            }
        }
        catch { Write-Failure -Cmdlet $PSCmdlet -Record $_ -Target $Tenant }
    }
}
