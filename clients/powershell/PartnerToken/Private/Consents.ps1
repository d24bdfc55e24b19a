# What the broker says of consents, as objects.

$script:PersonFields = @{ Tenant = 'tenant'; Person = 'person'; LoginHint = 'login_hint'; ExpiresInMinutes = 'expires_in_minutes' }
$script:DaysToTellOf = 30

# One consent. Every object here calls the consent `Consent` and the tenant `TenantId`: the next command takes them so.
function Read-Consent {
    [CmdletBinding()]
    [OutputType('PartnerToken.Consent')]
    param([Parameter(Mandatory, ValueFromPipeline)] $Content)
    process {
        [pscustomobject] @{
            PSTypeName    = 'PartnerToken.Consent'
            Consent       = Get-PlainText -Value $Content.name
            Status        = $Content.status
            TenantId      = $Content.tenant
            Person        = $Content.person
            Username      = Get-PlainText -Value $Content.username
            Scope         = $Content.scope
            Mfa           = $Content.mfa
            DaysLeft      = $Content.days_left
            ConsentedOn   = Read-Time -Value $Content.consented_on
            RenewedOn     = Read-Time -Value $Content.renewed_on
            ProvenOn      = Read-Time -Value $Content.proven_on
            DiesOn        = Read-Time -Value $Content.dies_on
            Failures      = $Content.failures
            FailingSince  = Read-Time -Value $Content.failing_since
            Error         = $Content.error
            AuthorityCode = Get-AuthorityCode -Number $Content.authority_code
            Remedy        = Get-Remedy -Content $Content
        }
    }
}

# One that Key Vault holds and the broker cannot read: nothing is known of it but its name.
function Get-DamagedConsent {
    [CmdletBinding()]
    [OutputType('PartnerToken.Consent')]
    param([Parameter(Mandatory, ValueFromPipeline)][string] $Name)
    process {
        $act = [pscustomobject] @{ name = 'secret.enable'; parameters = [pscustomobject] @{ secret = "consent-$Name" } }
        $known = [pscustomobject] @{ name = $Name; status = 'damaged'; error = 'consent_unreadable'; act = $act }
        foreach ($field in 'tenant', 'person', 'username', 'scope', 'mfa', 'days_left', 'consented_on', 'renewed_on', 'proven_on', 'dies_on', 'failures', 'failing_since', 'authority_code') {
            $known.PSObject.Properties.Add([psnoteproperty]::new($field, $null))
        }
        Read-Consent -Content $known
    }
}

# Of somebody's act: it was stored, restored or imported, or it ended.
function Read-Act {
    [CmdletBinding()]
    [OutputType('PartnerToken.ConsentAct')]
    param([Parameter(Mandatory)] $Content)
    [pscustomobject] @{
        PSTypeName = 'PartnerToken.ConsentAct'
        Consent    = Get-PlainText -Value $Content.consent
        Status     = $Content.status
        TenantId   = Get-Field -Object $Content -Name 'tenant'
        Person     = Get-Field -Object $Content -Name 'person'
        Username   = Get-PlainText -Value (Get-Field -Object $Content -Name 'username')
        Mfa        = Get-Field -Object $Content -Name 'mfa'
        On         = Read-Time -Value (@((Get-Field -Object $Content -Name 'consented_on'), (Get-Field -Object $Content -Name 'withdrawn_on'), (Get-Field -Object $Content -Name 'revoked_on')) | Where-Object -FilterScript { $_ } | Select-Object -First 1)
    }
}

function Read-Link {
    [CmdletBinding()]
    [OutputType('PartnerToken.ConsentLink')]
    param([Parameter(Mandatory)] $Content, [AllowEmptyString()][string] $LoginHint)
    [pscustomobject] @{
        PSTypeName = 'PartnerToken.ConsentLink'
        Consent    = $Content.consent
        TenantId   = $Content.tenant
        For        = $LoginHint
        ExpiresOn  = Read-Time -Value $Content.expires_on
        Url        = $Content.url
    }
}

# The body's fields of whom a consent is meant for, of the parameters that were given.
function Get-PersonField {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory)][System.Collections.IDictionary] $Bound)
    $fields = @{}
    foreach ($name in $script:PersonFields.Keys) {
        if ($Bound.ContainsKey($name) -and "$($Bound[$name])") { $fields[$script:PersonFields[$name]] = $Bound[$name] }
    }
    if ($Bound['NewPerson']) { $fields['new_person'] = $true }
    $fields
}

# What the list says beside the consents: how the partner application is doing.
function Write-ApplicationWarning {
    [CmdletBinding()]
    param([Parameter(Mandatory)] $Application)
    if ($Application.error) {
        $number = Get-AuthorityCode -Number $Application.authority_code
        $code = if ($number) { "$($Application.error) ($number)" } else { $Application.error }
        Write-Warning -Message "The partner application: $code. $(Get-Remedy -Content $Application)"
    }
    elseif ($null -ne $Application.days_left -and $Application.days_left -le $script:DaysToTellOf) {
        Write-Warning -Message "The partner application's $($Application.credential) has $($Application.days_left) days left: renew it (docs/operate.md)."
    }
}

# What to do about an error that a list or a check tells of: this module's words, or the broker's own.
function Get-Remedy {
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory)] $Content)
    $recommendation = Get-Recommendation -Act (Get-Field -Object $Content -Name 'act')
    if ($recommendation) { return $recommendation }
    Get-PlainText -Value (Get-Field -Object $Content -Name 'remedy')
}
