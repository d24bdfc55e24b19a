#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.3.0' }

BeforeAll {
    . (Join-Path -Path $PSScriptRoot -ChildPath 'Recorded.ps1')
    Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath '../PartnerToken/PartnerToken.psd1') -Force
    $env:BROKER_URL = 'https://broker.example'
    $env:BROKER_AUDIENCE = 'api://broker'
    $own = Get-Secret -Text 'own'
    Mock -ModuleName PartnerToken -CommandName Get-OwnToken -MockWith { $own }
    Mock -ModuleName PartnerToken -CommandName Start-Sleep
}

AfterAll {
    Remove-Item -Path 'Env:BROKER_URL', 'Env:BROKER_AUDIENCE'
}

Describe 'Get-PartnerToken' {
    BeforeAll {
        $answer = Get-RecordedAnswer -Name 'token of a customer for a resource'
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { $answer }
    }

    It 'gives the token as a SecureString' {
        $token = Get-PartnerToken -Tenant contoso -Resource graph
        $token.Token | Should -BeOfType ([securestring])
        $token.TenantId | Should -Be $answer.Content.tenant_id
        $token.ExpiresOn | Should -BeGreaterThan ([DateTimeOffset]::UtcNow)
        $token.Scopes | Should -Contain 'https://graph.microsoft.com/Directory.Read.All'
    }

    It 'gives it as text when asked to' {
        (Get-PartnerToken contoso graph -AsPlainText).Token | Should -Be '<token>'
    }

    It 'sends the fields that were given, and no others' {
        $null = Get-PartnerToken -Tenant contoso -Scope 'https://graph.microsoft.com/.default' -MinLifetime 2400
        Should -Invoke -ModuleName PartnerToken -CommandName Send-Request -ParameterFilter {
            $Request['Json'].Count -eq 3 -and $Request['Json']['min_lifetime'] -eq 2400 -and $Request['Json']['tenant'] -eq 'contoso'
        }
    }

    It 'tells no stream the token, or the one of its own' {
        $streams = Get-PartnerToken contoso graph -Verbose -Debug 3>&1 4>&1 5>&1 6>&1 | Out-String
        $streams | Should -Not -Match '<token>|\bown\b$'
    }

    It 'refuses an address that a token must not be sent to: <_>' -ForEach @('http://broker.example', 'broker.example', 'ftp://broker.example') {
        (Get-FailureOf { Get-PartnerToken contoso graph -BrokerUrl $_ }).Exception.Data['Code'] | Should -Be 'broker_unknown'
    }

    It 'says what is not set: <Name>' -ForEach @(
        @{ Name = 'BROKER_URL'; Command = { Get-PartnerToken contoso graph -BrokerUrl '' }; Code = 'broker_unknown' }
        @{ Name = 'BROKER_AUDIENCE'; Command = { Get-PartnerToken contoso graph -Audience '' }; Code = 'audience_unknown' }
    ) {
        $failure = Get-FailureOf $Command
        $failure.Exception.Data['Code'] | Should -Be $Code
        $failure.Exception.Message | Should -Match $Name
    }
}

Describe 'What the broker refuses' {
    It 'is an error with code, remedy and correlation id' {
        $answer = Get-RecordedAnswer -Name 'not permitted'
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { $answer }
        $failure = Get-FailureOf { Get-PartnerToken contoso graph }
        $failure.FullyQualifiedErrorId | Should -BeLike 'not_permitted*'
        $failure.Exception.Data['Code'] | Should -Be 'not_permitted'
        $failure.Exception.Data['CorrelationId'] | Should -Be '<correlation_id>'
        $failure.Exception.Data['Status'] | Should -Be 403
        $failure.Exception.Message | Should -Match '<sentence>'
        Should -Invoke -ModuleName PartnerToken -CommandName Send-Request -Times 1 -Exactly
    }

    It 'is asked again while it is away, four times in all' {
        $answer = Get-RecordedAnswer -Name 'authority away'
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { $answer }
        (Get-FailureOf { Get-PartnerToken contoso graph }).Exception.Data['Code'] | Should -Be 'authority_unavailable'
        Should -Invoke -ModuleName PartnerToken -CommandName Send-Request -Times 4 -Exactly
        Should -Invoke -ModuleName PartnerToken -CommandName Start-Sleep -Times 3 -Exactly -ParameterFilter { $Seconds -eq 5 }
    }

    It 'never makes anybody wait for longer than half a minute' {
        InModuleScope -ModuleName PartnerToken -ScriptBlock {
            Get-Wait -Headers @{ 'retry-after' = '3600' } -Try 1 | Should -Be 30
            Get-Wait -Headers @{ 'retry-after' = 'Wed, 21 Oct 2026 07:28:00 GMT' } -Try 2 | Should -Be 4
            Get-Wait -Headers @{} -Try 1 | Should -Be 2
        }
    }

    It 'is told apart from what somebody else says: <Command>, HTTP <Status>' -ForEach @(
        @{ Command = { Get-PartnerToken contoso graph }; Status = 404; Content = $null }
        @{ Command = { Get-PartnerToken contoso graph }; Status = 200; Content = [pscustomobject] @{} }
        @{ Command = { New-PartnerAccessToken -Scopes 'https://graph.microsoft.com/.default' }; Status = 200; Content = [pscustomobject] @{ access_token = 'x' } }
    ) {
        $answer = [pscustomobject] @{ Status = $Status; Headers = @{}; Content = $Content }
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { $answer }
        $failure = Get-FailureOf $Command
        $failure.Exception.Data['Code'] | Should -Be 'not_the_broker'
        $failure.Exception.Message | Should -Match "HTTP $Status.*BROKER_URL"
        $failure.Exception.Message | Should -Not -Match 'Try again'
    }

    It 'is worth another try where a gateway before it is busy or away: HTTP <_>' -ForEach @(429, 502) {
        $answer = [pscustomobject] @{ Status = $_; Headers = @{}; Content = $null }
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { $answer }
        $failure = Get-FailureOf { Get-PartnerToken contoso graph }
        $failure.Exception.Data['Code'] | Should -Be 'not_the_broker'
        $failure.Exception.Message | Should -Match 'Try again'
    }
}

