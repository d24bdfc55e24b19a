# Customers who are kept out of checks, consents and alarms, and what changed for one, as objects.

function Read-Exclusion {
    [CmdletBinding()]
    [OutputType('PartnerToken.CustomerExclusion')]
    param([Parameter(Mandatory, ValueFromPipeline)] $Content)
    process {
        [pscustomobject] @{
            PSTypeName = 'PartnerToken.CustomerExclusion'
            TenantId   = $Content.tenant
            # A day of no zone.
            Until      = [datetime]::ParseExact((Get-PlainText -Value $Content.until), 'yyyy-MM-dd', [cultureinfo]::InvariantCulture)
            Reason     = Get-PlainText -Value $Content.reason
            By         = Get-PlainText -Value $Content.by
            MadeOn     = Read-Time -Value $Content.made_on
        }
    }
}

function Read-Inclusion {
    [CmdletBinding()]
    [OutputType('PartnerToken.CustomerInclusion')]
    param([Parameter(Mandatory, ValueFromPipeline)] $Content)
    process {
        [pscustomobject] @{
            PSTypeName = 'PartnerToken.CustomerInclusion'
            TenantId   = $Content.tenant
            Outcome    = $Content.outcome
        }
    }
}

# One change that a check has met; Before is nothing where it was the first one.
function Read-Change {
    [CmdletBinding()]
    [OutputType('PartnerToken.CustomerChange')]
    param(
        [Parameter(Mandatory, ValueFromPipeline)] $Content,
        [Parameter(Mandatory)][string] $TenantId,
        [Parameter(Mandatory)][string] $Consent
    )
    process {
        [pscustomobject] @{
            PSTypeName    = 'PartnerToken.CustomerChange'
            TenantId      = $TenantId
            On            = Read-Time -Value $Content.on
            Resource      = $Content.resource
            Before        = if ($Content.before) { $Content.before } else { $null }
            Outcome       = $Content.outcome
            AuthorityCode = Get-AuthorityCode -Number $Content.number
            Whose         = if ($Content.whose) { $Content.whose } else { $null }
            Consent       = $Consent
        }
    }
}
