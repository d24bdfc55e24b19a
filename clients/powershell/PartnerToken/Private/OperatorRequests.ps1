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

# `Method` is PUT to make the application's consent in that tenant, DELETE to take it back.
function Get-CustomerConsentRequest {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([string] $Method, [string] $Tenant, [string] $Consent, [bool] $DryRun)
    $query = @{ consent = $Consent; dry_run = if ($DryRun) { 'true' } else { 'false' } }
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
