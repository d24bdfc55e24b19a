# Every HTTP request that the module makes, as a value: nothing here is sent.
#
# Method and Uri; Query, Headers, Json and Form are tables. `Bearer` and `Basic` become the Authorization header.
# `Direct` goes past any proxy: what it asks is on this machine. Secrets are SecureStrings until they are on the wire.
# A request of the broker's has a path alone: who sends it knows which broker, and as whom (Broker.ps1).

# The broker's plain dialect.
# A page of the tenants that the caller may ask for; empty for the first.
function Get-TenantListRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([string] $As, [string] $Consent, [string] $After)
    $query = @{}
    if ($As) { $query['as'] = $As.ToLowerInvariant() }
    if ($Consent) { $query['consent'] = $Consent }
    if ($After) { $query['after'] = $After }
    @{ Method = 'GET'; Uri = '/api/tenants'; Query = $query }
}

function Get-TokenRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([hashtable] $Fields)
    @{
        Method = 'POST'
        Uri    = '/api/token'
        Json   = $Fields
    }
}

# The broker's module dialect; `Query` has the tenant and the consent.
function Get-ConnectRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([string] $Module, [hashtable] $Query)
    @{
        Method = 'GET'
        Uri    = "/api/connect/${Module}"
        Query  = $Query
    }
}

# App Service and Functions: IDENTITY_ENDPOINT with IDENTITY_HEADER.
function Get-AppServiceRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([string] $Endpoint, [securestring] $Secret, [string] $Audience)
    @{
        Method  = 'GET'
        Uri     = $Endpoint
        Query   = @{ 'api-version' = '2019-08-01'; resource = $Audience }
        Headers = @{ 'X-IDENTITY-HEADER' = $Secret }
        Direct  = $true
    }
}

# Azure Automation, as its own page has it: the same variables, another header, no version.
function Get-AutomationRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([string] $Endpoint, [securestring] $Secret, [string] $Audience)
    @{
        Method  = 'GET'
        Uri     = $Endpoint
        Query   = @{ resource = $Audience }
        Headers = @{ 'X-IDENTITY-HEADER' = $Secret; Metadata = 'True' }
        Direct  = $true
    }
}

# Azure Arc, first: it answers 401 and names a file that only administrators of this machine can read.
function Get-ArcChallengeRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([string] $Endpoint, [string] $Audience)
    @{
        Method  = 'GET'
        Uri     = $Endpoint
        Query   = @{ 'api-version' = '2020-06-01'; resource = $Audience }
        Headers = @{ Metadata = 'true' }
        Direct  = $true
    }
}

# Azure Arc, then: with what the file holds.
function Get-ArcRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([string] $Endpoint, [securestring] $Key, [string] $Audience)
    @{
        Method  = 'GET'
        Uri     = $Endpoint
        Query   = @{ 'api-version' = '2020-06-01'; resource = $Audience }
        Headers = @{ Metadata = 'true' }
        Basic   = $Key
        Direct  = $true
    }
}

# A virtual machine's instance metadata service.
function Get-VirtualMachineRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([string] $Audience)
    @{
        Method  = 'GET'
        Uri     = 'http://169.254.169.254/metadata/identity/oauth2/token'
        Query   = @{ 'api-version' = '2018-02-01'; resource = $Audience }
        Headers = @{ Metadata = 'true' }
        Direct  = $true
    }
}

# Workload identity federation: somebody else's token becomes one of Entra ID's (RFC 7523 section 2.2).
function Get-FederationRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([string] $Authority, [string] $Tenant, [string] $ClientId, [securestring] $Assertion, [string] $Audience)
    @{
        Method = 'POST'
        Uri    = "${Authority}/${Tenant}/oauth2/v2.0/token"
        Form   = @{
            grant_type            = 'client_credentials'
            client_id             = $ClientId
            client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
            client_assertion      = $Assertion
            scope                 = "${Audience}/.default"
        }
    }
}

# Azure Pipelines: the job's own token buys one of the service connection's.
function Get-AzurePipelinesRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([string] $OidcUri, [string] $ServiceConnection, [securestring] $JobToken)
    @{
        Method  = 'POST'
        Uri     = $OidcUri
        Query   = @{ 'api-version' = '7.1'; serviceConnectionId = $ServiceConnection }
        # Without it a refusal is a redirect to a sign-in page.
        Headers = @{ 'X-TFS-FedAuthRedirect' = 'Suppress' }
        Bearer  = $JobToken
        Json    = @{}
    }
}

# GitHub Actions, in a job with the permission `id-token: write`.
function Get-GitHubRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([string] $OidcUri, [securestring] $JobToken)
    @{
        Method = 'GET'
        Uri    = $OidcUri
        Query  = @{ audience = 'api://AzureADTokenExchange' }
        Bearer = $JobToken
    }
}

# Entra ID's public description of a tenant, by one of its domains; its issuer has the tenant's id.
function Get-DiscoveryRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([string] $Authority, [string] $Domain)
    @{
        Method = 'GET'
        Uri    = "${Authority}/${Domain}/v2.0/.well-known/openid-configuration"
    }
}
