# What the broker says of customers' tenants and of what works there, as objects.

$script:PairsOfARequest = 25

function Read-Customer {
    [CmdletBinding()]
    [OutputType('PartnerToken.Customer')]
    param([Parameter(Mandatory, ValueFromPipeline)] $Content)
    process {
        $exclusion = Get-Field -Object $Content -Name 'excluded'
        [pscustomobject] @{
            PSTypeName = 'PartnerToken.Customer'
            TenantId   = $Content.tenant
            Name       = Get-PlainText -Value $Content.name
            Domain     = Get-PlainText -Value $Content.domain
            From       = @($Content.from)
            Delegation = Get-Field -Object $Content.relationship -Name 'status'
            Ends       = Read-Time -Value (Get-Field -Object $Content.relationship -Name 'ends')
            Extends    = Get-Field -Object $Content.relationship -Name 'auto_extends'
            Roles      = @(Get-Field -Object $Content.relationship -Name 'roles' | Where-Object -FilterScript { $_ })
            Excluded   = if ($exclusion) { Read-Exclusion -Content $exclusion } else { $null }
        }
    }
}

# A source that gave no customers: the list may not be whole.
function Write-SourceWarning {
    [CmdletBinding()]
    param([Parameter(Mandatory)] $Sources)
    foreach ($source in $Sources.PSObject.Properties) {
        if (-not (Get-Field -Object $source.Value -Name 'error')) { continue }
        Write-Warning -Message "$($source.Name): $(Get-PlainText -Value (Get-Field -Object $source.Value -Name 'says')) $(Get-Remedy -Content $source.Value)"
    }
}

# How a tenant's application consent stands, or would stand.
function Read-CustomerConsent {
    [CmdletBinding()]
    [OutputType('PartnerToken.CustomerConsent')]
    param([Parameter(Mandatory)] $Content)
    # Roles of the application itself stand beside the scopes of an API, under a name of their own.
    $roles = foreach ($row in Get-Field -Object $Content -Name 'roles' | Where-Object -FilterScript { $_ }) {
        $named = $row.PSObject.Copy()
        $named.resource = "$($row.resource) roles"
        $named
    }
    $grants = @(@(Get-Field -Object $Content -Name 'grants') + @($roles) | Where-Object -FilterScript { $_ })
    $unclear = foreach ($grant in $grants | Where-Object -FilterScript { Get-Field -Object $_ -Name 'error' }) { Get-Remedy -Content $grant }
    [pscustomobject] @{
        PSTypeName = 'PartnerToken.CustomerConsent'
        TenantId   = $Content.tenant
        Outcome    = $Content.outcome
        DryRun     = $Content.dry_run
        There      = @(Get-ScopeLine -Grants $grants -Name 'there')
        Added      = @(Get-ScopeLine -Grants $grants -Name 'added')
        Lost       = @(Get-ScopeLine -Grants $grants -Name 'lost')
        Missing    = @(Get-ScopeLine -Grants $grants -Name 'missing')
        Plan       = Get-Field -Object $Content -Name 'plan'
        Consent    = $Content.consent
        # The same remedy for each API is one remedy.
        Remedy     = @($unclear | Select-Object -Unique) -join ' '
        Grants     = $grants
    }
}

# `graph: Mail.Read User.Read`, for each API that has such scopes.
function Get-ScopeLine {
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowEmptyCollection()][object[]] $Grants, [Parameter(Mandatory)][string] $Name)
    foreach ($grant in $Grants) {
        $scopes = @(Get-Field -Object $grant -Name $Name | Where-Object -FilterScript { $_ })
        if ($scopes) { "$($grant.resource): $($scopes -join ' ')" }
    }
}

function Read-Flushed {
    [CmdletBinding()]
    [OutputType('PartnerToken.Flushed')]
    param([Parameter(Mandatory)] $Content)
    [pscustomobject] @{
        PSTypeName    = 'PartnerToken.Flushed'
        TenantId      = $Content.tenant
        Reaches       = $Content.reaches
        WithinSeconds = $Content.within_seconds
    }
}