Describe 'Nobody who answers' {
    BeforeAll {
        $listener = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, 0)
        $listener.Start()
        $address = "http://$($listener.LocalEndpoint)"
    }

    AfterAll { $listener.Stop() }

    It 'is named, with what to do, where a connection is taken and no answer comes' {
        $failure = Get-FailureOf {
            InModuleScope -ModuleName PartnerToken -Parameters @{ Uri = $address } -ScriptBlock {
                param($Uri)
                Send-Request -Request @{ Method = 'GET'; Uri = $Uri; Direct = $true } -TimeoutSeconds 1
            }
        }
        $failure.Exception.Data['Code'] | Should -Be 'no_answer'
        $failure.Exception.Message | Should -BeLike "No answer from $($listener.LocalEndpoint) within 1 s. *try again."
    }

    It 'is named, with what to do, where no connection is taken' {
        $listener.Stop()
        $failure = Get-FailureOf { Get-PartnerToken contoso graph -BrokerUrl $address }
        $failure.Exception.Data['Code'] | Should -Be 'no_answer'
        $failure.Exception.Message | Should -BeLike 'No answer from 127.0.0.1:* (SocketException: *). *try again.'
    }
}

Describe 'New-PartnerAccessToken' {
    BeforeAll {
        $answer = Get-RecordedAnswer -Name 'token of the retired command, at home'
        $answer.Headers['x-ms-request-id'] = '11111111-1111-1111-1111-111111111111'
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { $answer }
        $credential = [pscredential]::new('app', (Get-Secret -Text 'x'))
    }

    It 'gives the properties of the retired result' {
        $token = New-PartnerAccessToken -Scopes 'https://api.partnercenter.microsoft.com/user_impersonation'
        $token.AccessToken | Should -Be '<token>'
        $token.CorrelationId | Should -Be ([guid] '11111111-1111-1111-1111-111111111111')
        $token.RefreshToken | Should -BeNullOrEmpty
        $token.PSObject.Properties.Name | Should -Contain 'IsExtendedLifeTimeToken'
    }

    It 'refuses an old refresh token''s call at once, and names all that is to be left out' {
        $old = @{ ApplicationId = 'app'; Credential = $credential; RefreshToken = 'old'; ServicePrincipal = $true }
        $failure = Get-FailureOf { New-PartnerAccessToken @old -Scopes 'https://graph.microsoft.com/.default' -Tenant contoso }
        $failure.Exception.Data['Code'] | Should -Be 'parameter_refused'
        $failure.Exception.Message | Should -BeLike '-RefreshToken: *Leave out -RefreshToken, -ServicePrincipal, -Credential:*'
        $failure.Exception.Message | Should -Not -Match "'old'"
        Should -Invoke -ModuleName PartnerToken -CommandName Send-Request -Times 0
    }

    It 'asks for a token of the application as -ServicePrincipal meant it' {
        $null = New-PartnerAccessToken -ServicePrincipal -ApplicationId app -Scopes 'https://graph.microsoft.com/.default' -Tenant contoso
        Should -Invoke -ModuleName PartnerToken -CommandName Send-Request -ParameterFilter { $Request['Json']['as'] -eq 'application' -and $Request['Json'].Count -eq 3 }
        $failure = Get-FailureOf { New-PartnerAccessToken -ServicePrincipal -Credential $credential -Scopes 'https://graph.microsoft.com/.default' }
        $failure.Exception.Message | Should -BeLike '-Credential: *Leave out -Credential:*'
    }

    It 'asks for Exchange Online by the module''s name' {
        $null = New-PartnerAccessToken -Module ExchangeOnline -Tenant contoso
        Should -Invoke -ModuleName PartnerToken -CommandName Send-Request -ParameterFilter { $Request['Json']['resource'] -eq 'exchange' -and $Request['Json'].Count -eq 2 }
    }

    It 'asks for the API that version 1.5 was told' {
        $null = New-PartnerAccessToken -Resource 'https://graph.windows.net' -Tenant contoso
        Should -Invoke -ModuleName PartnerToken -CommandName Send-Request -ParameterFilter { $Request['Json']['resource'] -eq 'https://graph.windows.net' -and $Request['Json'].Count -eq 2 }
    }

    It 'asks for Partner Center where version 1.5 was told no API' {
        $null = New-PartnerAccessToken -ApplicationId app
        Should -Invoke -ModuleName PartnerToken -CommandName Send-Request -ParameterFilter { $Request['Json']['resource'] -eq 'partnercenter' -and $Request['Json']['tenant'] -eq 'home' -and $Request['Json'].Count -eq 2 }
    }

    It 'ignores a cache of tokens, and says so' {
        $null = New-PartnerAccessToken -Resource graph -TokenCache ([object]::new()) -WarningVariable warned -WarningAction SilentlyContinue
        "$warned" | Should -BeLike '-TokenCache is ignored*'
        $null = New-PartnerAccessToken -Resource graph -WarningVariable warned -WarningAction SilentlyContinue
        $warned | Should -BeNullOrEmpty
    }

    It 'takes several scopes of one API as one' {
        $null = New-PartnerAccessToken -Tenant contoso -Scopes 'https://graph.microsoft.com/User.Read', 'https://graph.microsoft.com/Mail.Read', 'offline_access'
        Should -Invoke -ModuleName PartnerToken -CommandName Send-Request -ParameterFilter { $Request['Json']['scope'] -eq 'https://graph.microsoft.com/.default' }
    }

    It 'means home where the retired command did: <_>' -ForEach @('', 'organizations', 'common') {
        $null = New-PartnerAccessToken -Tenant $_ -Scopes 'https://graph.microsoft.com/.default'
        Should -Invoke -ModuleName PartnerToken -CommandName Send-Request -ParameterFilter { $Request['Json']['tenant'] -eq 'home' }
    }

    It 'refuses what has no meaning here: <Name>' -ForEach @(
        @{ Name = 'AccessToken'; More = @{ AccessToken = 'x' } }
        @{ Name = 'Consent'; More = @{ Consent = $true } }
        @{ Name = 'UseAuthorizationCode'; More = @{ UseAuthorizationCode = $true } }
        @{ Name = 'UseDeviceAuthentication'; More = @{ UseDeviceAuthentication = $true } }
        @{ Name = 'CertificateThumbprint'; More = @{ CertificateThumbprint = 'x' } }
        @{ Name = 'Environment'; More = @{ Environment = 'AzureGermanCloud' } }
        @{ Name = 'Credential'; More = @{ Credential = [pscredential]::Empty } }
        @{ Name = 'Scopes'; More = @{ Scopes = 'https://graph.microsoft.com/.default', 'https://management.azure.com/.default' } }
        @{ Name = 'Scopes'; More = @{ Scopes = 'openid', 'profile' } }
    ) {
        $parameters = @{ Scopes = 'https://graph.microsoft.com/.default' }
        foreach ($key in $More.Keys) { $parameters[$key] = $More[$key] }
        $failure = Get-FailureOf { New-PartnerAccessToken @parameters }
        $failure.Exception.Data['Code'] | Should -Be 'parameter_refused'
        $failure.Exception.Message | Should -BeLike "-${Name}: *"
    }
}

