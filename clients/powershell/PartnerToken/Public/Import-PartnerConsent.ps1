function Import-PartnerConsent {
    <#
    .SYNOPSIS
    Makes a consent of a refresh token that an old script has.

    .DESCRIPTION
    The broker exchanges it at once, checks the answer as it checks a sign-in, and stores only the new refresh token that
    this yields. Delete the old one where it lay; it stays good until then. docs/migrate.md has the conditions.

    The refresh token comes as a SecureString, from a file, or through the pipeline; typed on the command line it would
    stand in your history and in transcripts, and is refused. Without any of them you are asked for it, and it is not shown.
    Needs the app role Consent.Manage of the broker.

    .PARAMETER Consent
    The name of the consent: partner by default.

    .PARAMETER RefreshToken
    The refresh token as a SecureString.

    .PARAMETER Path
    A file that holds the refresh token and nothing else.

    .PARAMETER InputObject
    The refresh token by the pipeline alone: a line of text, a SecureString, or a secret of Get-AzKeyVaultSecret.

    .PARAMETER LoginHint
    The username of who is to consent. It helps on the sign-in page and guards nothing: -Person does.

    .PARAMETER Person
    The object id of the one person who may; without it, anybody of the tenant.

    .PARAMETER Tenant
    The tenant whose person consents: the partner's own by default, or one that the setting CONSENT_TENANTS lists.

    .PARAMETER NewPerson
    Lets somebody else take an existing consent over.

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
    Import-PartnerConsent

    Asks for the refresh token.

    .EXAMPLE
    Import-PartnerConsent -Consent partner -Path ./old-refresh-token.txt -LoginHint ada@partner.example

    .EXAMPLE
    Get-AzKeyVaultSecret -VaultName old -Name RefreshToken | Import-PartnerConsent partner

    .EXAMPLE
    $env:OLD_REFRESH_TOKEN | Import-PartnerConsent partner

    .LINK
    New-PartnerConsentLink
    #>
    [CmdletBinding(DefaultParameterSetName = 'Secure', SupportsShouldProcess, ConfirmImpact = 'Medium')]
    [OutputType('PartnerToken.ConsentAct')]
    param(
        [Parameter(Position = 0)]
        [string] $Consent = 'partner',

        [Parameter(ParameterSetName = 'Secure')]
        [object] $RefreshToken,

        [Parameter(Mandatory, ParameterSetName = 'File')]
        [string] $Path,

        [Parameter(Mandatory, ParameterSetName = 'Pipeline', ValueFromPipeline)]
        [psobject] $InputObject,

        [string] $LoginHint,

        [string] $Person,

        [Alias('TenantId', 'CustomerId')]
        [string] $Tenant,

        [switch] $NewPerson,

        [string] $BrokerUrl = $env:BROKER_URL,

        [string] $Audience = $env:BROKER_AUDIENCE,

        [ValidateSet('Auto', 'AppService', 'Automation', 'Arc', 'VirtualMachine', 'WorkloadIdentity', 'AzurePipelines', 'GitHubActions', 'AzPowerShell', 'AzCli')]
        [string] $Identity = 'Auto',

        [string] $ClientId = $env:AZURE_CLIENT_ID
    )
    begin {
        Use-CallerPreference -Cmdlet $PSCmdlet
        # Here the arguments are bound, and nothing of the pipeline.
        if ($PSBoundParameters.ContainsKey('InputObject')) { $PSCmdlet.ThrowTerminatingError((Get-SecretRefusal -Name 'InputObject')) }
        if ($PSBoundParameters.ContainsKey('RefreshToken') -and $RefreshToken -isnot [securestring]) { $PSCmdlet.ThrowTerminatingError((Get-SecretRefusal -Name 'RefreshToken')) }
        $secrets = [System.Collections.Generic.List[securestring]]::new()
        try { $broker = Open-Broker -BrokerUrl $BrokerUrl -Audience $Audience -Identity $Identity -ClientId $ClientId -ForPeople }
        catch { $PSCmdlet.ThrowTerminatingError($_) }
    }
    process {
        try { if ($PSCmdlet.ParameterSetName -eq 'Pipeline') { $secrets.Add((Read-PipedSecret -Value $InputObject)) } }
        catch { Write-Failure -Cmdlet $PSCmdlet -Record $_ -Target $Consent -Ends }
    }
    end {
        try {
            $fields = Get-PersonField -Bound $PSBoundParameters
            $fields['refresh_token'] = switch ($PSCmdlet.ParameterSetName) {
                'Secure' { Read-SecretArgument -Value $RefreshToken -Name 'RefreshToken' }
                'File' { Read-SecretFile -Path $PSCmdlet.GetUnresolvedProviderPathFromPSPath($Path) -Code 'parameter_refused' -Advice 'Check -Path.' }
                default { Get-SingleSecret -Secret $secrets }
            }
            $request = Get-ImportRequest -Consent $Consent -Fields $fields
            if (-not (Test-Agreement -Cmdlet $PSCmdlet -Target "consent $Consent" -Action 'Import a refresh token')) { return }
            Read-Act -Content (Send-BrokerRequest -Broker $broker -Request $request).Content
        }
        catch { Write-Failure -Cmdlet $PSCmdlet -Record $_ -Target $Consent -Ends }
    }
}
