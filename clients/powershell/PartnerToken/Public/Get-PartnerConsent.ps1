function Get-PartnerConsent {
    <#
    .SYNOPSIS
    Shows the stored consents of the broker, the most urgent first.

    .DESCRIPTION
    Each consent has its status (ok, unproven, failing, lost, withdrawn, damaged), who gave it, how many days it has left, and
    what to do where something is wrong. A warning tells how the partner application is doing, where it needs a hand.
    Needs the app role Consent.Read of the broker.

    .PARAMETER Consent
    The name of one consent; without it, all.

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
    PartnerToken.Consent: Consent, Status, TenantId, Person, Username, Scope, Mfa, DaysLeft, ConsentedOn, RenewedOn, ProvenOn, DiesOn, Failures, FailingSince, Error, AuthorityCode, Remedy.

    .EXAMPLE
    Get-PartnerConsent

    All of them; Get-PartnerConsent | Format-List shows every property.

    .EXAMPLE
    Get-PartnerConsent | Where-Object Status -EQ lost | New-PartnerConsentLink

    A link for each person whose consent is lost.

    .LINK
    New-PartnerConsentLink

    .LINK
    Revoke-PartnerConsent
    #>
    [CmdletBinding()]
    [OutputType('PartnerToken.Consent')]
    param(
        [Parameter(Position = 0, ValueFromPipelineByPropertyName)]
        [string] $Consent,

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
            if ($Consent) {
                $answer = Send-BrokerRequest -Broker $broker -Request (Get-ConsentRequest -Consent $Consent)
                return Read-Consent -Content $answer.Content
            }
            $content = (Send-BrokerRequest -Broker $broker -Request (Get-ConsentListRequest)).Content
            $content.damaged | Where-Object -FilterScript { $_ } | Get-DamagedConsent
            $content.consents | Where-Object -FilterScript { $_ } | Read-Consent
            Write-ApplicationWarning -Application $content.application
        }
        catch { Write-Failure -Cmdlet $PSCmdlet -Record $_ -Target $Consent }
    }
}
