function Revoke-PartnerConsentLink {
    <#
    .SYNOPSIS
    Makes the links of a consent void that nobody has used yet.

    .DESCRIPTION
    For a link that has reached somebody else, or that nobody needs any more. It cannot be undone; New-PartnerConsentLink
    makes a new one. The stored consent itself stays in force (Revoke-PartnerConsent ends it).
    Needs the app role Consent.Manage of the broker. It asks first, unless you say -Confirm:$false.

    .PARAMETER Consent
    The name of the consent.

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
    PartnerToken.ConsentAct: Consent, Status, On, and nothing of a person.

    .EXAMPLE
    Revoke-PartnerConsentLink partner

    .EXAMPLE
    Get-PartnerConsent | Revoke-PartnerConsentLink -Confirm:$false

    The links of all consents.

    .LINK
    New-PartnerConsentLink

    .LINK
    Revoke-PartnerConsent
    #>
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
    [OutputType('PartnerToken.ConsentAct')]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipelineByPropertyName)]
        [AllowEmptyString()]
        [string] $Consent,

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
            $request = Get-LinkRevocationRequest -Consent $Consent
            if (-not (Test-Agreement -Cmdlet $PSCmdlet -Target "consent $Consent" -Action 'Make its unused links void')) { return }
            Read-Act -Content (Send-BrokerRequest -Broker $broker -Request $request).Content
        }
        catch { Write-Failure -Cmdlet $PSCmdlet -Record $_ -Target $Consent }
    }
}
