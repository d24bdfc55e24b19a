function Connect-Partner {
    <#
    .SYNOPSIS
    Connects a PowerShell module to a customer's tenant with tokens of the broker.

    .DESCRIPTION
    Asks the broker for exactly the parameters that the module's own Connect command takes, and calls that command.
    Retired modules still connect, with a warning that names what replaces them.
    After Exchange Online has connected, its accepted domains are compared with the customer: on a mismatch, or where it
    cannot be told, it is disconnected again, and that is an error.
    Errors are those of Get-PartnerToken, or of the Connect command itself.

    .PARAMETER Module
    Az, AzKeyVault (Az with a token for Key Vaults), AzureRM, AzureAD, MSOnline, PartnerCenter, ExchangeOnline,
    Compliance (Security & Compliance PowerShell), PnP (SharePoint), Graph, Entra, Teams or PowerBI.
    SPO and AzureDevOps are refused with what to use instead.

    .PARAMETER Tenant
    The customer tenant's id, a name that the access policy gives it, or home for the partner's own tenant.
    PartnerCenter knows the partner's own alone and needs none.

    .PARAMETER Consent
    Which consent: partner by default.

    .PARAMETER Url
    For PnP: the address of the site, such as https://contoso.sharepoint.com/sites/marketing or the admin centre's.

    .PARAMETER AsApplication
    With app-only tokens of the partner application itself, where the access policy says so: Az, AzKeyVault,
    ExchangeOnline, Graph, Entra, Teams, PowerBI and PnP. ExchangeOnline wants the tenant's initial domain: where the
    broker does not know it, ask by it, or say -ConnectParameter @{ Organization = 'contoso.onmicrosoft.com' }. Without
    it nothing is connected.

    .PARAMETER ConnectParameter
    More parameters for the Connect command, such as @{ NoWelcome = $true } or @{ ShowBanner = $false }.

    .PARAMETER BrokerUrl
    The broker's address; the variable BROKER_URL by default.

    .PARAMETER Audience
    The broker's identifier URI, such as api://<its client id>; the variable BROKER_AUDIENCE by default.

    .PARAMETER Identity
    Who asks; see Get-PartnerToken.

    .PARAMETER ClientId
    The client id of a user-assigned managed identity, where there are several; the variable AZURE_CLIENT_ID by default.

    .OUTPUTS
    What the Connect command returns.

    .EXAMPLE
    Connect-Partner -Module Az -Tenant contoso
    Get-AzSubscription

    .EXAMPLE
    Connect-Partner Graph contoso -ConnectParameter @{ NoWelcome = $true }
    Get-MgOrganization

    The token is turned into the SecureString that Connect-MgGraph wants.

    .EXAMPLE
    Connect-Partner -Module PnP -Tenant contoso -Url https://contoso-admin.sharepoint.com
    Get-PnPTenantSite

    .EXAMPLE
    Connect-Partner -Module Teams -Tenant contoso
    Get-Team -NumberOfThreads 1

    .EXAMPLE
    foreach ($customer in 'contoso', 'northwind') {
        Connect-Partner -Module ExchangeOnline -Tenant $customer -ConnectParameter @{ ShowBanner = $false }
        Get-Mailbox -ResultSize 10
        Disconnect-ExchangeOnline -Confirm:$false
    }

    .EXAMPLE
    Connect-Partner ExchangeOnline contoso -AsApplication

    As the application itself.

    .EXAMPLE
    Connect-Partner ExchangeOnline contoso -AsApplication -ConnectParameter @{ Organization = 'contoso.onmicrosoft.com' }

    Where the broker may not know the tenant's initial domain yet.

    .LINK
    Get-PartnerToken
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory, Position = 0)]
        [ValidateSet('Az', 'AzKeyVault', 'AzureRM', 'AzureAD', 'MSOnline', 'PartnerCenter', 'ExchangeOnline', 'Compliance', 'PnP', 'Graph', 'Entra', 'Teams', 'PowerBI', 'SPO', 'AzureDevOps')]
        [string] $Module,

        [Parameter(Position = 1, ValueFromPipelineByPropertyName)]
        [Alias('TenantId', 'CustomerId')]
        [string] $Tenant,

        [string] $Consent,

        [string] $Url,

        [switch] $AsApplication,

        [hashtable] $ConnectParameter = @{},

        [string] $BrokerUrl = $env:BROKER_URL,

        [string] $Audience = $env:BROKER_AUDIENCE,

        [ValidateSet('Auto', 'AppService', 'Automation', 'Arc', 'VirtualMachine', 'WorkloadIdentity', 'AzurePipelines', 'GitHubActions', 'AzPowerShell', 'AzCli')]
        [string] $Identity = 'Auto',

        [string] $ClientId = $env:AZURE_CLIENT_ID
    )
    begin {
        try {
            $command = Get-ConnectCommand -Module $Module
            $broker = Open-Broker -BrokerUrl $BrokerUrl -Audience $Audience -Identity $Identity -ClientId $ClientId
        }
        catch { $PSCmdlet.ThrowTerminatingError($_) }
    }
    process {
        try {
            $query = @{}
            if ($Tenant) { $query['tenant'] = $Tenant }
            if ($Consent) { $query['consent'] = $Consent }
            if ($Url) { $query['url'] = $Url }
            if ($AsApplication) { $query['as'] = 'application' }
            $answer = Send-BrokerRequest -Broker $broker -Request (Get-ConnectRequest -Module $Module -Query $query)
            Assert-ConnectAnswer -Answer $answer
            $parameters = Get-ConnectParameter -Content $answer.Content -Command $command -More $ConnectParameter
            $organization = if ($Module -eq 'ExchangeOnline') { Get-ExpectedOrganization -Parameter $parameters -AsApplication:$AsApplication }
            & $command @parameters
            if ($organization) { Assert-Organization -Expected $organization -Prefix "$($parameters['Prefix'])" }
        }
        # One connection at a time: what was to be done in the next tenant must not go on in the last one.
        catch { $PSCmdlet.ThrowTerminatingError($_) }
    }
}
