#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.3.0' }

BeforeDiscovery {
    $commands = (Get-ChildItem -Path (Join-Path -Path $PSScriptRoot -ChildPath '../PartnerToken/Public')).BaseName
}

BeforeAll {
    # A syntax tree by PowerShell's own parser, with the tokens and errors of the text.
    function Read-Script {
        param([System.IO.FileInfo] $File)
        $tokens = $errors = $null
        $tree = [System.Management.Automation.Language.Parser]::ParseFile($File.FullName, [ref] $tokens, [ref] $errors)
        [pscustomobject] @{ Name = $File.Name; Tree = $tree; Tokens = $tokens; Errors = $errors }
    }

    # The calls in a tree, as trees of their own; Name is the command's.
    function Get-Call {
        param($Tree)
        $Tree.FindAll({ $args[0] -is [System.Management.Automation.Language.CommandAst] }, $true) |
            Select-Object -Property @{ Name = 'Name'; Expression = { $_.GetCommandName() } }, @{ Name = 'Tree'; Expression = { $_ } } |
            Where-Object -FilterScript { $_.Name }
    }

    function Get-DefinedName {
        param($Script)
        foreach ($one in $Script) { $one.Tree.FindAll({ $args[0] -is [System.Management.Automation.Language.FunctionDefinitionAst] }, $true).Name }
    }

    # Parameters of a command's own, without -Verbose and the like.
    function Get-Declared {
        param([string] $Name)
        (Get-Command -Name $Name).Parameters.Values | Where-Object -FilterScript {
            $_.Name -notin @([System.Management.Automation.PSCmdlet]::CommonParameters) + @([System.Management.Automation.PSCmdlet]::OptionalCommonParameters)
        }
    }

    function Get-Accepted {
        param($Parameter)
        ($Parameter.Attributes | Where-Object -FilterScript { $_ -is [ValidateSet] }).ValidValues
    }

    # Parameter -> its description, of a command's help; -WhatIf and -Confirm need none.
    function Get-Described {
        param([string] $Name)
        $described = @{}
        foreach ($parameter in (Get-Help -Name $Name -Full).parameters.parameter | Where-Object -FilterScript { $_.name -notin 'WhatIf', 'Confirm' }) { $described[$parameter.name] = "$($parameter.description.Text)" }
        $described
    }

    $folder = Join-Path -Path $PSScriptRoot -ChildPath '../PartnerToken'
    $manifest = Join-Path -Path $folder -ChildPath 'PartnerToken.psd1'
    Import-Module -Name $manifest -Force
    $scripts = Get-ChildItem -Path (Split-Path -Path $PSScriptRoot) -Recurse -Include '*.ps1', '*.psm1', '*.psd1' | ForEach-Object -Process { Read-Script -File $_ }
    $sources = $scripts | Where-Object -FilterScript { $_.Tree.Extent.File -match '[\\/]PartnerToken[\\/].*\.psm?1$' }
    $defined = Get-DefinedName -Script $sources
    $public = (Get-ChildItem -Path (Join-Path -Path $folder -ChildPath 'Public')).BaseName | Sort-Object
    # In Windows PowerShell 5.1 and PowerShell 7 alike; the last ones are Az.Accounts' and are looked for before.
    $builtIn = @(
        'Add-Type', 'ConvertFrom-Json', 'ConvertTo-Json', 'Export-ModuleMember', 'ForEach-Object', 'Get-ChildItem', 'Get-Command'
        'Get-Variable', 'Join-Path', 'Read-Host', 'Select-Object', 'Set-StrictMode', 'Set-Variable', 'Sort-Object', 'Start-Sleep', 'Test-Path'
        'Where-Object', 'Write-Progress', 'Write-Verbose', 'Write-Warning', 'Get-AzAccessToken', 'Get-AzContext'
    )
}