# What a check found of one tenant and resource.
function Read-Access {
    [CmdletBinding()]
    [OutputType('PartnerToken.Access')]
    param([Parameter(Mandatory, ValueFromPipeline)] $Content, [Parameter(Mandatory)][string] $Consent)
    process {
        $works = $Content.outcome -eq 'works'
        [pscustomobject] @{
            PSTypeName    = 'PartnerToken.Access'
            TenantId      = $Content.tenant
            Resource      = $Content.resource
            Works         = $works
            Outcome       = $Content.outcome
            Consent       = $Consent
            Scopes        = @("$(Get-Field -Object $Content -Name 'granted')" -split ' ' | Where-Object -FilterScript { $_ })
            Says          = Get-PlainText -Value (Get-Field -Object $Content -Name 'says')
            AuthorityCode = (Get-AuthorityCode -Number (Get-Field -Object $Content -Name 'error_codes')) -join ', '
            Remedy        = if ($works) { $null } else { Get-Remedy -Content $Content }
        }
    }
}

# Checks the pairs, 25 a request. One that makes the broker refuse them all is told apart by asking for each alone.
function Send-Check {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] $Broker,
        [Parameter(Mandatory)][AllowEmptyString()][string] $Consent,
        [Parameter(Mandatory)][AllowEmptyCollection()][object[]] $Pairs,
        [Parameter(Mandatory)][System.Management.Automation.PSCmdlet] $Cmdlet
    )
    if ($Pairs.Count -eq 0) { return }
    try {
        $answer = Send-BrokerRequest -Broker $Broker -Request (Get-CheckRequest -Consent $Consent -Pairs $Pairs)
        $answer.Content.pairs | Read-Access -Consent $Consent
    }
    catch {
        Clear-InnerError -Cmdlet $Cmdlet -Exception $_.Exception
        if ($Pairs.Count -eq 1 -or $_.Exception.Data['Code'] -ne 'invalid_request') {
            foreach ($pair in $Pairs) { Write-Failure -Cmdlet $Cmdlet -Record $_ -Target $pair['tenant'] }
            return
        }
        foreach ($pair in $Pairs) { Send-Check -Broker $Broker -Consent $Consent -Pairs @($pair) -Cmdlet $Cmdlet }
    }
}

# A replacement has a plan, since without it nobody has seen what would be lost; nothing else has one.
function Get-CheckedPlan {
    [CmdletBinding()]
    [OutputType([string])]
    param([bool] $Replace, [bool] $IsDryRun, [AllowEmptyString()][string] $Plan)
    if ($IsDryRun) { return '' }
    if ($Plan -and -not $Replace) {
        throw (Get-Failure -Code 'parameter_refused' -Message 'A plan is of a replacement.' -Recommendation 'Say -Replace as well, or leave -Plan out.')
    }
    if ($Replace -and -not $Plan) {
        throw (Get-Failure -Code 'parameter_refused' -Message 'A replacement needs the plan that shows what it would lose.' -Recommendation 'Say -Replace -WhatIf first, look at Lost, and then -Replace -Plan with its Plan.')
    }
    $Plan
}

# A change of one customer's tenant: asked about first, and under -WhatIf what the broker says that it would do.
function Set-CustomerConsent {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] $Broker,
        [Parameter(Mandatory)][hashtable] $Change,
        [Parameter(Mandatory)][string] $Action,
        [Parameter(Mandatory)][System.Management.Automation.PSCmdlet] $Cmdlet
    )
    $isAgreed = Test-Agreement -Cmdlet $Cmdlet -Target "tenant $($Change['Tenant'])" -Action $Action
    $isDryRun = [bool] $WhatIfPreference
    if (-not $isAgreed -and -not $isDryRun) { return }
    $answer = Send-BrokerRequest -Broker $Broker -Request (Get-CustomerConsentRequest @Change -DryRun (-not $isAgreed))
    Read-CustomerConsent -Content $answer.Content
}
