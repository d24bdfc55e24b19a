function New-PartnerAccessToken {
    <#
    .SYNOPSIS
    Gets an access token from the broker, with the parameters and the result of the retired PartnerCenter module.

    .DESCRIPTION
    For scripts that call the retired New-PartnerAccessToken: import PartnerToken instead of PartnerCenter, set
    BROKER_URL and BROKER_AUDIENCE, and leave out what the broker has itself (application, credential, refresh token).

    What has no meaning here is refused with the reason and what replaces it: a refresh token or an access token passed
    in, interactive sign-in, closed clouds. New scripts use Get-PartnerToken.

    .PARAMETER AccessToken
    Refused: the broker gives tokens and takes none.

    .PARAMETER ApplicationId
    Not used: the broker has the partner application.

    .PARAMETER CertificateThumbprint
    Refused: nobody signs in here, and the broker has the application's credential.

    .PARAMETER Consent
    Refused: version 1.5's sign-in; nobody signs in here.

    .PARAMETER Credential
    Refused: nobody signs in here, and the broker has the application's credential.

    .PARAMETER Environment
    Not used: the broker belongs to one cloud. AzureGermanCloud and AzurePPE are closed, and refused.

    .PARAMETER Module
    ExchangeOnline: a token for Exchange Online; -Scopes is not needed then.

    .PARAMETER RefreshToken
    Refused: the broker has a consent of its own, and takes no secret as an argument. Delete it where it lies.

    .PARAMETER Resource
    Version 1.5's: the API by its identifier URI or short name, instead of -Scopes. Without -Resource, -Scopes and
    -Module it is Partner Center, as it was.

    .PARAMETER Scopes
    Scopes of one API. Several become one: Entra ID puts every consented scope of an API into its token.

    .PARAMETER ServicePrincipal
    An app-only token of the partner application itself, where the access policy says so. Beside -RefreshToken it
    meant something else: leave both out.

    .PARAMETER Tenant
    The tenant's id, a name that the access policy gives it, or home. Without it, and for organizations: home.

    .PARAMETER TokenCache
    Version 1.5's: ignored, with a warning. The broker keeps tokens, and every call gets one that lives.

    .PARAMETER UseAuthorizationCode
    Refused: a person consents once, through a link that an operator makes.

    .PARAMETER UseDeviceAuthentication
    Refused: a person consents once, through a link that an operator makes.

    .OUTPUTS
    PartnerToken.AuthResult with the properties of the retired AuthResult: AccessToken (a String, as it was),
    IsExtendedLifeTimeToken, UniqueId, ExpiresOn, ExtendedExpiresOn, TenantId, Account, IdToken, Scopes, CorrelationId,
    RefreshToken. UniqueId, Account, IdToken and RefreshToken are null: they belong to the sign-in, which the broker has.

    .EXAMPLE
    $token = New-PartnerAccessToken -Scopes 'https://graph.microsoft.com/.default' -Tenant $customer
    Invoke-RestMethod https://graph.microsoft.com/v1.0/organization -Headers @{ Authorization = "Bearer $($token.AccessToken)" }

    An old script's call, without the secrets that the broker has itself.

    .EXAMPLE
    $token = New-PartnerAccessToken -Module ExchangeOnline -Tenant $customer
    Connect-ExchangeOnline -AccessToken $token.AccessToken -DelegatedOrganization $token.TenantId

    .LINK
    Get-PartnerToken
    #>
    [CmdletBinding()]
    [OutputType('PartnerToken.AuthResult')]
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'The retired command had no -WhatIf, and nothing is changed.')]
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSReviewUnusedParameter', '', Justification = 'The retired command''s parameters, which are refused or not used.')]
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSAvoidUsingPlainTextForPassword', '', Justification = 'The retired command''s types.')]
    param(
        [object] $AccessToken,

        [Alias('ClientId')]
        [string] $ApplicationId,

        [string] $CertificateThumbprint,

        [switch] $Consent,

        [pscredential] $Credential,

        [Alias('EnvironmentName')]
        [ValidateSet('AzureCloud', 'AzureChinaCloud', 'AzureGermanCloud', 'AzurePPE', 'AzureUSGovernment')]
        [string] $Environment,

        [Alias('ModuleName')]
        [ValidateSet('ExchangeOnline')]
        [string] $Module,

        [object] $RefreshToken,

        [string] $Resource,

        [string[]] $Scopes,

        [switch] $ServicePrincipal,

        [Alias('Domain', 'TenantId')]
        [string] $Tenant,

        [object] $TokenCache,

        [Alias('AuthCode')]
        [switch] $UseAuthorizationCode,

        [Alias('DeviceCode', 'DeviceAuth', 'Device')]
        [switch] $UseDeviceAuthentication
    )
    try {
        Assert-RetiredParameter -Bound $PSBoundParameters
        if ($PSBoundParameters.ContainsKey('TokenCache')) {
            Write-Warning -Message '-TokenCache is ignored: the broker keeps tokens. Leave it out.'
        }
        $fields = Get-RetiredField -Tenant $Tenant -Scopes $Scopes -Module $Module -Resource $Resource -ServicePrincipal:$ServicePrincipal
        $broker = Open-Broker -BrokerUrl $env:BROKER_URL -Audience $env:BROKER_AUDIENCE -Identity 'Auto' -ClientId $env:AZURE_CLIENT_ID
        $answer = Send-BrokerRequest -Broker $broker -Request (Get-TokenRequest -Fields $fields)
        Read-RetiredResult -Answer $answer
    }
    catch {
        $PSCmdlet.ThrowTerminatingError($_)
    }
}