Describe 'The module' {
    It 'is written in what Windows PowerShell 5.1 reads too, its tests as well' {
        # Of PowerShell 7 alone: && || ? : ?? ??= ?. ?[ and the block `clean`.
        $newer = 'AndAnd', 'OrOr', 'QuestionMark', 'QuestionQuestion', 'QuestionQuestionEquals', 'QuestionDot', 'QuestionLBracket', 'Clean'
        $scripts.Name | Should -Contain 'Exchange.ps1'
        foreach ($script in $scripts) {
            $script.Errors | Should -BeNullOrEmpty -Because $script.Name
            ($script.Tokens | Where-Object -FilterScript { "$($_.Kind)" -in $newer }).Text | Should -BeNullOrEmpty -Because $script.Name
        }
    }

    It 'calls only commands that exist everywhere, and each of its own functions' {
        $called = foreach ($script in $sources) { (Get-Call -Tree $script.Tree).Name }
        $called | Where-Object -FilterScript { $_ -notin $builtIn + $defined } | Should -BeNullOrEmpty
        $defined | Where-Object -FilterScript { $_ -notin $called + $public } | Should -BeNullOrEmpty
    }

    It 'leaves secrets as SecureStrings until they are sent' {
        $users = $sources | Where-Object -FilterScript { (Get-Call -Tree $_.Tree).Name -contains 'Unprotect-Text' }
        $users.Name | Should -Be 'Exchange.ps1'
    }

    It 'exports each public function, a file of its name, and nothing else' {
        (Test-ModuleManifest -Path $manifest).ExportedCommands.Keys | Sort-Object | Should -Be $public
        (Get-Module -Name PartnerToken).ExportedCommands.Keys | Sort-Object | Should -Be $public
        $public | Where-Object -FilterScript { $_ -notin $defined } | Should -BeNullOrEmpty
    }

    It 'is for Windows PowerShell 5.1 and PowerShell 7, under a licence that it names' {
        $told = Test-ModuleManifest -Path $manifest
        $told.PowerShellVersion | Should -Be '5.1'
        $told.CompatiblePSEditions | Should -Be 'Desktop', 'Core'
        $told.LicenseUri | Should -Match '/mit'
    }

    It 'takes the same identities in every command' {
        $choices = Get-Command -Module PartnerToken | Where-Object -FilterScript { $_.Parameters.ContainsKey('Identity') } |
            ForEach-Object -Process { (Get-Accepted -Parameter $_.Parameters['Identity']) -join ' ' }
        @($choices).Count | Should -BeGreaterThan 10
        @($choices | Select-Object -Unique).Count | Should -Be 1
    }

    It 'has no command of the PartnerCenter module''s, but the one that it replaces' {
        # Version 3.0.10's cmdlets that a command here could be taken for (PartnerCenter.psd1).
        $theirs = @(
            'Connect-PartnerCenter', 'Disconnect-PartnerCenter', 'Get-PartnerContext', 'Get-PartnerCustomer', 'Get-PartnerUser', 'Get-PartnerRole'
            'New-PartnerAccessToken', 'New-PartnerCustomer', 'New-PartnerCustomerApplicationConsent', 'Get-PartnerEnvironment', 'Get-PartnerAuditRecord'
            'Resolve-PartnerError', 'Set-PartnerCustomer', 'Test-PartnerAddress', 'Test-PartnerDomainAvailability', 'Test-PartnerSecurityRequirement'
        )
        $public | Where-Object -FilterScript { $_ -in $theirs } | Should -Be 'New-PartnerAccessToken'
    }

    It 'takes tenants by property name, as TenantId and CustomerId too, and never as Id: <_>' -ForEach @('Get-PartnerToken', 'Connect-Partner', 'Test-PartnerAccess', 'Grant-PartnerCustomerConsent', 'Revoke-PartnerCustomerConsent', 'New-PartnerConsentLink', 'Clear-PartnerTokenCache', 'Add-PartnerCustomerExclusion', 'Remove-PartnerCustomerExclusion', 'Get-PartnerCustomerHistory', 'Invoke-PartnerCustomerOffboarding', 'Undo-PartnerCustomerOffboarding') {
        $parameter = (Get-Command -Name $_).Parameters['Tenant']
        $parameter.Aliases | Should -Be 'TenantId', 'CustomerId'
        ($parameter.Attributes | Where-Object -FilterScript { $_ -is [Parameter] }).ValueFromPipelineByPropertyName | Should -BeTrue
    }

    It 'takes rows for the status by the same names: without them each row would tell of every customer' {
        (Get-Command -Name Get-PartnerCustomerStatus).Parameters['Customer'].Aliases | Should -Be 'Tenant', 'TenantId', 'CustomerId'
    }

    It 'takes no secret as a text: no parameter that is named for one is a String' {
        $named = Get-Command -Module PartnerToken | ForEach-Object -Process { $_.Parameters.Values } |
            Where-Object -FilterScript { $_.Name -match 'Token|Secret|Password|Key$|Assertion|InputObject' }
        @($named).Count | Should -BeGreaterThan 2
        $named | Where-Object -FilterScript { $_.ParameterType -eq [string] } | Should -BeNullOrEmpty
    }

    It 'asks before what cannot be undone: <Name>, <Impact>' -ForEach @(
        @{ Name = 'Revoke-PartnerConsent'; Impact = 'High' }
        @{ Name = 'Grant-PartnerCustomerConsent'; Impact = 'High' }
        @{ Name = 'Revoke-PartnerCustomerConsent'; Impact = 'High' }
        @{ Name = 'Restore-PartnerConsent'; Impact = 'Medium' }
        @{ Name = 'Import-PartnerConsent'; Impact = 'Medium' }
        @{ Name = 'Revoke-PartnerConsentLink'; Impact = 'High' }
        @{ Name = 'New-PartnerConsentLink'; Impact = 'Low' }
        @{ Name = 'Clear-PartnerTokenCache'; Impact = 'Low' }
        @{ Name = 'Add-PartnerCustomerExclusion'; Impact = 'Medium' }
        @{ Name = 'Remove-PartnerCustomerExclusion'; Impact = 'Medium' }
        @{ Name = 'Invoke-PartnerCustomerOffboarding'; Impact = 'High' }
        @{ Name = 'Undo-PartnerCustomerOffboarding'; Impact = 'Medium' }
        @{ Name = 'Stop-PartnerApplicationToken'; Impact = 'High' }
        @{ Name = 'Resume-PartnerApplicationToken'; Impact = 'Medium' }
    ) {
        $binding = (Get-Command -Name $Name).ScriptBlock.Attributes | Where-Object -FilterScript { $_ -is [System.Management.Automation.CmdletBindingAttribute] }
        $binding.SupportsShouldProcess | Should -BeTrue
        "$($binding.ConfirmImpact)" | Should -Be $Impact
    }
}

