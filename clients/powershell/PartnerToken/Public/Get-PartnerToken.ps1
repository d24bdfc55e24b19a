function Get-PartnerToken {
    <#
    .SYNOPSIS
    Gets an access token for one customer's tenant and one API from the broker.

    .DESCRIPTION
    Asks the Secure Application Model broker as the identity of this machine, job or session (see -Identity).
    The token is a delegated one of the person who consented, or the application's own (see -As); the broker's access policy decides who gets which.
    While the broker asks to wait (HTTP 429 or 503), it is asked up to three times more, after at most 30 seconds each time.

    Rows of a pipeline that have a Tenant, TenantId or CustomerId get a token each. A row that fails is an error with
    the tenant as its target, and the others go on; what is wrong for all of them ends the command.

    An error has the broker's stable code as its id, and Code, CorrelationId, Status and AuthorityCodes in
    $_.Exception.Data; its message names the remedy. No stream and no view is ever told a token.

    .PARAMETER Tenant
    The customer tenant's id, a name that the access policy gives it, or home for the partner's own tenant.

    .PARAMETER Resource
    The API: graph, arm, exchange, partnercenter, keyvault, teams, or any identifier URI or application id.
    The token carries every scope that is consented to.

    .PARAMETER Scope
    Instead of a resource: one scope with its resource, such as https://graph.microsoft.com/.default.

    .PARAMETER Consent
    Which consent: partner by default.

    .PARAMETER As
    User (by default): a delegated token of the person who consented. Application: an app-only token of the partner
    application itself, of nobody's consent, where a row of the access policy says so. It comes even where the
    application has no role in the tenant: then no API takes it.

    .PARAMETER Claims
    A claims challenge to satisfy, as JSON text; always a fresh token.

    .PARAMETER MinLifetime
    Seconds the token should live yet, at most 3000.

    .PARAMETER Fresh
    A token that is at most a minute old, for instance after a permission was added in the customer's tenant. It is
    yours alone from then on.

    .PARAMETER AsPlainText
    Returns the token as a String; without it, as a SecureString.

    .PARAMETER AsHeader
    Returns a hashtable for Invoke-RestMethod -Headers: Authorization, as text. Assign it or pass it on: a hashtable at
    the prompt shows what it holds.

    .PARAMETER BrokerUrl
    The broker's address; the variable BROKER_URL by default.

    .PARAMETER Audience
    The broker's identifier URI, such as api://<its client id>; the variable BROKER_AUDIENCE by default.

    .PARAMETER Identity
    Who asks. Auto takes what is set up here: a workload identity's token file, the managed identity of App Service,
    Functions, Automation or Azure Arc, the identity of a pipeline, a workload that is signed in to Az PowerShell or
    Azure CLI, and a virtual machine's managed identity last.

    .PARAMETER ClientId
    The client id of a user-assigned managed identity, where there are several; the variable AZURE_CLIENT_ID by default.

    .OUTPUTS
    PartnerToken.AccessToken: Token, ExpiresOn, TenantId, Resource, Scopes, Type. With -AsHeader a hashtable.

    .EXAMPLE
    $token = Get-PartnerToken -Tenant contoso -Resource graph
    Invoke-RestMethod https://graph.microsoft.com/v1.0/organization -Authentication Bearer -Token $token.Token

    PowerShell 7 takes the SecureString as it is.

    .EXAMPLE
    $header = Get-PartnerToken contoso arm -AsHeader
    Invoke-RestMethod 'https://management.azure.com/subscriptions?api-version=2022-12-01' -Headers $header

    In Windows PowerShell 5.1 and PowerShell 7 alike.

    .EXAMPLE
    Import-Csv customers.csv | Get-PartnerToken -Resource graph -ErrorVariable refused

    A token for each row; $refused.TargetObject has the tenants that got none.

    .EXAMPLE
    $token = Get-PartnerToken -Tenant home -Scope https://api.partnercenter.microsoft.com/user_impersonation -MinLifetime 2400 -Identity AppService

    A token for Partner Center that lives 40 minutes at least, asked for as this function app.

    .EXAMPLE
    $header = Get-PartnerToken contoso graph -As Application -AsHeader

    An app-only token.

    .LINK
    New-PartnerAccessToken

    .LINK
    Connect-Partner
    #>
    [CmdletBinding(DefaultParameterSetName = 'Resource')]
    [OutputType('PartnerToken.AccessToken', 'System.Collections.Hashtable')]
    param(
        [Parameter(Mandatory, Position = 0, ValueFromPipelineByPropertyName)]
        [AllowEmptyString()]
        [Alias('TenantId', 'CustomerId')]
        [string] $Tenant,

        [Parameter(Mandatory, Position = 1, ValueFromPipelineByPropertyName, ParameterSetName = 'Resource')]
        [string] $Resource,

        [Parameter(Mandatory, ValueFromPipelineByPropertyName, ParameterSetName = 'Scope')]
        [string] $Scope,

        [Parameter(ValueFromPipelineByPropertyName)]
        [string] $Consent,

        [ValidateSet('User', 'Application')]
        [string] $As,

        [string] $Claims,

        [ValidateRange(0, 3000)]
        [int] $MinLifetime,

        [switch] $Fresh,

        [switch] $AsPlainText,

        [switch] $AsHeader,

        [string] $BrokerUrl = $env:BROKER_URL,

        [string] $Audience = $env:BROKER_AUDIENCE,

        [ValidateSet('Auto', 'AppService', 'Automation', 'Arc', 'VirtualMachine', 'WorkloadIdentity', 'AzurePipelines', 'GitHubActions', 'AzPowerShell', 'AzCli')]
        [string] $Identity = 'Auto',

        [string] $ClientId = $env:AZURE_CLIENT_ID
    )
    begin {
        try { $broker = Open-Broker -BrokerUrl $BrokerUrl -Audience $Audience -Identity $Identity -ClientId $ClientId }
        catch { $PSCmdlet.ThrowTerminatingError($_) }
    }
    process {
        try {
            $answer = Send-BrokerRequest -Broker $broker -Request (Get-TokenRequest -Fields (Get-TokenField -Bound $PSBoundParameters))
            if ($AsHeader) { Read-TokenHeader -Answer $answer } else { Read-PartnerToken -Answer $answer -AsPlainText:$AsPlainText }
        }
        catch { Write-Failure -Cmdlet $PSCmdlet -Record $_ -Target $Tenant }
    }
}
