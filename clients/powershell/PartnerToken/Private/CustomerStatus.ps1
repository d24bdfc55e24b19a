# What the broker's nightly check has found, as an object for each customer and resource, and as warnings.

$script:WithdrawnStatus = 'withdrawn'
$script:MfaLacks = 'no', 'missing'

# What does not work, cause by cause; then what works, where it was asked for.
function Read-CustomerStatus {
    [CmdletBinding()]
    [OutputType('PartnerToken.CustomerStatus')]
    param([Parameter(Mandatory)] $Content)
    foreach ($cause in $Content.failing | Where-Object -FilterScript { $_ }) {
        foreach ($row in $cause.customers) { Read-StatusRow -Content $row -Cause $cause }
    }
    foreach ($row in $Content.works | Where-Object -FilterScript { $_ }) { Read-StatusRow -Content $row }
}

function Read-StatusRow {
    [CmdletBinding()]
    [OutputType('PartnerToken.CustomerStatus')]
    param([Parameter(Mandatory)] $Content, $Cause)
    $remedy = $null
    if ($Cause) {
        # A cause is many customers': its act is told with this one.
        $asked = @{ tenant = $Content.tenant; consent = $Content.consent; resource = $Content.resource }
        $remedy = Get-Recommendation -Act $Cause.act -Asked $asked
        if (-not $remedy) { $remedy = Get-PlainText -Value $Cause.remedy }
    }
    [pscustomobject] @{
        PSTypeName    = 'PartnerToken.CustomerStatus'
        TenantId      = $Content.tenant
        Name          = Get-PlainText -Value $Content.name
        Resource      = $Content.resource
        Works         = $null -eq $Cause
        Outcome       = $Content.outcome
        Consent       = $Content.consent
        Whose         = Get-Field -Object $Cause -Name 'whose'
        Says          = Get-PlainText -Value (Get-Field -Object $Cause -Name 'says')
        AuthorityCode = Get-AuthorityCode -Number (Get-Field -Object $Cause -Name 'authority_code')
        Missing       = @($Content.missing | Where-Object -FilterScript { $_ })
        Remedy        = $remedy
        Since         = Read-Time -Value $Content.since
        TriedOn       = Read-Time -Value $Content.tried_on
        GoodOn        = Read-Time -Value $Content.good_on
    }
}

# What the status says beside the customers: who has to look after what they all stand on.
function Write-StatusWarning {
    [CmdletBinding()]
    param([Parameter(Mandatory)] $Content)
    Write-ApplicationWarning -Application $Content.application
    foreach ($name in $Content.damaged | Where-Object -FilterScript { $_ }) {
        Write-Warning -Message "The consent $(Get-PlainText -Value $name) is damaged, or disabled in the vault."
    }
    foreach ($consent in $Content.consents | Where-Object -FilterScript { $_ -and $_.error -and $_.status -ne $script:WithdrawnStatus }) {
        Write-Warning -Message "The consent $($consent.name), $($consent.days_left) days left: $($consent.error). $(Get-Remedy -Content $consent)"
    }
    if ($Content.unavailable) { Write-UnavailableWarning -Content $Content }
    elseif (-not $Content.last_run) {
        Write-Warning -Message 'No check has run yet: nothing is known of customers.'
    }
    elseif ($Content.check.silent) {
        Write-Warning -Message "The check of customers: no run has ended since $($Content.check.ended_on). $(Get-Remedy -Content $Content.check)"
    }
    Write-EndingWarning -Content $Content
}

# No list of customers is empty because the broker could not read it.
function Write-UnavailableWarning {
    [CmdletBinding()]
    param([Parameter(Mandatory)] $Content)
    Write-Warning -Message "What is known of customers: $($Content.unavailable.error). $(Get-Remedy -Content $Content.unavailable)"
}

# What will not work soon: a person without MFA or roles, and delegations near their end.
function Write-EndingWarning {
    [CmdletBinding()]
    param([Parameter(Mandatory)] $Content)
    foreach ($person in $Content.persons | Where-Object -FilterScript { $_ -and $_.act }) {
        $lacks = @(
            if ($person.mfa -in $script:MfaLacks) { "Partner Center sees no MFA ($($person.mfa))" }
            if ($person.roleless_count) { "no role at $($person.roleless_count) customers" }
        )
        Write-Warning -Message "The person of $($person.consent): $($lacks -join '; '). $(Get-Remedy -Content $person)"
    }
    foreach ($one in $Content.ending | Where-Object -FilterScript { $_ }) {
        $left = if ($one.status -eq 'active') { "$($one.days_left) days left" } else { $one.status }
        $name = if ($one.name) { $one.name } else { $one.tenant }
        Write-Warning -Message "The delegation of $(Get-PlainText -Value $name): $left. $(Get-Remedy -Content $one)"
    }
}
