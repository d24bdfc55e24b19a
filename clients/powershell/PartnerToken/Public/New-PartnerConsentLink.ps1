function New-PartnerConsentLink {
    <#
    .SYNOPSIS
    Makes a one-time link through which a person consents.

    .DESCRIPTION
    Send its Url to the person. Opening it changes nothing; who signs in there with MFA, consents.
    A link is as good as a password while it lives. It is longer than a line, so the view leaves it out: take the property.
    Needs the app role Consent.Manage of the broker.

    .PARAMETER Consent
    The name of the consent: partner by default.

    .PARAMETER LoginHint
    The username of who is to consent. It helps on the sign-in page and guards nothing: -Person does.

    .PARAMETER Person
    The object id of the one person who may; without it, anybody of the tenant.

    .PARAMETER Tenant
    The tenant whose person consents: the partner's own by default, or one that the setting CONSENT_TENANTS lists.

    .PARAMETER NewPerson
    Lets somebody else take an existing consent over.

    .PARAMETER ExpiresInMinutes
    How long it is good: 30 minutes by default, 1440 at most.

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
    PartnerToken.ConsentLink: Consent, TenantId, For, ExpiresOn, Url.

    .EXAMPLE
    New-PartnerConsentLink -LoginHint ada@partner.example

    .EXAMPLE
    (New-PartnerConsentLink -Consent partner -LoginHint ada@partner.example).Url | Set-Clipboard

    .EXAMPLE
    Get-PartnerConsent partner | New-PartnerConsentLink -ExpiresInMinutes 600

    For the person who consented before, and nobody else.

    .LINK
    Get-PartnerConsent
    #>
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'Low')]
    [OutputType('PartnerToken.ConsentLink')]
    param(
        [Parameter(Position = 0, ValueFromPipelineByPropertyName)]
        [string] $Consent = 'partner',

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('Username')]
        [string] $LoginHint,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $Person,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('TenantId', 'CustomerId')]
        [string] $Tenant,

        [switch] $NewPerson,

        [ValidateRange(1, 1440)]
        [int] $ExpiresInMinutes,

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
            $request = Get-LinkRequest -Consent $Consent -Fields (Get-PersonField -Bound $PSBoundParameters)
            if (-not (Test-Agreement -Cmdlet $PSCmdlet -Target "consent $Consent" -Action 'Make a one-time link')) { return }
            Read-Link -Content (Send-BrokerRequest -Broker $broker -Request $request).Content -LoginHint $LoginHint
        }
        catch { Write-Failure -Cmdlet $PSCmdlet -Record $_ -Target $Consent }
    }
}