Describe 'The help of <_>' -ForEach $commands {
    BeforeAll { $help = Get-Help -Name $_ -Full }

    It 'says what the command is, and explains every parameter' {
        $described = Get-Described -Name $_
        $described.Keys | Sort-Object | Should -Be ((Get-Declared -Name $_).Name | Sort-Object)
        $described.Values | Should -Not -Contain ''
        $help.Synopsis | Should -Match '\.$'
        "$($help.description.Text)" | Should -Not -BeNullOrEmpty
        "$($help.returnValues.returnValue.type.name)" | Should -Not -BeNullOrEmpty
    }

    It 'has examples that call it with parameters that it takes' {
        @($help.examples.example).Count | Should -BeGreaterOrEqual 2
        foreach ($example in $help.examples.example) {
            $lines = "$($example.code)`n$($example.remarks.Text -join "`n")" -split "`n" -match $help.Name
            $tree = [System.Management.Automation.Language.Parser]::ParseInput(($lines -join "`n"), [ref] $null, [ref] $null)
            $calls = @(Get-Call -Tree $tree | Where-Object -FilterScript { $_.Name -eq $help.Name })
            $calls.Count | Should -BeGreaterThan 0
            foreach ($call in $calls) {
                $bound = [System.Management.Automation.Language.StaticParameterBinder]::BindCommand($call.Tree, $true)
                $bound.BindingExceptions.Keys | Should -BeNullOrEmpty -Because $call.Tree.Extent.Text
            }
        }
    }
}

Describe 'The drop-in' {
    # learn.microsoft.com, partnercenterps-3.0, New-PartnerAccessToken.
    It 'has the retired parameter <Name>, and does not ask for it' -ForEach @(
        @{ Name = 'AccessToken'; Type = [object] }
        @{ Name = 'ApplicationId'; Type = [string]; Aliases = 'ClientId' }
        @{ Name = 'CertificateThumbprint'; Type = [string] }
        @{ Name = 'Credential'; Type = [pscredential] }
        @{ Name = 'Environment'; Type = [string]; Aliases = 'EnvironmentName'; Values = 'AzureCloud', 'AzureChinaCloud', 'AzureGermanCloud', 'AzurePPE', 'AzureUSGovernment' }
        @{ Name = 'Module'; Type = [string]; Aliases = 'ModuleName'; Values = 'ExchangeOnline' }
        @{ Name = 'RefreshToken'; Type = [object] }
        @{ Name = 'Scopes'; Type = [string[]] }
        @{ Name = 'ServicePrincipal'; Type = [switch] }
        @{ Name = 'Tenant'; Type = [string]; Aliases = 'Domain', 'TenantId' }
        # Version 1.5's.
        @{ Name = 'Consent'; Type = [switch] }
        @{ Name = 'Resource'; Type = [string] }
        @{ Name = 'TokenCache'; Type = [object] }
        @{ Name = 'UseAuthorizationCode'; Type = [switch]; Aliases = 'AuthCode' }
        @{ Name = 'UseDeviceAuthentication'; Type = [switch]; Aliases = 'DeviceCode', 'DeviceAuth', 'Device' }
    ) {
        $parameter = (Get-Command -Name New-PartnerAccessToken).Parameters[$Name]
        $parameter.ParameterType | Should -Be $Type
        $parameter.Aliases -join ' ' | Should -Be ($Aliases -join ' ')
        (Get-Accepted -Parameter $parameter) -join ' ' | Should -Be ($Values -join ' ')
        # A prompt in an unattended job is a job that hangs.
        ($parameter.Attributes | Where-Object -FilterScript { $_ -is [Parameter] }).Mandatory | Should -BeFalse
    }

    It 'has no other parameter' {
        @(Get-Declared -Name New-PartnerAccessToken).Count | Should -Be 15
    }

    It 'has a reason for every parameter that its help calls refused, and for no other' {
        $described = Get-Described -Name New-PartnerAccessToken
        $refused = $described.Keys | Where-Object -FilterScript { $described[$_] -match 'refused' } | Sort-Object
        $refused.Count | Should -BeGreaterThan 1
        & (Get-Module -Name PartnerToken) { $script:RetiredReasons.Keys } | Sort-Object | Should -Be $refused
    }
}