Describe 'Connect-Partner' {
    BeforeAll {
        function global:Connect-MgGraph { param([securestring] $AccessToken, [switch] $NoWelcome) "connected, $NoWelcome" }
    }

    AfterAll { Remove-Item -Path Function:Connect-MgGraph }

    It 'calls the Connect command with a SecureString where it wants one, and with what was added' {
        Mock -ModuleName PartnerToken -CommandName Connect-MgGraph
        $requests = Use-RecordedAnswer -Name 'connect Graph'
        Connect-Partner Graph contoso -Consent spare -ConnectParameter @{ NoWelcome = $true }
        $requests[0]['Query']['tenant'] | Should -Be 'contoso'
        $requests[0]['Query']['consent'] | Should -Be 'spare'
        Should -Invoke -ModuleName PartnerToken -CommandName Connect-MgGraph -Times 1 -Exactly -ParameterFilter { $AccessToken -is [securestring] -and $NoWelcome }
    }

    It 'connects as the application where that is asked for' {
        $requests = Use-RecordedAnswer -Name 'connect Graph'
        $null = Connect-Partner Graph contoso -AsApplication
        $requests[0]['Query']['as'] | Should -Be 'application'
    }

    It 'returns what the Connect command returns' {
        $null = Use-RecordedAnswer -Name 'connect Graph'
        Connect-Partner Graph contoso | Should -Be 'connected, False'
    }

    It 'asks nobody to sign in where no token came' {
        Mock -ModuleName PartnerToken -CommandName Connect-MgGraph
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { [pscustomobject] @{ Status = 200; Headers = @{}; Content = [pscustomobject] @{} } }
        (Get-FailureOf { Connect-Partner Graph contoso }).Exception.Data['Code'] | Should -Be 'not_the_broker'
        Should -Invoke -ModuleName PartnerToken -CommandName Connect-MgGraph -Times 0
    }

    It 'says what to install before any token is asked for: <Gallery>' -ForEach @(
        @{ Module = 'Az'; Gallery = 'Az.Accounts' }
        @{ Module = 'MSOnline'; Gallery = 'MSOnline' }
    ) {
        Mock -ModuleName PartnerToken -CommandName Get-Command
        $failure = Get-FailureOf { Connect-Partner $Module contoso }
        $failure.Exception.Data['Code'] | Should -Be 'module_missing'
        $failure.Exception.Message | Should -Match "Install-Module $Gallery,"
        Should -Invoke -ModuleName PartnerToken -CommandName Get-OwnToken -Times 0
    }

    It 'lets nobody put something over what the broker gives' {
        $null = Use-RecordedAnswer -Name 'connect Graph'
        $failure = Get-FailureOf { Connect-Partner Graph contoso -ConnectParameter @{ AccessToken = 'mine' } }
        $failure.Exception.Message | Should -BeLike '-ConnectParameter: AccessToken *'
    }

    It 'warns of what is retired, in the broker''s words' {
        InModuleScope -ModuleName PartnerToken -ScriptBlock {
            $header = '299 - "AzureRM is retired: use Az.", 299 - "Azure AD Graph is retired: \"use\" Microsoft Graph."'
            Get-WarningText -Header $header | Should -Be 'AzureRM is retired: use Az.', 'Azure AD Graph is retired: "use" Microsoft Graph.'
        }
    }
}

