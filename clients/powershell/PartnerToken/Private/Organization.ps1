# Exchange Online: whether the organization that was connected to is the customer's.

# The organization that Exchange Online is to be connected to; nothing for the partner's own, which a person goes to.
# The broker names the first where it connects a person, the second where it connects the application and knows it.
function Get-ExpectedOrganization {
    [CmdletBinding()]
    [OutputType([string])]
    param([Parameter(Mandatory)][hashtable] $Parameter, [switch] $AsApplication)
    $expected = @($Parameter['DelegatedOrganization'], $Parameter['Organization']) | Where-Object -FilterScript { $_ } | Select-Object -First 1
    if ($AsApplication -and -not $expected) {
        throw (Get-Failure -Code 'organization_unknown' -Message 'The broker does not know the initial domain of this tenant, by which the application is connected to it; nothing was connected.' -Recommendation 'Ask by that domain as -Tenant, or say it: -ConnectParameter @{ Organization = ''<its name>.onmicrosoft.com'' }. The daily check of customers learns it.')
    }
    "$expected"
}

# Versions of the module landed in the partner's own organization without a word, and what was meant for a customer would
# be done there. Where it cannot be told, the connection is not kept either.
function Assert-Organization {
    [CmdletBinding()]
    param([Parameter(Mandatory)][string] $Expected, [AllowEmptyString()][string] $Prefix)
    try {
        $domains = @(Get-ConnectedDomain -Prefix $Prefix)
        if (-not (Test-Organization -Expected $Expected -Domain $domains)) {
            throw (Get-Failure -Code 'wrong_organization' -Message "Connected to the organization of $($domains[0]) instead of $Expected, and disconnected." -Recommendation 'Update ExchangeOnlineManagement, and see that the broker knows the customer''s initial domain (docs/systems/exchange-online.md).')
        }
    }
    catch {
        $reason = $_
        try { & (Get-Command -Name 'Disconnect-ExchangeOnline' -ErrorAction Stop) -Confirm:$false }
        catch { Write-Warning -Message "Disconnect-ExchangeOnline failed: $($_.Exception.Message)" }
        throw $reason
    }
}

# The domains of the organization that is connected.
function Get-ConnectedDomain {
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowEmptyString()][string] $Prefix)
    $command = Get-Command -Name "Get-${Prefix}AcceptedDomain" -ErrorAction SilentlyContinue
    if (-not $command) {
        throw (Get-OrganizationFailure -Message 'Get-AcceptedDomain is not there.' -Recommendation 'Leave out -CommandName, or name it there.')
    }
    $domains = @(& $command | ForEach-Object -Process { "$($_.DomainName)" } | Where-Object -FilterScript { $_ })
    if (-not $domains) { throw (Get-OrganizationFailure -Message 'Get-AcceptedDomain tells no domain.') }
    $domains
}

# Whether an organization with these domains is meant by an initial domain or an id.
function Test-Organization {
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory)][string] $Expected, [Parameter(Mandatory)][string[]] $Domain)
    if ($null -eq ($Expected -as [guid])) { return $Expected -in $Domain }
    $initial = $Domain | Where-Object -FilterScript { $_ -match '^[^.]+\.(onmicrosoft\.(com|us)|partner\.onmschina\.cn)$' } | Select-Object -First 1
    if (-not $initial) { throw (Get-OrganizationFailure -Message 'None of its domains is the initial one.') }
    $answer = Send-Request -Request (Get-DiscoveryRequest -Authority (Get-Authority) -Domain $initial)
    $issuer = Get-Field -Object $answer.Content -Name 'issuer'
    if (-not $issuer) {
        throw (Get-OrganizationFailure -Message "Entra ID does not tell whose $initial is (HTTP $($answer.Status))." -Recommendation 'For a national cloud, set AZURE_AUTHORITY_HOST.')
    }
    "$issuer" -like "*/$Expected/*"
}

function Get-OrganizationFailure {
    [CmdletBinding()]
    [OutputType([System.Management.Automation.ErrorRecord])]
    param([string] $Message, [AllowEmptyString()][string] $Recommendation = '')
    Get-Failure -Code 'organization_unknown' -Message "It cannot be told whose organization was connected to, so it was disconnected. $Message" -Recommendation $Recommendation
}
