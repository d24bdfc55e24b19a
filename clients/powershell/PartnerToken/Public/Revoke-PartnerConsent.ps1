function Revoke-PartnerConsent {
    <#
    .SYNOPSIS
    Withdraws a stored consent: no token is issued by it any more.

    .DESCRIPTION
    Other instances of the broker follow within its cache time; tokens that were issued live on to their end.
    Restore-PartnerConsent takes it back, as long as the old refresh token works and nobody has consented since.
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
    PartnerToken.ConsentAct: Consent, Status, On, and nothing of the person.

    .EXAMPLE
    Revoke-PartnerConsent partner

    .EXAMPLE
    Revoke-PartnerConsent -Consent partner -Confirm:$false

    In a script, where nobody can be asked.

    .LINK
    Restore-PartnerConsent

    .LINK
    Get-PartnerConsent
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
            $request = Get-WithdrawalRequest -Consent $Consent
            if (-not (Test-Agreement -Cmdlet $PSCmdlet -Target "consent $Consent" -Action 'End it: no token is issued any more')) { return }
            Read-Act -Content (Send-BrokerRequest -Broker $broker -Request $request).Content
        }
        catch { Write-Failure -Cmdlet $PSCmdlet -Record $_ -Target $Consent }
    }
}
