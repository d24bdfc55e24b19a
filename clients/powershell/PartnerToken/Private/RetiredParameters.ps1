# What scripts pass to the retired New-PartnerAccessToken, and what it means to a broker.

$script:HomeNames = '', 'organizations', 'common'
# OpenID Connect's own: the retired command took them along; they name no API.
$script:OpenIdScopes = 'openid', 'profile', 'email', 'offline_access'

$script:RetiredReasons = @{
    AccessToken             = 'the broker gives tokens and takes none. Leave it out.'
    UseAuthorizationCode    = 'nobody signs in here: a person consents once, in the browser, through a link that an operator makes (partner-broker link, or POST /api/consents/partner/link). Leave it out.'
    UseDeviceAuthentication = 'nobody signs in here: a person consents once, through a link that an operator makes (partner-broker link), or with a device code where the broker allows it (partner-broker device). Leave it out.'
    ServicePrincipal        = 'without -RefreshToken it asks for an app-only token, and the broker gives those of the person who consented alone. For an app-only token ask Entra ID as your own identity (Get-AzAccessToken); for the person''s leave it out.'
    Credential              = 'without -RefreshToken it is a sign-in, and nobody signs in here: the broker has the application''s credential. Leave it out, and delete it where it lies.'
    CertificateThumbprint   = 'without -RefreshToken it is a sign-in, and nobody signs in here: the broker has the application''s credential. Leave it out.'
    Environment             = 'that cloud is closed. A broker belongs to one cloud by its setting AZURE_CLOUD; leave it out.'
}
$script:ClosedClouds = 'AzureGermanCloud', 'AzurePPE'

# Throws for what has no meaning here, with the reason and what replaces it.
function Assert-RetiredParameter {
    [CmdletBinding()]
    param([Parameter(Mandatory)][System.Collections.IDictionary] $Bound)
    $refused = @('AccessToken', 'UseAuthorizationCode', 'UseDeviceAuthentication')
    if (-not $Bound.ContainsKey('RefreshToken')) {
        $refused += 'ServicePrincipal', 'Credential', 'CertificateThumbprint'
    }
    if ($Bound['Environment'] -in $script:ClosedClouds) { $refused += 'Environment' }
    foreach ($name in $refused) {
        # A switch that was passed as false was not meant.
        if ($Bound.ContainsKey($name) -and -not ($Bound[$name] -is [switch] -and -not $Bound[$name])) {
            throw (Get-Failure -Code 'parameter_refused' -Message "-${name}: $($script:RetiredReasons[$name])")
        }
    }
}

# The old exchange of a refresh token still is one, of the broker's: what the script holds for it is not used.
function Write-RetiredWarning {
    [CmdletBinding()]
    param([Parameter(Mandatory)][System.Collections.IDictionary] $Bound)
    if ($Bound.ContainsKey('RefreshToken')) {
        Write-Warning -Message 'The refresh token, application and credential of this call are not used: the broker has a consent of its own, perhaps of another person. Leave them out, and delete them where they lie (docs/consent.md, import, says how an old refresh token becomes that consent).'
    }
}

# The fields of a token request; the module's API is named shortly, and the broker knows it for its cloud.
function Get-RetiredField {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([AllowNull()][AllowEmptyString()][string] $Tenant, [AllowNull()][string[]] $Scopes, [AllowNull()][AllowEmptyString()][string] $Module)
    $fields = @{ tenant = Get-RetiredTenant -Tenant $Tenant }
    if ($Module) { $fields['resource'] = 'exchange' } else { $fields['scope'] = Get-SingleScope -Scopes $Scopes }
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
