function Restore-PartnerConsent {
    <#
    .SYNOPSIS
    Takes the withdrawal of a consent back.

    .DESCRIPTION
    The broker tries the old refresh token first. It works while that one lives and nobody has consented since; otherwise a
    person consents anew (New-PartnerConsentLink).
    Needs the app role Consent.Manage of the broker.

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
    PartnerToken.ConsentAct: Consent, Status, TenantId, Person, Username, Mfa, On.

    .EXAMPLE
    Restore-PartnerConsent partner

    .EXAMPLE
    Get-PartnerConsent | Where-Object Status -EQ withdrawn | Restore-PartnerConsent -WhatIf

    What it would be asked for.

    .LINK
    Revoke-PartnerConsent

    .LINK
    New-PartnerConsentLink
    #>
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'Medium')]
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
            $request = Get-RestorationRequest -Consent $Consent
            if (-not (Test-Agreement -Cmdlet $PSCmdlet -Target "consent $Consent" -Action 'Take its withdrawal back')) { return }
            Read-Act -Content (Send-BrokerRequest -Broker $broker -Request $request).Content
        }
        catch { Write-Failure -Cmdlet $PSCmdlet -Record $_ -Target $Consent }
    }
}
