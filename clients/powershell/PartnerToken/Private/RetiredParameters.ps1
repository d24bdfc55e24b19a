# What scripts pass to the retired New-PartnerAccessToken, and what it means to a broker.

$script:HomeNames = '', 'organizations', 'common'
# OpenID Connect's own: the retired command took them along; they name no API.
$script:OpenIdScopes = 'openid', 'profile', 'email', 'offline_access'

$script:RetiredReasons = @{
    RefreshToken            = 'the broker has a consent of its own, and no secret is taken as an argument. Delete the refresh token where it lies (docs/migrate.md, import, says how an old one becomes that consent).'
    AccessToken             = 'the broker gives tokens and takes none.'
    Consent                 = 'nobody signs in here: a person consents once, in the browser, through a link that an operator makes (New-PartnerConsentLink).'
    UseAuthorizationCode    = 'nobody signs in here: a person consents once, in the browser, through a link that an operator makes (New-PartnerConsentLink).'
    UseDeviceAuthentication = 'nobody signs in here: a person consents once, through a link that an operator makes (New-PartnerConsentLink), or with a device code where the broker allows it (partner-broker device).'
    Credential              = 'it is a sign-in, and nobody signs in here: the broker has the application''s credential. Delete it where it lies.'
    CertificateThumbprint   = 'it is a sign-in, and nobody signs in here: the broker has the application''s credential.'
    Environment             = 'that cloud is closed. A broker belongs to one cloud by its setting AZURE_CLOUD.'
}
# The first that was given says why; the whole call is mended at once. Beside a refresh token -ServicePrincipal said whose
# the credential was; alone it asks for a token of the application.
$script:RefusedParameters = 'RefreshToken', 'AccessToken', 'Consent', 'UseAuthorizationCode', 'UseDeviceAuthentication', 'ServicePrincipal', 'Credential', 'CertificateThumbprint'
$script:ClosedClouds = 'AzureGermanCloud', 'AzurePPE'

# Throws for what has no meaning here, with the reason and what replaces it.
function Assert-RetiredParameter {
    [CmdletBinding()]
    param([Parameter(Mandatory)][System.Collections.IDictionary] $Bound)
    $refused = @($script:RefusedParameters | Where-Object -FilterScript {
            # A switch that was passed as false was not meant.
            $Bound.ContainsKey($_) -and -not ($Bound[$_] -is [switch] -and -not $Bound[$_]) -and
            ($_ -ne 'ServicePrincipal' -or $Bound.ContainsKey('RefreshToken'))
        })
    if ($Bound['Environment'] -in $script:ClosedClouds) { $refused += 'Environment' }
    if ($refused.Count -eq 0) { return }
    $leave = "Leave out $(@($refused | ForEach-Object -Process { "-$_" }) -join ', '): the call works with -Tenant and -Scopes (or -Resource, or -Module)."
    throw (Get-Failure -Code 'parameter_refused' -Message "-$($refused[0]): $($script:RetiredReasons[$refused[0]])" -Recommendation $leave)
}

# The fields of a token request; the module's API is named shortly, and the broker knows it for its cloud.
function Get-RetiredField {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([AllowNull()][AllowEmptyString()][string] $Tenant, [AllowNull()][string[]] $Scopes, [AllowNull()][AllowEmptyString()][string] $Module, [AllowNull()][AllowEmptyString()][string] $Resource, [switch] $ServicePrincipal)
    $fields = @{ tenant = Get-RetiredTenant -Tenant $Tenant }
    if ($ServicePrincipal) { $fields['as'] = 'application' }
    if ($Module) { $fields['resource'] = 'exchange' }
    elseif ($Resource) { $fields['resource'] = $Resource }
    elseif ($Scopes) { $fields['scope'] = Get-SingleScope -Scopes $Scopes }
    # Version 1.5's default; later versions asked for scopes.
    else { $fields['resource'] = 'partnercenter' }
    $fields
}

# One scope for the token; the retired command took several of one API.
function Get-SingleScope {
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()][string[]] $Scopes)
    $wanted = @($Scopes | Where-Object -FilterScript { $_ -and $_ -notin $script:OpenIdScopes })
    if ($wanted.Count -eq 0) {
        throw (Get-Failure -Code 'parameter_refused' -Message '-Scopes: the scope of one API, such as https://graph.microsoft.com/.default; or -Module ExchangeOnline.')
    }
    $resources = @($wanted | ForEach-Object -Process { $_ -replace '/[^/]*$', '' } | Select-Object -Unique)
    if ($resources.Count -gt 1) {
        throw (Get-Failure -Code 'parameter_refused' -Message "-Scopes: a token is for one API, and these are $($resources.Count): $($resources -join ', '). Call once for each.")
    }
    if ($wanted.Count -eq 1) { return $wanted[0] }
    # Entra ID puts every consented scope of an API into its token, whichever were asked for.
    "$($resources[0])/.default"
}

# The tenant in the broker's words: the retired command's default meant the person's own.
function Get-RetiredTenant {
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()][AllowEmptyString()][string] $Tenant)
    if ($Tenant -in $script:HomeNames) { return 'home' }
    $Tenant
}
