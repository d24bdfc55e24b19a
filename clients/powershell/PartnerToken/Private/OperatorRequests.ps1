# The requests of operators to the broker, as values like those of Requests.ps1: consents, links, checks, customers.

function Get-ConsentListRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param()
    @{ Method = 'GET'; Uri = '/api/consents' }
}

function Get-ConsentRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([string] $Consent)
    @{ Method = 'GET'; Uri = "/api/consents/$(Get-PathPart -Text $Consent)" }
}

function Get-WithdrawalRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([string] $Consent)
    @{ Method = 'DELETE'; Uri = "/api/consents/$(Get-PathPart -Text $Consent)" }
}

function Get-RestorationRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([string] $Consent)
    @{ Method = 'POST'; Uri = "/api/consents/$(Get-PathPart -Text $Consent)/restore" }
}

# `Fields` has the person, and the refresh token as a SecureString.
function Get-ImportRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([string] $Consent, [hashtable] $Fields)
    @{ Method = 'POST'; Uri = "/api/consents/$(Get-PathPart -Text $Consent)/import"; Json = $Fields }
}

function Get-LinkRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([string] $Consent, [hashtable] $Fields)
    @{ Method = 'POST'; Uri = "/api/consents/$(Get-PathPart -Text $Consent)/link"; Json = $Fields }
}

# The links of the consent that nobody has used.
function Get-LinkRevocationRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([string] $Consent)
    @{ Method = 'DELETE'; Uri = "/api/consents/$(Get-PathPart -Text $Consent)/link" }
}

# `Pairs` are tables of tenant and resource, 25 at most.
function Get-CheckRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([string] $Consent, [object[]] $Pairs)
    @{ Method = 'POST'; Uri = "/api/consents/$(Get-PathPart -Text $Consent)/check"; Json = @{ pairs = @($Pairs) } }
}

function Get-CustomerListRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([string] $Consent)
    @{ Method = 'GET'; Uri = '/api/customers'; Query = @{ consent = $Consent } }
}

# A page of what the last check has found.
function Get-StatusRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([AllowEmptyString()][string] $Customer, [bool] $All, [AllowEmptyString()][string] $After)
    $query = @{}
    if ($Customer) { $query['customer'] = $Customer }
    if ($All) { $query['all'] = '1' }
    if ($After) { $query['after'] = $After }
    @{ Method = 'GET'; Uri = '/api/status'; Query = $query }
}

function Get-FlushRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([string] $Tenant)
    @{ Method = 'POST'; Uri = "/api/customers/$(Get-PathPart -Text $Tenant)/flush" }
}

# `Fields` has the reason, and the last day until which the customer is kept out.
function Get-ExclusionRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([string] $Tenant, [hashtable] $Fields)
    @{ Method = 'PUT'; Uri = "/api/customers/$(Get-PathPart -Text $Tenant)/exclusion"; Json = $Fields }
}

function Get-InclusionRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([string] $Tenant)
    @{ Method = 'DELETE'; Uri = "/api/customers/$(Get-PathPart -Text $Tenant)/exclusion" }
}

function Get-OffboardingRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([string] $Tenant, [string] $Consent, [bool] $DryRun)
    $query = @{ consent = $Consent; dry_run = "$DryRun".ToLowerInvariant() }
    @{ Method = 'PUT'; Uri = "/api/customers/$(Get-PathPart -Text $Tenant)/offboarding"; Query = $query }
}

function Get-ReturnRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([string] $Tenant)
    @{ Method = 'DELETE'; Uri = "/api/customers/$(Get-PathPart -Text $Tenant)/offboarding" }
}

function Get-ApplicationStopRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([string] $Method)
    @{ Method = $Method; Uri = '/api/application/stop' }
}

# What changed for a customer by one consent.
function Get-HistoryRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([string] $Tenant, [string] $Consent)
    @{ Method = 'GET'; Uri = "/api/customers/$(Get-PathPart -Text $Tenant)/history"; Query = @{ consent = $Consent } }
}

# `Method` is PUT to make the application's consent in that tenant, DELETE to take it back. `Plan` is what a dry run with
# `Replace` has told.
function Get-CustomerConsentRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([string] $Method, [string] $Tenant, [string] $Consent, [bool] $DryRun, [bool] $Replace, [AllowEmptyString()][string] $Plan)
    $query = @{ consent = $Consent; dry_run = if ($DryRun) { 'true' } else { 'false' } }
    if ($Replace) { $query['replace'] = 'true' }
    if ($Plan) { $query['plan'] = $Plan }
    @{ Method = $Method; Uri = "/api/customers/$(Get-PathPart -Text $Tenant)/consent"; Query = $query }
}

# One part of a path: whatever was given stays one part.
function Get-PathPart {
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowEmptyString()][string] $Text)
    if ($Text.Trim('.', ' ') -eq '') {
        throw (Get-Failure -Code 'parameter_refused' -Message "'$Text' names nothing." -Recommendation 'Name the consent, or the id of the tenant.')
    }
    [uri]::EscapeDataString($Text.Trim())
}
