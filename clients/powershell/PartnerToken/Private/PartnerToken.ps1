# The plain dialect's words: a command's parameters become a request's fields, an answer becomes a token.

$script:TokenFields = @{
    Tenant      = 'tenant'
    Resource    = 'resource'
    Scope       = 'scope'
    As          = 'as'
    Consent     = 'consent'
    Claims      = 'claims'
    MinLifetime = 'min_lifetime'
    Fresh       = 'fresh'
}

# The fields of a token request: those of the parameters that were given.
function Get-TokenField {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory)][System.Collections.IDictionary] $Bound)
    $fields = @{}
    foreach ($parameter in $script:TokenFields.Keys) {
        if ($Bound.ContainsKey($parameter)) { $fields[$script:TokenFields[$parameter]] = $Bound[$parameter] }
    }
    # A switch is an object of its own; the broker takes true or false.
    if ($fields.ContainsKey('fresh')) { $fields['fresh'] = [bool] $fields['fresh'] }
    # As the broker spells it.
    if ($fields.ContainsKey('as')) { $fields['as'] = $fields['as'].ToLowerInvariant() }
    # Cells of a table end in blanks, or are empty.
    $fields['tenant'] = "$($fields['tenant'])".Trim()
    if (-not $fields['tenant']) {
        throw (Get-Failure -Code 'parameter_refused' -Message '-Tenant: it is empty.' -Recommendation 'Give the id of the tenant, a name of the policy, or home.')
    }
    if ($fields['consent'] -eq '') { $fields.Remove('consent') }
    $fields
}

# Something else than the broker may answer at a mistyped address, and in JSON too.
function Assert-TokenAnswer {
    [CmdletBinding()]
    param([Parameter(Mandatory)] $Answer)
    foreach ($name in 'access_token', 'expires_on', 'scope', 'resource', 'tenant_id', 'token_type') {
        if ($null -eq (Get-Field -Object $Answer.Content -Name $name)) {
            throw (Get-BrokerFailure -Answer $Answer)
        }
    }
}

function Read-PartnerToken {
    [CmdletBinding()]
    [OutputType('PartnerToken.AccessToken')]
    param([Parameter(Mandatory)] $Answer, [switch] $AsPlainText)
    Assert-TokenAnswer -Answer $Answer
    $content = $Answer.Content
    $text = $content.access_token
    [pscustomobject] @{
        PSTypeName = 'PartnerToken.AccessToken'
        Token      = if ($AsPlainText) { $text } else { Protect-Text -Text $text }
        ExpiresOn  = [DateTimeOffset]::FromUnixTimeSeconds([long] $content.expires_on)
        TenantId   = $content.tenant_id
        Resource   = $content.resource
        Scopes     = @($content.scope -split ' ')
        Type       = $content.token_type
    }
}

# As Invoke-RestMethod takes it.
function Read-TokenHeader {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory)] $Answer)
    Assert-TokenAnswer -Answer $Answer
    @{ Authorization = "$($Answer.Content.token_type) $($Answer.Content.access_token)" }
}

# The retired command's AuthResult; what would come from a sign-in of one's own is null.
function Read-RetiredResult {
    [CmdletBinding()]
    [OutputType('PartnerToken.AuthResult')]
    param([Parameter(Mandatory)] $Answer)
    Assert-TokenAnswer -Answer $Answer
    $content = $Answer.Content
    $expires = [DateTimeOffset]::FromUnixTimeSeconds([long] $content.expires_on)
    [pscustomobject] @{
        PSTypeName              = 'PartnerToken.AuthResult'
        AccessToken             = $content.access_token
        IsExtendedLifeTimeToken = $false
        UniqueId                = $null
        ExpiresOn               = $expires
        ExtendedExpiresOn       = $expires
        TenantId                = $content.tenant_id
        Account                 = $null
        IdToken                 = $null
        Scopes                  = @($content.scope -split ' ')
        CorrelationId           = $Answer.Headers['x-ms-request-id'] -as [guid]
        RefreshToken            = $null
    }
}

# One of the tenants that the identity may ask for.
function Read-Tenant {
    [CmdletBinding()]
    [OutputType('PartnerToken.Tenant')]
    param([Parameter(Mandatory, ValueFromPipeline)] $Content, [string] $As)
    process {
        [pscustomobject] @{
            PSTypeName = 'PartnerToken.Tenant'
            TenantId   = $Content.tenant
            As         = $As
            Name       = Get-PlainText -Value $Content.name
            Domain     = Get-PlainText -Value $Content.domain
            Company    = Get-PlainText -Value $Content.company
            Resources  = @($Content.resources)
        }
    }
}
