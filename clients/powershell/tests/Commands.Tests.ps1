#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.3.0' }

BeforeAll {
    . (Join-Path -Path $PSScriptRoot -ChildPath 'Recorded.ps1')
    Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath '../PartnerToken/PartnerToken.psd1') -Force
    $env:BROKER_URL = 'https://broker.example'
    $env:BROKER_AUDIENCE = 'api://broker'
    Mock -ModuleName PartnerToken -CommandName Get-OwnToken -MockWith { [System.Net.NetworkCredential]::new('', 'own').SecurePassword }
    Mock -ModuleName PartnerToken -CommandName Start-Sleep
}

AfterAll {
    Remove-Item -Path 'Env:BROKER_URL', 'Env:BROKER_AUDIENCE'
}

Describe 'Get-PartnerToken' {
    BeforeAll {
        $answer = Get-RecordedAnswer -Name 'token of a customer for a resource'
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { $answer }.GetNewClosure()
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
}

Describe 'What the broker refuses' {
    It 'is an error with code, remedy and correlation id' {
        $answer = Get-RecordedAnswer -Name 'not permitted'
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { $answer }.GetNewClosure()
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
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { $answer }.GetNewClosure()
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

    It 'is told apart from a page of somebody else' {
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { [pscustomobject] @{ Status = 502; Headers = @{}; Content = $null } }
        (Get-FailureOf { Get-PartnerToken contoso graph }).Exception.Data['Code'] | Should -Be 'not_the_broker'
    }
}

Describe 'New-PartnerAccessToken' {
    BeforeAll {
        $answer = Get-RecordedAnswer -Name 'token of the retired command, at home'
        $answer.Headers['x-ms-request-id'] = '11111111-1111-1111-1111-111111111111'
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { $answer }.GetNewClosure()
        $credential = [pscredential]::new('app', [System.Net.NetworkCredential]::new('', 'x').SecurePassword)
    }

    It 'gives the properties of the retired result' {
        $token = New-PartnerAccessToken -Scopes 'https://api.partnercenter.microsoft.com/user_impersonation'
        $token.AccessToken | Should -Be '<token>'
        $token.CorrelationId | Should -Be ([guid] '11111111-1111-1111-1111-111111111111')
        $token.RefreshToken | Should -BeNullOrEmpty
        $token.PSObject.Properties.Name | Should -Contain 'IsExtendedLifeTimeToken'
    }

    It 'takes an old refresh token''s call, and says that what it holds is not used' {
        $old = @{ ApplicationId = 'app'; Credential = $credential; RefreshToken = 'old'; ServicePrincipal = $true }
        $null = New-PartnerAccessToken @old -Scopes 'https://graph.microsoft.com/.default' -Tenant contoso -WarningVariable told 3>$null
        $told | Should -Match 'not used'
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
        @{ Name = 'UseAuthorizationCode'; More = @{ UseAuthorizationCode = $true } }
        @{ Name = 'UseDeviceAuthentication'; More = @{ UseDeviceAuthentication = $true } }
        @{ Name = 'ServicePrincipal'; More = @{ ServicePrincipal = $true } }
        @{ Name = 'CertificateThumbprint'; More = @{ CertificateThumbprint = 'x' } }
        @{ Name = 'Environment'; More = @{ Environment = 'AzureGermanCloud' } }
        @{ Name = 'Scopes'; More = @{ Scopes = 'https://graph.microsoft.com/.default', 'https://management.azure.com/.default' } }
    ) {
        $parameters = @{ Scopes = 'https://graph.microsoft.com/.default' }
        foreach ($key in $More.Keys) { $parameters[$key] = $More[$key] }
        $failure = Get-FailureOf { New-PartnerAccessToken @parameters }
        $failure.Exception.Data['Code'] | Should -Be 'parameter_refused'
        $failure.Exception.Message | Should -BeLike "-${Name}: *"
    }
}

Describe 'Connect-Partner' {
    It 'gives the command a SecureString where it wants one' {
        InModuleScope -ModuleName PartnerToken -ScriptBlock {
            function Connect-Wanting { param([securestring] $AccessToken, [string] $Tenant) }
            $content = [pscustomobject] @{ AccessToken = 'x'; Tenant = 'y' }
            $taken = Get-ConnectParameter -Content $content -Command (Get-Command -Name Connect-Wanting) -More @{ NoWelcome = $true }
            $taken['AccessToken'] | Should -BeOfType ([securestring])
            $taken['Tenant'] | Should -Be 'y'
            $taken['NoWelcome'] | Should -BeTrue
        }
    }

    It 'lets nobody put something over what the broker gives' {
        InModuleScope -ModuleName PartnerToken -ScriptBlock {
            $content = [pscustomobject] @{ AccessToken = 'x' }
            { Get-ConnectParameter -Content $content -Command (Get-Command -Name Get-Date) -More @{ AccessToken = 'mine' } } | Should -Throw -ExpectedMessage '-ConnectParameter: AccessToken *'
        }
    }

    It 'warns of what is retired, in the broker''s words' {
        InModuleScope -ModuleName PartnerToken -ScriptBlock {
            $header = '299 - "AzureRM is retired: use Az.", 299 - "Azure AD Graph is retired: \"use\" Microsoft Graph."'
            Get-WarningText -Header $header | Should -Be 'AzureRM is retired: use Az.', 'Azure AD Graph is retired: "use" Microsoft Graph.'
        }
    }
}

Describe 'The identity that asks' {
    It 'opens no other file than the Azure Arc agent''s own: <_>' -ForEach @('Basic realm=/etc/passwd', 'Basic realm=/var/opt/azcmagent/tokens/../../../etc/shadow.key', 'Bearer', '') {
        InModuleScope -ModuleName PartnerToken -Parameters @{ Challenge = $_ } -ScriptBlock {
            param($Challenge)
            { Read-ArcKey -Challenge $Challenge } | Should -Throw -ExpectedMessage '*nothing was read.'
        }
    }
}
