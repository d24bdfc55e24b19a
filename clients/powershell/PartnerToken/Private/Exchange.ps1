# One HTTP exchange, the same in Windows PowerShell 5.1 and PowerShell 7.
#
# HttpClient and not Invoke-WebRequest: it writes to no stream, throws at no status, and need not follow a redirect
# with the caller's token.

# The answer as Status, Headers (names in lower case) and Content: the JSON object, or nothing when it is none.
function Send-Request {
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param(
        [Parameter(Mandatory)][hashtable] $Request,
        [int] $TimeoutSeconds = 240
    )
    $handler = [System.Net.Http.HttpClientHandler]::new()
    $handler.AllowAutoRedirect = $false
    $handler.UseCookies = $false
    $handler.UseProxy = -not $Request['Direct']
    $client = [System.Net.Http.HttpClient]::new($handler)
    $message = Get-Message -Request $Request
    try {
        $client.Timeout = [timespan]::FromSeconds($TimeoutSeconds)
        $response = $client.SendAsync($message).GetAwaiter().GetResult()
        $text = $response.Content.ReadAsStringAsync().GetAwaiter().GetResult()
        [pscustomobject] @{
            Status  = [int] $response.StatusCode
            Headers = Get-HeaderTable -Response $response
            Content = Read-JsonObject -Text $text
        }
    }
    catch {
        throw (Get-NoAnswer -Exception $_.Exception -Address $message.RequestUri.Authority -TimeoutSeconds $TimeoutSeconds)
    }
    finally {
        $message.Dispose()
        $client.Dispose()
    }
}

# Why there was no answer; a timeout is a cancellation to HttpClient, and its innermost reason says nothing.
function Get-NoAnswer {
    [CmdletBinding()]
    [OutputType([System.Management.Automation.ErrorRecord])]
    param([System.Exception] $Exception, [string] $Address, [int] $TimeoutSeconds)
    $reason = $Exception.GetBaseException()
    $why = "($($reason.GetType().Name): $($reason.Message))"
    if ($Exception.InnerException -is [System.OperationCanceledException]) { $why = "within $TimeoutSeconds s" }
    Get-Failure -Code 'no_answer' -Message "No answer from $Address $why." -Recommendation 'Check this address and the network, then try again.'
}

function Get-Message {
    [CmdletBinding()]
    [OutputType([System.Net.Http.HttpRequestMessage])]
    param([hashtable] $Request)
    $uri = Get-RequestUri -Request $Request
    $message = [System.Net.Http.HttpRequestMessage]::new([System.Net.Http.HttpMethod]::new($Request['Method']), $uri)
    foreach ($scheme in 'Bearer', 'Basic') {
        if ($Request[$scheme]) {
            $null = $message.Headers.TryAddWithoutValidation('Authorization', "$scheme $(Unprotect-Text -Value $Request[$scheme])")
        }
    }
    $null = $message.Headers.TryAddWithoutValidation('Accept', 'application/json')
    $headers = $Request['Headers']
    if ($headers) {
        foreach ($name in $headers.Keys) {
            $null = $message.Headers.TryAddWithoutValidation($name, (Unprotect-Text -Value $headers[$name]))
        }
    }
    $message.Content = Get-MessageBody -Request $Request
    $message
}

function Get-RequestUri {
    [CmdletBinding()]
    [OutputType([uri])]
    param([hashtable] $Request)
    $uri = $Request['Uri']
    $query = $Request['Query']
    if ($query -and $query.Count) {
        $pairs = foreach ($name in $query.Keys | Sort-Object) { '{0}={1}' -f $name, [uri]::EscapeDataString($query[$name]) }
        $separator = if ($uri.Contains('?')) { '&' } else { '?' }
        $uri = $uri + $separator + ($pairs -join '&')
    }
    [uri] $uri
}

function Get-MessageBody {
    [CmdletBinding()]
    [OutputType([System.Net.Http.HttpContent])]
    param([hashtable] $Request)
    if ($null -ne $Request['Json']) {
        $fields = @{}
        foreach ($name in $Request['Json'].Keys) {
            # Not by `= if`, which makes one thing of a list of one.
            $fields[$name] = $Request['Json'][$name]
            if ($fields[$name] -is [securestring]) { $fields[$name] = Unprotect-Text -Value $fields[$name] }
        }
        $json = ConvertTo-Json -InputObject $fields -Compress -Depth 4
        return [System.Net.Http.StringContent]::new($json, [System.Text.Encoding]::UTF8, 'application/json')
    }
    $form = $Request['Form']
    if ($form) {
        $pairs = foreach ($name in $form.Keys) { '{0}={1}' -f $name, [uri]::EscapeDataString((Unprotect-Text -Value $form[$name])) }
        return [System.Net.Http.StringContent]::new(($pairs -join '&'), [System.Text.Encoding]::UTF8, 'application/x-www-form-urlencoded')
    }
}

function Get-HeaderTable {
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([System.Net.Http.HttpResponseMessage] $Response)
    $table = @{}
    foreach ($header in $Response.Headers) {
        $table[$header.Key.ToLowerInvariant()] = $header.Value -join ', '
    }
    $table
}
