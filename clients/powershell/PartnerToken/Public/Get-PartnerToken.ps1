function Get-PartnerToken {
    <#
    .SYNOPSIS
    Gets an access token for one customer's tenant and one API from the broker.

    .DESCRIPTION
    Asks the Secure Application Model broker as the identity of this machine, job or session (see -Identity).
    The token is a delegated one of the person who consented; the broker's access policy decides who gets which.
    While the broker asks to wait (HTTP 429 or 503), it is asked up to three times more, after at most 30 seconds each time.

    An error has the broker's stable code as its id, and Code, CorrelationId and Status in $_.Exception.Data;
    its message names the remedy. No stream is ever told a token.

    .PARAMETER Tenant
    The customer tenant's id, a name that the access policy gives it, or home for the partner's own tenant.

    .PARAMETER Resource
    The API: graph, arm, exchange, partnercenter, keyvault, teams, or any identifier URI or application id.
    The token carries every scope that is consented to.

    .PARAMETER Scope
    Instead of a resource: one scope with its resource, such as https://graph.microsoft.com/.default.

    .PARAMETER Consent
    Which consent: partner by default.

    .PARAMETER Claims
    A claims challenge to satisfy, as JSON text; always a fresh token.

    .PARAMETER MinLifetime
    Seconds the token should live yet, at most 3000.

    .PARAMETER AsPlainText
    Returns the token as a String; without it, as a SecureString.

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
    PartnerToken.AccessToken: Token, ExpiresOn, TenantId, Resource, Scopes, Type.

    .EXAMPLE
    $token = Get-PartnerToken -Tenant contoso -Resource graph
    Invoke-RestMethod https://graph.microsoft.com/v1.0/organization -Authentication Bearer -Token $token.Token

    PowerShell 7 takes the SecureString as it is.

    .EXAMPLE
    $token = Get-PartnerToken contoso arm -AsPlainText
    Invoke-RestMethod 'https://management.azure.com/subscriptions?api-version=2022-12-01' -Headers @{ Authorization = "Bearer $($token.Token)" }

    In Windows PowerShell 5.1 the header is written by hand.

    .EXAMPLE
    Get-PartnerToken -Tenant home -Scope https://api.partnercenter.microsoft.com/user_impersonation -MinLifetime 2400 -Identity AppService

    A token for Partner Center that lives 40 minutes at least, asked for as this function app.

    .LINK
    New-PartnerAccessToken

    .LINK
    Connect-Partner
    #>
    [CmdletBinding(DefaultParameterSetName = 'Resource')]
    [OutputType('PartnerToken.AccessToken')]
    param(
        [Parameter(Mandatory, Position = 0)]
        [Alias('TenantId')]
        [string] $Tenant,

        [Parameter(Mandatory, Position = 1, ParameterSetName = 'Resource')]
        [string] $Resource,

        [Parameter(Mandatory, ParameterSetName = 'Scope')]
        [string] $Scope,

        [string] $Consent,

        [string] $Claims,

        [ValidateRange(0, 3000)]
        [int] $MinLifetime,

        [switch] $AsPlainText,

        [string] $BrokerUrl = $env:BROKER_URL,

        [string] $Audience = $env:BROKER_AUDIENCE,

        [ValidateSet('Auto', 'AppService', 'Automation', 'Arc', 'VirtualMachine', 'WorkloadIdentity', 'AzurePipelines', 'GitHubActions', 'AzPowerShell', 'AzCli')]
        [string] $Identity = 'Auto',

        [string] $ClientId = $env:AZURE_CLIENT_ID
    )
    try {
        $broker = Get-BrokerAddress -BrokerUrl $BrokerUrl
        $own = Get-OwnToken -Audience (Get-BrokerAudience -Audience $Audience) -Identity $Identity -ClientId $ClientId
        $fields = Get-TokenField -Bound $PSBoundParameters
        $answer = Send-BrokerRequest -Request (Get-TokenRequest -BrokerUrl $broker -Own $own -Fields $fields)
        Read-PartnerToken -Answer $answer -AsPlainText:$AsPlainText
    }
    catch {
        $PSCmdlet.ThrowTerminatingError($_)
    }
}
