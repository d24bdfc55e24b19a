#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.3.0' }

BeforeDiscovery {
    Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath '../PartnerToken/PartnerToken.psd1') -Force
    $choice = (Get-Command -Name Get-PartnerToken).Parameters['Identity'].Attributes | Where-Object -FilterScript { $_ -is [ValidateSet] }
    $identities = $choice.ValidValues | Where-Object -FilterScript { $_ -ne 'Auto' }
}

Describe 'The identity that asks' {
    BeforeAll {
        . (Join-Path -Path $PSScriptRoot -ChildPath 'Recorded.ps1')
        Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath '../PartnerToken/PartnerToken.psd1') -Force
        $kept = @{}
        foreach ($name in @(
                'ACTIONS_ID_TOKEN_REQUEST_TOKEN', 'ACTIONS_ID_TOKEN_REQUEST_URL', 'AUTOMATION_ASSET_ACCOUNTID', 'AZURE_AUTHORITY_HOST'
                'AZURE_CLIENT_ID', 'AZURE_FEDERATED_TOKEN_FILE', 'AZURE_TENANT_ID', 'AZURESUBSCRIPTION_CLIENT_ID'
                'AZURESUBSCRIPTION_SERVICE_CONNECTION_ID', 'AZURESUBSCRIPTION_TENANT_ID', 'IDENTITY_ENDPOINT', 'IDENTITY_HEADER'
                'IMDS_ENDPOINT', 'PATH', 'SYSTEM_ACCESSTOKEN', 'SYSTEM_OIDCREQUESTURI'
            )) {
            $kept[$name] = [Environment]::GetEnvironmentVariable($name)
        }

        function Set-Variables {
            param([hashtable] $Variables)
            foreach ($name in $Variables.Keys) { [Environment]::SetEnvironmentVariable($name, $Variables[$name]) }
        }

        # A token for the broker, asked for anew by a module that remembers none.
        function Get-Own {
            param([string] $Identity, [string] $ClientId)
            InModuleScope -ModuleName PartnerToken -Parameters @{ Identity = $Identity; ClientId = $ClientId } -ScriptBlock {
                param($Identity, $ClientId)
                $script:OwnTokens = @{}
                Unprotect-Text -Value (Get-OwnToken -Audience 'api://broker' -Identity $Identity -ClientId $ClientId)
            }
        }

        # An `az` that prints this and ends with this exit code.
        function Set-AzCli {
            param([string] $Prints = '', [int] $ExitCode = 0, [string] $Complains = '')
            $onWindows = [Environment]::OSVersion.Platform -eq [PlatformID]::Win32NT
            $name = if ($onWindows) { 'az.cmd' } else { 'az' }
            $file = Join-Path -Path $TestDrive -ChildPath $name
            $lines = if ($onWindows) { '@echo off', "echo $Prints", "echo $Complains 1>&2", "exit /b $ExitCode" } else { '#!/bin/sh', "echo '$Prints'", "echo `"$Complains`" >&2", "exit $ExitCode" }
            [System.IO.File]::WriteAllText($file, ($lines -join "`n"))
            if (-not $onWindows) { chmod +x $file }
            $env:PATH = "$TestDrive$([System.IO.Path]::PathSeparator)$($kept['PATH'])"
        }
    }

    BeforeEach {
        Set-Variables -Variables $kept
        foreach ($name in $kept.Keys) { if ($name -ne 'PATH') { [Environment]::SetEnvironmentVariable($name, '') } }
    }

    AfterAll {
        Set-Variables -Variables $kept
    }

    Context 'Auto' {
        BeforeEach {
            Mock -ModuleName PartnerToken -CommandName Test-AzPowerShell -MockWith { $false }
            Mock -ModuleName PartnerToken -CommandName Test-AzCli -MockWith { $false }
        }

        It 'takes <Identity> where <Variables.Keys> is set' -ForEach @(
            @{ Identity = 'WorkloadIdentity'; Variables = @{ AZURE_FEDERATED_TOKEN_FILE = '/token' } }
            @{ Identity = 'AppService'; Variables = @{ IDENTITY_ENDPOINT = 'http://e'; IDENTITY_HEADER = 'h' } }
            @{ Identity = 'Automation'; Variables = @{ IDENTITY_ENDPOINT = 'http://e'; IDENTITY_HEADER = 'h'; AUTOMATION_ASSET_ACCOUNTID = 'a' } }
            @{ Identity = 'Arc'; Variables = @{ IDENTITY_ENDPOINT = 'http://e'; IMDS_ENDPOINT = 'http://i' } }
            @{ Identity = 'AzurePipelines'; Variables = @{ SYSTEM_OIDCREQUESTURI = 'https://o'; SYSTEM_ACCESSTOKEN = 't'; AZURESUBSCRIPTION_SERVICE_CONNECTION_ID = 's' } }
            @{ Identity = 'GitHubActions'; Variables = @{ ACTIONS_ID_TOKEN_REQUEST_URL = 'https://o'; AZURE_CLIENT_ID = 'c' } }
            @{ Identity = 'VirtualMachine'; Variables = @{} }
        ) {
            Set-Variables -Variables $Variables
            InModuleScope -ModuleName PartnerToken -ScriptBlock { Find-OwnIdentity } | Should -Be $Identity
        }

        It 'takes <Identity> where a workload is signed in' -ForEach @(
            @{ Identity = 'AzPowerShell'; Test = 'Test-AzPowerShell' }
            @{ Identity = 'AzCli'; Test = 'Test-AzCli' }
        ) {
            Mock -ModuleName PartnerToken -CommandName $Test -MockWith { $true }
            InModuleScope -ModuleName PartnerToken -ScriptBlock { Find-OwnIdentity } | Should -Be $Identity
        }

        It 'asks for a person where an operator''s command asks, before the agent of the machine' {
            Set-Variables -Variables @{ IDENTITY_ENDPOINT = 'http://e'; IMDS_ENDPOINT = 'http://i' }
            InModuleScope -ModuleName PartnerToken -ScriptBlock { Find-OwnIdentity -ForPeople } | Should -Be 'Arc'
            Mock -ModuleName PartnerToken -CommandName Test-AzCli -MockWith { $true } -ParameterFilter { $ForPeople }
            InModuleScope -ModuleName PartnerToken -ScriptBlock { Find-OwnIdentity -ForPeople } | Should -Be 'AzCli'
            InModuleScope -ModuleName PartnerToken -ScriptBlock { Find-OwnIdentity } | Should -Be 'Arc'
        }

        It 'knows every identity that can be chosen, <_>' -ForEach $identities {
            $own = [pscustomobject] @{ Token = Get-Secret -Text 'mine'; ExpiresOn = [DateTimeOffset]::UtcNow }
            Mock -ModuleName PartnerToken -CommandName "Request-${_}Token" -MockWith { $own }
            Get-Own -Identity $_ | Should -Be 'mine'
        }
    }

    Context 'A workload that is signed in already' {
        It 'is none where Az PowerShell has a <Type>: <Expected>' -ForEach @(
            @{ Type = 'User'; Expected = $false; Person = $true }
            @{ Type = 'ServicePrincipal'; Expected = $true; Person = $true }
            @{ Type = 'ManagedService'; Expected = $true; Person = $true }
            @{ Type = ''; Expected = $false; Person = $false }
        ) {
            $context = if ($Type) { [pscustomobject] @{ Account = [pscustomobject] @{ Type = $Type } } }
            function global:Get-AzContext { }
            try {
                Mock -ModuleName PartnerToken -CommandName Get-AzContext -MockWith { $context }
                InModuleScope -ModuleName PartnerToken -ScriptBlock { Test-AzPowerShell } | Should -Be $Expected
                InModuleScope -ModuleName PartnerToken -ScriptBlock { Test-AzPowerShell -ForPeople } | Should -Be $Person
            }
            finally { Remove-Item -Path Function:Get-AzContext }
        }

        It 'is none where Azure CLI has <Prints> and ends with <ExitCode>: <Expected>' -ForEach @(
            @{ Prints = 'user'; ExitCode = 0; Expected = $false; Person = $true }
            @{ Prints = 'servicePrincipal'; ExitCode = 0; Expected = $true; Person = $true }
            @{ Prints = ''; ExitCode = 1; Expected = $false; Person = $false }
        ) {
            Set-AzCli -Prints $Prints -ExitCode $ExitCode
            InModuleScope -ModuleName PartnerToken -ScriptBlock { Test-AzCli } | Should -Be $Expected
            InModuleScope -ModuleName PartnerToken -ScriptBlock { Test-AzCli -ForPeople } | Should -Be $Person
        }

        It 'leaves the exit code of the script alone: a pipeline''s step ends with it' {
            Set-AzCli -ExitCode 1
            $global:LASTEXITCODE = 0
            InModuleScope -ModuleName PartnerToken -ScriptBlock { Test-AzCli } | Should -BeFalse
            $global:LASTEXITCODE | Should -Be 0
        }

        It 'gives the token of Azure CLI, <Name>' -ForEach @(
            @{ Name = 'which tells its end'; Prints = '{"accessToken": "of az", "expires_on": 4102444800}' }
            @{ Name = 'an older one, in local time alone'; Prints = '{"accessToken": "of az", "expiresOn": "2100-01-01 00:00:00.000000"}' }
        ) {
            Set-AzCli -Prints $Prints
            Get-Own -Identity AzCli | Should -Be 'of az'
        }

        It 'says how to sign in where Azure CLI gives none, in its own words' {
            Set-AzCli -ExitCode 1 -Complains 'ERROR: Please run ''az login'' to setup account.'
            $failure = Get-FailureOf { Get-Own -Identity AzCli }
            $failure.Exception.Data['Code'] | Should -Be 'not_signed_in'
            $failure.CategoryInfo.Category | Should -Be 'AuthenticationError'
            $failure.Exception.Message | Should -Match 'Please run .*Connect-AzAccount -Tenant .*az login --tenant'
        }

        It 'names Entra ID''s number where a sign-in has ended' {
            Set-AzCli -ExitCode 1 -Complains 'ERROR: AADSTS700082: The refresh token has expired due to inactivity.'
            $failure = Get-FailureOf { Get-Own -Identity AzCli }
            $failure.Exception.Data['Code'] | Should -Be 'not_signed_in'
            $failure.Exception.Data['AuthorityCodes'] | Should -Be 'AADSTS700082'
        }

        It 'does not say that somebody is signed out where the broker is not known: <_>' -ForEach @('AADSTS500011', 'AADSTS65001') {
            Set-AzCli -ExitCode 1 -Complains "ERROR: ${_}: The resource was not found in the tenant."
            $failure = Get-FailureOf { Get-Own -Identity AzCli }
            $failure.Exception.Data['Code'] | Should -Be 'no_own_token'
            $failure.ErrorDetails.RecommendedAction | Should -Match 'BROKER_AUDIENCE.*partner''s own tenant'
        }

        It 'says how to sign in where Az PowerShell gives none' {
            function global:Get-AzAccessToken { [CmdletBinding()] param([string] $ResourceUrl) throw 'Your Azure credentials have not been set up or have expired, please run Connect-AzAccount.' }
            try { $failure = Get-FailureOf { Get-Own -Identity AzPowerShell } }
            finally { Remove-Item -Path Function:Get-AzAccessToken }
            $failure.Exception.Data['Code'] | Should -Be 'not_signed_in'
            $failure.Exception.Message | Should -Match 'have expired.*Connect-AzAccount -Tenant'
        }

        It 'gives the token of Az PowerShell, <Name>' -ForEach @(
            @{ Name = 'a SecureString'; Command = { param([string] $ResourceUrl, [switch] $AsSecureString) [pscustomobject] @{ Token = [System.Net.NetworkCredential]::new('', "of $ResourceUrl $AsSecureString").SecurePassword; ExpiresOn = [DateTimeOffset]::MaxValue } }; Expected = 'of api://broker True' }
            @{ Name = 'an older one, plain text'; Command = { param([string] $ResourceUrl) [pscustomobject] @{ Token = "of $ResourceUrl"; ExpiresOn = [DateTimeOffset]::MaxValue } }; Expected = 'of api://broker' }
        ) {
            Set-Item -Path Function:global:Get-AzAccessToken -Value $Command
            try { Get-Own -Identity AzPowerShell | Should -Be $Expected }
            finally { Remove-Item -Path Function:Get-AzAccessToken }
        }

        It 'says what to install where Az.Accounts is missing' {
            Mock -ModuleName PartnerToken -CommandName Get-Command
            (Get-FailureOf { Get-Own -Identity AzPowerShell }).Exception.Message | Should -Match 'Install-Module Az.Accounts'
        }
    }

    Context 'A token of one''s own' {
        It 'comes from <Identity> as recorded' -ForEach @(
            @{ Identity = 'AppService'; Recording = 'App Service' }
            @{ Identity = 'Automation'; Recording = 'Automation' }
            @{ Identity = 'VirtualMachine'; Recording = 'virtual machine' }
        ) {
            Set-Variables -Variables @{ IDENTITY_ENDPOINT = 'http://127.0.0.1:1/token'; IDENTITY_HEADER = 'header' }
            $requests = Use-RecordedAnswer -Name $Recording
            Get-Own -Identity $Identity -ClientId 'chosen' | Should -Be '<token>'
            $requests[0]['Query']['client_id'] | Should -Be 'chosen'
            $requests[0]['Direct'] | Should -BeTrue
        }

        It 'is kept until shortly before its end: <Seconds> s left, asked <Times> times' -ForEach @(
            @{ Seconds = 3600; Times = 1 }
            @{ Seconds = 60; Times = 2 }
        ) {
            $own = [pscustomobject] @{ Token = Get-Secret -Text 'mine'; ExpiresOn = [DateTimeOffset]::UtcNow.AddSeconds($Seconds) }
            Mock -ModuleName PartnerToken -CommandName Request-OwnToken -MockWith { $own }
            InModuleScope -ModuleName PartnerToken -ScriptBlock {
                $script:OwnTokens = @{}
                foreach ($time in 1, 2) { $null = Get-OwnToken -Audience 'api://broker' -Identity 'AppService' -ClientId '' }
            }
            Should -Invoke -ModuleName PartnerToken -CommandName Request-OwnToken -Times $Times -Exactly
        }

        It 'names what is not set where <Identity> was asked for' -ForEach @(
            @{ Identity = 'AppService'; Missing = 'IDENTITY_ENDPOINT, IDENTITY_HEADER' }
            @{ Identity = 'Automation'; Missing = 'IDENTITY_ENDPOINT, IDENTITY_HEADER' }
            @{ Identity = 'WorkloadIdentity'; Missing = 'AZURE_FEDERATED_TOKEN_FILE, AZURE_TENANT_ID, AZURE_CLIENT_ID' }
            @{ Identity = 'AzurePipelines'; Missing = 'SYSTEM_OIDCREQUESTURI, SYSTEM_ACCESSTOKEN, AZURESUBSCRIPTION_SERVICE_CONNECTION_ID, AZURESUBSCRIPTION_TENANT_ID, AZURESUBSCRIPTION_CLIENT_ID' }
            @{ Identity = 'GitHubActions'; Missing = 'ACTIONS_ID_TOKEN_REQUEST_URL, ACTIONS_ID_TOKEN_REQUEST_TOKEN, AZURE_TENANT_ID, AZURE_CLIENT_ID' }
        ) {
            $failure = Get-FailureOf { Get-Own -Identity $Identity }
            $failure.Exception.Data['Code'] | Should -Be 'no_identity'
            $failure.Exception.Message | Should -Match $Missing
        }

        It 'is refused in the words of whoever refused it' {
            Set-Variables -Variables @{ IDENTITY_ENDPOINT = 'http://127.0.0.1:1/token'; IDENTITY_HEADER = 'wrong' }
            $requests = Use-RecordedAnswer -Name 'App Service, wrong header'
            $failure = Get-FailureOf { Get-Own -Identity AppService }
            $failure.Exception.Data['Code'] | Should -Be 'no_own_token'
            $failure.Exception.Message | Should -Match 'HTTP 401.*<sentence>'
        }

        It 'is not there where the metadata service knows none, but is where Entra ID refuses it: <Code>' -ForEach @(
            @{ Says = 'Identity not found'; ForPeople = $true; Code = 'not_signed_in' }
            @{ Says = 'Identity not found'; ForPeople = $false; Code = 'no_identity' }
            @{ Says = 'AADSTS500011: The resource principal named api://broker was not found.'; ForPeople = $true; Code = 'no_own_token' }
        ) {
            Mock -ModuleName PartnerToken -CommandName Find-OwnIdentity -MockWith { 'VirtualMachine' }
            $answer = [pscustomobject] @{ Status = 400; Headers = @{}; Content = [pscustomobject] @{ error = 'invalid_request'; error_description = $Says } }
            Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { $answer }
            $failure = Get-FailureOf {
                InModuleScope -ModuleName PartnerToken -Parameters @{ ForPeople = $ForPeople } -ScriptBlock {
                    param($ForPeople)
                    $script:OwnTokens = @{}
                    Open-Broker -BrokerUrl 'https://broker.example' -Audience 'api://broker' -Identity Auto -ForPeople:$ForPeople
                }
            }
            $failure.Exception.Data['Code'] | Should -Be $Code
        }

        It 'is not there where nobody answers at the metadata service' {
            Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { throw 'nobody' }
            (Get-FailureOf { Get-Own -Identity VirtualMachine }).Exception.Data['Code'] | Should -Be 'no_identity'
        }
    }

    Context 'Azure Arc' {
        It 'is asked again with the key of the file that it named' {
            $key = Get-Secret -Text 'the key'
            Mock -ModuleName PartnerToken -CommandName Read-ArcKey -MockWith { $key }
            $requests = Use-RecordedAnswer -Name 'Azure Arc, challenge', 'Azure Arc, with the key'
            Get-Own -Identity Arc | Should -Be '<token>'
            $requests[0]['Uri'] | Should -Be 'http://localhost:40342/metadata/identity/oauth2/token'
            Get-Text -Secret $requests[1]['Basic'] | Should -Be 'the key'
        }

        It 'is asked at the address that the agent has set' {
            $env:IDENTITY_ENDPOINT = 'http://localhost:1/other'
            $requests = Use-RecordedAnswer -Name 'App Service, unknown audience'
            (Get-FailureOf { Get-Own -Identity Arc }).Exception.Data['Code'] | Should -Be 'no_own_token'
            $requests[0]['Uri'] | Should -Be 'http://localhost:1/other'
        }

        It 'makes nobody open another file than the agent''s own: <_>' -ForEach @('Basic realm=/etc/passwd', 'Basic realm=/var/opt/azcmagent/tokens/../../../etc/shadow.key', 'Bearer', '') {
            InModuleScope -ModuleName PartnerToken -Parameters @{ Challenge = $_ } -ScriptBlock {
                param($Challenge)
                { Read-ArcKey -Challenge $Challenge } | Should -Throw -ExpectedMessage '*nothing was read.'
            }
        }

        It 'says who may read the key file where this account may not' {
            $folder = if ([Environment]::OSVersion.Platform -eq [PlatformID]::Win32NT) { "$env:ProgramData\AzureConnectedMachineAgent\Tokens\" } else { '/var/opt/azcmagent/tokens/' }
            $failure = Get-FailureOf { InModuleScope -ModuleName PartnerToken -Parameters @{ File = "${folder}none.key" } -ScriptBlock { param($File) Read-ArcKey -Challenge "Basic realm=$File" } }
            $failure.Exception.Data['Code'] | Should -Be 'no_own_token'
            $failure.Exception.Message | Should -Match 'none\.key.*himds'
        }
    }

    Context 'A token of the cluster or the pipeline' {
        It 'is read from the file and given to Entra ID' {
            $file = Join-Path -Path $TestDrive -ChildPath 'token'
            [System.IO.File]::WriteAllText($file, "the assertion`n")
            Set-Variables -Variables @{ AZURE_FEDERATED_TOKEN_FILE = $file; AZURE_TENANT_ID = 'tenant'; AZURE_CLIENT_ID = 'client'; AZURE_AUTHORITY_HOST = 'https://login.microsoftonline.us/' }
            $requests = Use-RecordedAnswer -Name 'federation'
            Get-Own -Identity WorkloadIdentity | Should -Be '<token>'
            $requests[0]['Uri'] | Should -Be 'https://login.microsoftonline.us/tenant/oauth2/v2.0/token'
            $requests[0]['Form']['client_id'] | Should -Be 'client'
            Get-Text -Secret $requests[0]['Form']['client_assertion'] | Should -Be 'the assertion'
        }

        It 'is missed by name where there is no such file' {
            Set-Variables -Variables @{ AZURE_FEDERATED_TOKEN_FILE = (Join-Path -Path $TestDrive -ChildPath 'none'); AZURE_TENANT_ID = 'tenant'; AZURE_CLIENT_ID = 'client' }
            $failure = Get-FailureOf { Get-Own -Identity WorkloadIdentity }
            $failure.Exception.Data['Code'] | Should -Be 'no_own_token'
            $failure.Exception.Message | Should -Match 'AZURE_FEDERATED_TOKEN_FILE'
        }

        It 'comes from <Identity> and is given to Entra ID for <Client>' -ForEach @(
            @{ Identity = 'AzurePipelines'; Recording = 'Azure Pipelines'; ClientId = ''; Client = 'connection''s'; Variables = @{ SYSTEM_OIDCREQUESTURI = 'https://oidc'; SYSTEM_ACCESSTOKEN = 'job'; AZURESUBSCRIPTION_SERVICE_CONNECTION_ID = 's'; AZURESUBSCRIPTION_TENANT_ID = 'tenant'; AZURESUBSCRIPTION_CLIENT_ID = 'connection''s' } }
            @{ Identity = 'AzurePipelines'; Recording = 'Azure Pipelines'; ClientId = 'chosen'; Client = 'chosen'; Variables = @{ SYSTEM_OIDCREQUESTURI = 'https://oidc'; SYSTEM_ACCESSTOKEN = 'job'; AZURESUBSCRIPTION_SERVICE_CONNECTION_ID = 's'; AZURESUBSCRIPTION_TENANT_ID = 'tenant'; AZURESUBSCRIPTION_CLIENT_ID = 'connection''s' } }
            @{ Identity = 'GitHubActions'; Recording = 'GitHub Actions'; ClientId = ''; Client = 'client'; Variables = @{ ACTIONS_ID_TOKEN_REQUEST_URL = 'https://oidc'; ACTIONS_ID_TOKEN_REQUEST_TOKEN = 'job'; AZURE_TENANT_ID = 'tenant'; AZURE_CLIENT_ID = 'client' } }
        ) {
            Set-Variables -Variables $Variables
            $requests = Use-RecordedAnswer -Name $Recording, 'federation'
            Get-Own -Identity $Identity -ClientId $ClientId | Should -Be '<token>'
            $requests.Uri | Should -Be 'https://oidc', 'https://login.microsoftonline.com/tenant/oauth2/v2.0/token'
            $requests[1]['Form']['client_id'] | Should -Be $Client
            Get-Text -Secret $requests[1]['Form']['client_assertion'] | Should -Be '<assertion>'
        }

        It 'is told of where the platform gives none' {
            Set-Variables -Variables @{ ACTIONS_ID_TOKEN_REQUEST_URL = 'https://oidc'; ACTIONS_ID_TOKEN_REQUEST_TOKEN = 'job'; AZURE_TENANT_ID = 'tenant'; AZURE_CLIENT_ID = 'client' }
            $requests = Use-RecordedAnswer -Name 'federation refused'
            $failure = Get-FailureOf { Get-Own -Identity GitHubActions }
            $failure.Exception.Data['Code'] | Should -Be 'no_own_token'
            $failure.Exception.Message | Should -Match '<sentence>'
        }
    }
}
