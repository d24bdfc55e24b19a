function New-PartnerAccessToken {
    <#
    .SYNOPSIS
    Gets an access token from the broker, with the parameters and the result of the retired PartnerCenter module.

    .DESCRIPTION
    For scripts that call the retired New-PartnerAccessToken: import PartnerToken instead of PartnerCenter, set
    BROKER_URL and BROKER_AUDIENCE, and leave out what the broker has itself (application, credential, refresh token).

    A call with -RefreshToken still works: the exchange is the broker's, of its own consent, and a warning says that
    what the call holds is not used. What has no meaning here is refused with the reason and what replaces it:
    interactive sign-in, app-only tokens, an access token passed in, closed clouds. New scripts use Get-PartnerToken.

    .PARAMETER AccessToken
    Refused: the broker gives tokens and takes none.

    .PARAMETER ApplicationId
    Not used: the broker has the partner application.

    .PARAMETER CertificateThumbprint
    Not used beside -RefreshToken, refused without it.

    .PARAMETER Credential
    Not used beside -RefreshToken, refused without it.

    .PARAMETER Environment
    Not used: the broker belongs to one cloud. AzureGermanCloud and AzurePPE are closed, and refused.

    .PARAMETER Module
    ExchangeOnline: a token for Exchange Online; -Scopes is not needed then.

    .PARAMETER RefreshToken
    Not used: the broker has a consent of its own. Delete it where it lies.

    .PARAMETER Scopes
    Scopes of one API. Several become one: Entra ID puts every consented scope of an API into its token.

    .PARAMETER ServicePrincipal
    Not used beside -RefreshToken; refused without it, since it asks for an app-only token then.

    .PARAMETER Tenant
    The tenant's id, a name that the access policy gives it, or home. Without it, and for organizations: home.

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

    An old script's call with what the broker has left out.

    .EXAMPLE
    New-PartnerAccessToken -ApplicationId $id -Credential $credential -RefreshToken $old -Scopes 'https://api.partnercenter.microsoft.com/user_impersonation' -ServicePrincipal -Tenant $partner

    An old script's call as it is: it works, with a warning.

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
        [string] $AccessToken,

        [Alias('ClientId')]
        [string] $ApplicationId,

        [string] $CertificateThumbprint,

        [pscredential] $Credential,

        [Alias('EnvironmentName')]
        [ValidateSet('AzureCloud', 'AzureChinaCloud', 'AzureGermanCloud', 'AzurePPE', 'AzureUSGovernment')]
        [string] $Environment,

        [Alias('ModuleName')]
        [ValidateSet('ExchangeOnline')]
        [string] $Module,

        [string] $RefreshToken,

        [string[]] $Scopes,

        [switch] $ServicePrincipal,

        [Alias('Domain', 'TenantId')]
        [string] $Tenant,

        [Alias('AuthCode')]
        [switch] $UseAuthorizationCode,

        [Alias('DeviceCode', 'DeviceAuth', 'Device')]
        [switch] $UseDeviceAuthentication
    )
    try {
        Assert-RetiredParameter -Bound $PSBoundParameters
        $fields = Get-RetiredField -Tenant $Tenant -Scopes $Scopes -Module $Module
        Write-RetiredWarning -Bound $PSBoundParameters
        $broker = Get-BrokerAddress -BrokerUrl $env:BROKER_URL
        $own = Get-OwnToken -Audience (Get-BrokerAudience -Audience $env:BROKER_AUDIENCE) -Identity 'Auto' -ClientId $env:AZURE_CLIENT_ID
        $answer = Send-BrokerRequest -Request (Get-TokenRequest -BrokerUrl $broker -Own $own -Fields $fields)
        Read-RetiredResult -Answer $answer
    }
    catch {
        $PSCmdlet.ThrowTerminatingError($_)
    }
}
