# What the broker says of customers' tenants and of what works there, as objects.

$script:PairsOfARequest = 25

function Read-Customer {
    [CmdletBinding()]
    [OutputType('PartnerToken.Customer')]
    param([Parameter(Mandatory, ValueFromPipeline)] $Content)
    process {
        [pscustomobject] @{
            PSTypeName = 'PartnerToken.Customer'
            TenantId   = $Content.tenant
            Name       = Get-PlainText -Value $Content.name
            Domain     = Get-PlainText -Value $Content.domain
        }
    }
}

# How a tenant's application consent stands, or would stand.
function Read-CustomerConsent {
    [CmdletBinding()]
    [OutputType('PartnerToken.CustomerConsent')]
    param([Parameter(Mandatory)] $Content)
    $grants = @(Get-Field -Object $Content -Name 'grants' | Where-Object -FilterScript { $_ })
    $missing = foreach ($grant in $grants | Where-Object -FilterScript { $_.missing }) { "$($grant.resource): $($grant.missing -join ' ')" }
    $unclear = foreach ($grant in $grants | Where-Object -FilterScript { Get-Field -Object $_ -Name 'error' }) { Get-Remedy -Content $grant }
    [pscustomobject] @{
        PSTypeName = 'PartnerToken.CustomerConsent'
        TenantId   = $Content.tenant
        Outcome    = $Content.outcome
        DryRun     = $Content.dry_run
        Missing    = @($missing)
        # The same remedy for each API is one remedy.
        Remedy     = @($unclear | Select-Object -Unique) -join ' '
        Grants     = $grants
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