Describe 'Get-PartnerTenant' {
    It 'lists the tenants by name, with what may be asked for there' {
        $requests = Use-RecordedAnswer -Name 'tenants of the caller'
        $tenants = @(Get-PartnerTenant)
        $tenants.Name | Should -Be @('home', 'contoso')
        $tenants[1].PSObject.TypeNames | Should -Contain 'PartnerToken.Tenant'
        $tenants[1].As | Should -Be 'user'
        $tenants[1].Resources | Should -Be @('<resource>')
        $tenants[1].Domain | Should -BeNullOrEmpty
        $requests[0]['Query'].Count | Should -Be 0
    }

    It 'goes on where a page ends' {
        $page = Get-RecordedAnswer -Name 'tenants of the caller'
        $page.Content.next = $page.Content.tenants[1].tenant
        $answers = [System.Collections.Generic.Queue[object]]::new()
        $requests = [System.Collections.Generic.List[hashtable]]::new()
        foreach ($one in $page, (Get-RecordedAnswer -Name 'tenants of the caller')) { $answers.Enqueue($one) }
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith {
            param($Request)
            $requests.Add($Request)
            $answers.Dequeue()
        }.GetNewClosure()
        @(Get-PartnerTenant -Consent backup).Count | Should -Be 4
        $requests | ForEach-Object -Process { $_['Query']['consent'] } | Should -Be @('backup', 'backup')
        $requests[1]['Query']['after'] | Should -Be $page.Content.tenants[1].tenant
    }

    It 'lists those for tokens of the application apart' {
        $requests = Use-RecordedAnswer -Name 'tenants of the caller as application'
        (Get-PartnerTenant -As Application).As | Should -Be 'application'
        $requests[0]['Query']['as'] | Should -Be 'application'
        $requests[0]['Query'].ContainsKey('consent') | Should -BeFalse
    }

    It 'hands each tenant on to Get-PartnerToken' {
        $requests = Use-RecordedAnswer -Name 'tenants of the caller', 'token of a customer for a resource', 'token of a customer for a resource'
        $null = Get-PartnerTenant | Get-PartnerToken -Resource graph
        $requests[2]['Json']['tenant'] | Should -Be 'bbbb0000-1111-4222-8333-444444440001'
    }
}
