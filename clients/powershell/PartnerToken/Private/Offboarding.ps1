# The end of a customer, and the stop of the application's own tokens, as objects.

function Read-Offboarding {
    [CmdletBinding()]
    [OutputType('PartnerToken.CustomerOffboarding')]
    param([Parameter(Mandatory)] $Content)
    $items = @($Content.items | Where-Object -FilterScript { $_ } | Read-OffboardingItem)
    [pscustomobject] @{
        PSTypeName    = 'PartnerToken.CustomerOffboarding'
        TenantId      = $Content.tenant
        Outcome       = $Content.outcome
        DryRun        = $Content.dry_run
        Items         = $items
        # What the customer's own administrator types for what is left.
        Commands      = @($Content.commands | Where-Object -FilterScript { $_ } | ForEach-Object -Process { Get-PlainText -Value $_ })
        Reaches       = Get-Field -Object $Content -Name 'reaches'
        WithinSeconds = Get-Field -Object $Content -Name 'within_seconds'
        LiveMinutes   = $Content.issued_tokens_live_minutes
        Remedy        = @($items | ForEach-Object -Process { $_.Remedy } | Where-Object -FilterScript { $_ } | Select-Object -Unique) -join ' '
    }
}

function Read-OffboardingItem {
    [CmdletBinding()]
    [OutputType('PartnerToken.OffboardingItem')]
    param([Parameter(Mandatory, ValueFromPipeline)] $Content)
    process {
        [pscustomobject] @{
            PSTypeName    = 'PartnerToken.OffboardingItem'
            Kind          = $Content.kind
            Name          = Get-PlainText -Value $Content.name
            Outcome       = $Content.outcome
            Needs         = Get-Field -Object $Content -Name 'needs'
            Says          = Get-PlainText -Value (Get-Field -Object $Content -Name 'says')
            Remedy        = if (Get-Field -Object $Content -Name 'error') { Get-Remedy -Content $Content } else { $null }
            ApplicationId = $Content.application_id
        }
    }
}

function Read-CustomerReturn {
    [CmdletBinding()]
    [OutputType('PartnerToken.CustomerReturn')]
    param([Parameter(Mandatory)] $Content)
    [pscustomobject] @{
        PSTypeName = 'PartnerToken.CustomerReturn'
        TenantId   = $Content.tenant
        Outcome    = $Content.outcome
    }
}

function Read-ApplicationStop {
    [CmdletBinding()]
    [OutputType('PartnerToken.ApplicationStop')]
    param([Parameter(Mandatory)] $Content)
    [pscustomobject] @{
        PSTypeName    = 'PartnerToken.ApplicationStop'
        Stopped       = $Content.stopped
        Left          = @(Get-Field -Object $Content -Name 'left' | Where-Object -FilterScript { $_ })
        Offboarded    = @(Get-Field -Object $Content -Name 'offboarded' | Where-Object -FilterScript { $_ })
        Reaches       = Get-Field -Object $Content -Name 'reaches'
        WithinSeconds = Get-Field -Object $Content -Name 'within_seconds'
    }
}
