#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.3.0' }

BeforeAll {
    . (Join-Path -Path $PSScriptRoot -ChildPath 'Recorded.ps1')
    Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath '../PartnerToken/PartnerToken.psd1') -Force
    $env:BROKER_URL = 'https://broker.example'
    $env:BROKER_AUDIENCE = 'api://broker'
    $own = Get-Secret -Text 'own'
    Mock -ModuleName PartnerToken -CommandName Get-OwnToken -MockWith { $own }
    Mock -ModuleName PartnerToken -CommandName Find-OwnIdentity -MockWith { 'AzCli' }
    Mock -ModuleName PartnerToken -CommandName Start-Sleep
    $contoso = 'bbbb0000-1111-4222-8333-444444440001'

    # Rows as Import-Csv gives them.
    function Get-Row {
        param([string[]] $Line)
        $Line | ConvertFrom-Csv
    }
}

AfterAll {
    Remove-Item -Path 'Env:BROKER_URL', 'Env:BROKER_AUDIENCE'
}

Describe 'Consents' {
    It 'are listed as objects, with times and who gave them' {
        $requests = Use-RecordedAnswer -Name 'all consents'
        $consent = Get-PartnerConsent
        $requests[0]['Uri'] | Should -Be 'https://broker.example/api/consents'
        $consent.Consent, $consent.Status, $consent.Username | Should -Be 'partner', 'ok', 'ada@fabrikam.example'
        $consent.ConsentedOn | Should -BeOfType ([DateTimeOffset])
        $consent.Error | Should -BeNullOrEmpty
    }

    It 'that are lost say Entra ID''s number as its pages write it, and what to do in this module''s commands' {
        $answer = Get-RecordedAnswer -Name 'a consent'
        $answer.Content.status, $answer.Content.error, $answer.Content.authority_code = 'lost', 'new_consent_needed', 700082
        $answer.Content.act = [pscustomobject] @{ name = 'consent.link'; parameters = [pscustomobject] @{ consent = 'partner' } }
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { $answer }
        $consent = Get-PartnerConsent -Consent partner
        $consent.AuthorityCode | Should -Be 'AADSTS700082'
        $consent.Remedy | Should -BeLike '*New-PartnerConsentLink -Consent partner*'
    }

    It 'that Key Vault holds and the broker cannot read are listed too' {
        $answer = Get-RecordedAnswer -Name 'all consents'
        $answer.Content.damaged = @('spare')
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { $answer }
        $damaged = Get-PartnerConsent | Where-Object -FilterScript { $_.Status -eq 'damaged' }
        $damaged.Consent | Should -Be 'spare'
        $damaged.Remedy | Should -BeLike '*consent-spare*'
    }

    It 'warn of the application that needs a hand: <Told>' -ForEach @(
        @{ Told = 'application_misconfigured \(AADSTS7000222\).*renews an expired one'; Change = @{ error = 'application_misconfigured'; authority_code = 7000222; act = @{ name = 'application.registration'; parameters = @{} } } }
        @{ Told = 'certificate has 12 days left'; Change = @{ credential = 'certificate'; days_left = 12 } }
    ) {
        $answer = Get-RecordedAnswer -Name 'all consents'
        foreach ($name in $Change.Keys) { $answer.Content.application.$name = ConvertFrom-Json -InputObject (ConvertTo-Json -InputObject $Change[$name]) }
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { $answer }
        $null = Get-PartnerConsent -WarningVariable warned 3>$null
        "$warned" | Should -Match $Told
    }

    It 'make nobody''s terminal obey the name that a tenant gave somebody' {
        $answer = Get-RecordedAnswer -Name 'a consent'
        $answer.Content.username = "ada$([char] 27)[2J@fabrikam.example"
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { $answer }
        (Get-PartnerConsent -Consent partner).Username | Should -Be 'ada?[2J@fabrikam.example'
    }

    It 'go down the pipeline into a link for the person who gave each' {
        $requests = Use-RecordedAnswer -Name 'a consent', 'link'
        $link = Get-PartnerConsent -Consent partner | New-PartnerConsentLink -ExpiresInMinutes 60
        $requests[1]['Json']['person'] | Should -Be 'dddd0000-1111-4222-8333-444444440001'
        $requests[1]['Json']['login_hint'] | Should -Be 'ada@fabrikam.example'
        $requests[1]['Json']['expires_in_minutes'] | Should -Be 60
        $link.Url | Should -Be '<url>'
        ($link | Out-String) | Should -Not -Match '<url>'
    }

    It 'stay one part of the address, whatever somebody calls one' {
        $requests = Use-RecordedAnswer -Name 'a consent that is not there'
        (Get-FailureOf { Get-PartnerConsent -Consent '../customers?x' }).Exception.Data['Code'] | Should -Be 'consent_not_found'
        $requests[0]['Uri'] | Should -Be 'https://broker.example/api/consents/..%2Fcustomers%3Fx'
        (Get-FailureOf { Get-PartnerConsent -Consent '..' }).Exception.Data['Code'] | Should -Be 'parameter_refused'
    }

    It 'end and come back when it is agreed to: <Command>' -ForEach @(
        @{ Command = 'Revoke-PartnerConsent'; Name = 'withdrawal'; Status = 'withdrawn'; Method = 'DELETE' }
        @{ Command = 'Restore-PartnerConsent'; Name = 'restoration'; Status = 'stored'; Method = 'POST' }
        @{ Command = 'Revoke-PartnerConsentLink'; Name = 'links revoked'; Status = 'links_revoked'; Method = 'DELETE' }
    ) {
        $requests = Use-RecordedAnswer -Name $Name
        $null = & $Command -Consent ending -WhatIf
        $requests.Count | Should -Be 0
        $act = & $Command -Consent ending -Confirm:$false
        $requests[0]['Method'] | Should -Be $Method
        $act.Status | Should -Be $Status
        $act.On | Should -BeOfType ([DateTimeOffset])
    }

    It 'stay as they are where the script that calls prefers to see what would be done' {
        $requests = Use-RecordedAnswer -Name 'withdrawal'
        $WhatIfPreference = $true
        Revoke-PartnerConsent -Consent ending
        $requests.Count | Should -Be 0
    }
}

Describe 'A refresh token to import' {
    BeforeAll {
        $file = Join-Path -Path $TestDrive -ChildPath 'old.txt'
        [System.IO.File]::WriteAllText($file, "of-the-file`n")
    }

    It 'is sent as a SecureString to the last: <Name>' -ForEach @(
        @{ Name = 'a SecureString'; Give = { Import-PartnerConsent -RefreshToken (Get-Secret -Text 'secure') -Confirm:$false }; Sent = 'secure' }
        @{ Name = 'a file'; Give = { Import-PartnerConsent -Path $file }; Sent = 'of-the-file' }
        @{ Name = 'a file of this folder'; Give = { Push-Location -Path $TestDrive; try { Import-PartnerConsent -Path old.txt } finally { Pop-Location } }; Sent = 'of-the-file' }
        @{ Name = 'a line of the pipeline'; Give = { "piped`n", '' | Import-PartnerConsent -Consent imported -LoginHint ada@fabrikam.example }; Sent = 'piped' }
        @{ Name = 'a SecureString of the pipeline'; Give = { Get-Secret -Text 'secure' | Import-PartnerConsent }; Sent = 'secure' }
        @{ Name = 'a secret of Get-AzKeyVaultSecret'; Give = { [pscustomobject] @{ Name = 'old'; SecretValue = Get-Secret -Text 'of the vault' } | Import-PartnerConsent }; Sent = 'of the vault' }
    ) {
        $requests = Use-RecordedAnswer -Name 'import'
        (& $Give).Status | Should -Be 'stored'
        $requests[0]['Json']['refresh_token'] | Should -BeOfType ([securestring])
        Get-Text -Secret $requests[0]['Json']['refresh_token'] | Should -Be $Sent
    }

    It 'is refused as text among the arguments, by a sentence that does not repeat it: -<_>' -ForEach @('RefreshToken', 'InputObject') {
        $requests = Use-RecordedAnswer -Name 'import'
        $given = @{ $_ = 'typed-secret' }
        $failure = Get-FailureOf { Import-PartnerConsent @given }
        $failure.Exception.Data['Code'] | Should -Be 'parameter_refused'
        $failure.Exception.Message | Should -Match 'SecureString.*pipeline.*HistorySavePath'
        $failure.Exception.Message + ($failure | Format-List -Property * -Force | Out-String) | Should -Not -Match 'typed-secret'
        $requests.Count | Should -Be 0
    }

    It 'is one, and is there: <Name>' -ForEach @(
        @{ Name = 'two lines'; Give = { 'one', 'two' | Import-PartnerConsent } }
        @{ Name = 'nothing'; Give = { '' | Import-PartnerConsent } }
        @{ Name = 'something else'; Give = { 7 | Import-PartnerConsent } }
        @{ Name = 'no file'; Give = { Import-PartnerConsent -Path (Join-Path -Path $TestDrive -ChildPath 'none') } }
    ) {
        $requests = Use-RecordedAnswer -Name 'import'
        (Get-FailureOf $Give).Exception.Data['Code'] | Should -Be 'parameter_refused'
        $requests.Count | Should -Be 0
    }
}

Describe 'Customers' {
    It 'are listed, and go down the pipeline' {
        $requests = Use-RecordedAnswer -Name 'customers', 'check'
        $found = Get-PartnerBrokerCustomer | Test-PartnerAccess -Resource graph
        $requests.Count | Should -Be 2
        @($requests[1]['Json']['pairs']).Count | Should -Be 4
        $requests[1]['Json']['pairs'][0]['tenant'] | Should -Be $contoso
        $found.Works | Should -Be $true, $false
        $found[0].Scopes | Should -Contain 'https://graph.microsoft.com/Directory.Read.All'
        $found[1].AuthorityCode | Should -Be 'AADSTS65001'
        $found[1].Remedy | Should -BeLike '*Grant-PartnerCustomerConsent -Tenant bbbb0000-1111-4222-8333-444444440003*'
    }

    It 'are checked 25 a request' {
        $answer = Get-RecordedAnswer -Name 'check'
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { $answer }
        $null = Get-Row -Line (@('CustomerId,Resource') + @(1..30 | ForEach-Object -Process { "$contoso,arm" })) | Test-PartnerAccess
        Should -Invoke -ModuleName PartnerToken -CommandName Send-Request -Times 1 -Exactly -ParameterFilter { @($Request['Json']['pairs']).Count -eq 25 }
        Should -Invoke -ModuleName PartnerToken -CommandName Send-Request -Times 1 -Exactly -ParameterFilter { @($Request['Json']['pairs']).Count -eq 5 -and $Request['Json']['pairs'][0]['resource'] -eq 'arm' }
    }

    It 'are checked by the consent that each row names' {
        $requests = Use-RecordedAnswer -Name 'check', 'check'
        $null = Get-Row -Line 'TenantId,Consent', "$contoso,partner", "$contoso,partner", "$contoso,spare" | Test-PartnerAccess
        $requests.Uri | Should -Be 'https://broker.example/api/consents/partner/check', 'https://broker.example/api/consents/spare/check'
        @($requests[0]['Json']['pairs']).Count, @($requests[1]['Json']['pairs']).Count | Should -Be 2, 1
    }

    It 'of which one is none are checked each alone, and that one is the error' {
        $requests = Use-RecordedAnswer -Name 'check of what is no tenant', 'check of what is no tenant', 'check'
        $found = Get-Row -Line 'TenantId', 'nowhere', $contoso | Test-PartnerAccess -ErrorVariable refused -ErrorAction SilentlyContinue
        @($requests[1]['Json']['pairs']).Count | Should -Be 1
        @($found).Count | Should -BeGreaterThan 0
        @($refused).Count | Should -Be 1
        $refused[0].TargetObject | Should -Be 'nowhere'
    }

    It 'get what the grant set says: a dry run under -WhatIf, in earnest when it is agreed to' {
        $requests = Use-RecordedAnswer -Name 'application consent, dry run', 'application consent'
        $would = Grant-PartnerCustomerConsent -Tenant $contoso -WhatIf
        $requests[0]['Query']['dry_run'] | Should -Be 'true'
        $would.DryRun, $would.Outcome | Should -Be $true, 'created'
        $would.Missing | Should -Contain 'graph: Directory.Read.All Directory.AccessAsUser.All'
        $done = Get-Row -Line 'CustomerId', $contoso | Grant-PartnerCustomerConsent -Confirm:$false
        $requests[1]['Query']['dry_run'] | Should -Be 'false'
        $requests[1]['Method'] | Should -Be 'PUT'
        $done.DryRun | Should -BeFalse
    }

    It 'are made anew by the plan that a dry run has told, which shows what is there, comes and would be lost' {
        $requests = Use-RecordedAnswer -Name 'replacement, dry run', 'application consent'
        $plan = Grant-PartnerCustomerConsent -Tenant $contoso -Replace -WhatIf
        $requests[0]['Query']['replace'] | Should -Be 'true'
        $requests[0]['Query'].ContainsKey('plan') | Should -BeFalse
        $plan.There | Should -Contain 'graph: Directory.Read.All'
        $plan.Added | Should -Contain 'graph: Directory.AccessAsUser.All'
        $plan.Lost | Should -BeNullOrEmpty
        $shown = $plan | Out-String -Width 160
        $shown | Should -Match 'There\s+Added\s+Lost'
        $null = $plan | Grant-PartnerCustomerConsent -Replace -Confirm:$false
        $requests[1]['Query']['plan'] | Should -Be $plan.Plan
        $requests[1]['Query']['dry_run'] | Should -Be 'false'
    }

    It 'are not replaced without a plan, nor is a plan passed over' {
        $requests = Use-RecordedAnswer -Name 'application consent'
        (Get-FailureOf { Grant-PartnerCustomerConsent -Tenant $contoso -Replace -Confirm:$false }).Exception.Message | Should -BeLike '*-Replace -WhatIf*'
        (Get-FailureOf { Grant-PartnerCustomerConsent -Tenant $contoso -Plan abc -Confirm:$false }).Exception.Data['Code'] | Should -Be 'parameter_refused'
        $requests.Count | Should -Be 0
    }

    It 'are forgotten by the broker, and it is said where not every instance hears of it' {
        $requests = Use-RecordedAnswer -Name 'flush', 'flush'
        Clear-PartnerTokenCache -Tenant $contoso -WhatIf | Should -BeNullOrEmpty
        $requests.Count | Should -Be 0
        $flushed = Get-Row -Line 'CustomerId', $contoso, $contoso | Clear-PartnerTokenCache -WarningVariable warned 3>$null
        $requests[0]['Method'] | Should -Be 'POST'
        $flushed[0].TenantId, $flushed[0].Reaches | Should -Be $contoso, 'this_instance'
        @($warned).Count | Should -Be 1
    }

    It 'are kept out until a day, each by a row of its own, and nothing is done as -WhatIf' {
        $requests = Use-RecordedAnswer -Name 'exclusion', 'exclusion'
        Add-PartnerCustomerExclusion -Tenant $contoso -Reason 'leaves us' -Until 2026-12-31 -WhatIf | Should -BeNullOrEmpty
        $requests.Count | Should -Be 0
        $found = Get-Row -Line 'CustomerId,Until', "$contoso,2026-12-31", "$contoso,2027-01-31" | Add-PartnerCustomerExclusion -Reason 'leaves us' -WarningVariable warned
        $requests[0]['Method'], $requests[0]['Json']['reason'] | Should -Be 'PUT', 'leaves us'
        $requests[0]['Json']['until'], $requests[1]['Json']['until'] | Should -Be '2026-12-31', '2027-01-31'
        $found[0].Until | Should -Be ([datetime]::new(2026, 12, 31))
        $found[0].MadeOn | Should -BeOfType ([DateTimeOffset])
        $warned | Should -BeNullOrEmpty
        ($found | Out-String -Width 160) | Should -Match '2026-12-31 leaves us'
    }

    It 'are offboarded after a word, as -WhatIf shown alone, and come back' {
        $requests = Use-RecordedAnswer -Name 'offboarding, dry run', 'offboarding, dry run', 'return'
        $shown = Invoke-PartnerCustomerOffboarding -Tenant $contoso -WhatIf
        $requests[0]['Method'], $requests[0]['Query']['dry_run'] | Should -Be 'PUT', 'true'
        $shown.Outcome, $shown.DryRun, $shown.LiveMinutes | Should -Be 'absent', $true, 90
        Invoke-PartnerCustomerOffboarding -Tenant $contoso -Confirm:$false | Out-Null
        $requests[1]['Query']['dry_run'] | Should -Be 'false'
        (Undo-PartnerCustomerOffboarding -Tenant $contoso -Confirm:$false).Outcome | Should -Be 'absent'
        $requests[2]['Method'] | Should -Be 'DELETE'
    }

    It 'that are left with something say what, which role it needs, and what their administrator types' {
        $answer = Get-RecordedAnswer -Name 'offboarding, dry run'
        $answer.Content.outcome = 'incomplete'
        $answer.Content.items = @([pscustomobject] @{ application_id = 'a'; kind = 'service_principal'; name = 'a'; outcome = 'left'; needs = 'Cloud Application Administrator' })
        $answer.Content.commands = @('az ad sp delete --id a')
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { $answer }
        $found = Invoke-PartnerCustomerOffboarding -Tenant $contoso -Confirm:$false
        $found.Items[0].Kind, $found.Items[0].Needs | Should -Be 'service_principal', 'Cloud Application Administrator'
        $found.Commands | Should -Be 'az ad sp delete --id a'
    }

    It 'and tenants that get no token are told with the stop of the application''s own' {
        $requests = Use-RecordedAnswer -Name 'what stops tokens', 'what stops tokens', 'what stops tokens'
        $found = Get-PartnerApplicationStop
        $found.Stopped, @($found.Left).Count | Should -Be $false, 0
        Stop-PartnerApplicationToken -WhatIf | Should -BeNullOrEmpty
        Stop-PartnerApplicationToken -Confirm:$false | Out-Null
        Resume-PartnerApplicationToken -Confirm:$false | Out-Null
        $requests[0]['Method'], $requests[1]['Method'], $requests[2]['Method'] | Should -Be 'GET', 'PUT', 'DELETE'
    }

    It 'that no check has met are kept out too, with a word on a mistyped id' {
        $answer = Get-RecordedAnswer -Name 'exclusion'
        $answer.Content.known = $false
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { $answer }
        $found = Add-PartnerCustomerExclusion -Tenant $contoso -Reason 'comes' -Until 2026-12-31 -WarningVariable warned 3>$null
        $found.Reason | Should -Be 'leaves us'
        "$warned" | Should -Match 'No check has met the tenant'
    }

    It 'of the list tell whether they are kept out' {
        $answer = Get-RecordedAnswer -Name 'customers'
        $answer.Content.customers[0].excluded = (Get-RecordedAnswer -Name 'exclusion').Content
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { $answer }
        $found = Get-PartnerBrokerCustomer 3>$null
        $found[0].Excluded.Reason, $found[1].Excluded | Should -Be 'leaves us', $null
    }

    It 'that are kept out are listed and let in again; a list that the broker could not read says so' {
        $answer = Get-RecordedAnswer -Name 'status of a customer that works'
        $answer.Content.excluded = @((Get-RecordedAnswer -Name 'exclusion').Content)
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { $answer }
        $excluded = Get-PartnerCustomerExclusion -WarningVariable warned 3>$null
        $excluded.TenantId, $excluded.Reason | Should -Be 'bbbb0000-1111-4222-8333-444444440002', 'leaves us'
        $warned | Should -BeNullOrEmpty
        $answer.Content.excluded = @()
        $answer.Content.unavailable = [pscustomobject] @{ error = 'results_unavailable'; act = [pscustomobject] @{ name = 'retry'; parameters = [pscustomobject] @{} } }
        Get-PartnerCustomerExclusion -WarningVariable warned 3>$null | Should -BeNullOrEmpty
        "$warned" | Should -Match 'results_unavailable.*Try again'
        $requests = Use-RecordedAnswer -Name 'inclusion'
        ($excluded | Remove-PartnerCustomerExclusion).Outcome | Should -Be 'included'
        $requests[0]['Method'] | Should -Be 'DELETE'
        $requests[0]['Uri'] | Should -BeLike "*/customers/$($excluded.TenantId)/exclusion"
    }

    It 'show what changed for them, and for whom nothing did there is nothing' {
        $requests = Use-RecordedAnswer -Name 'history'
        $change = Get-Row -Line 'TenantId,Consent', 'bbbb0000-1111-4222-8333-444444440003,spare' | Get-PartnerCustomerHistory
        $requests[0]['Query']['consent'] | Should -Be 'spare'
        $change[0].Outcome, $change[0].AuthorityCode, $change[0].Whose | Should -Be 'application_not_consented', 'AADSTS65001', 'customer'
        $change[0].Before | Should -BeNullOrEmpty
        $change[0].On | Should -BeOfType ([DateTimeOffset])
        $answer = Get-RecordedAnswer -Name 'history'
        $answer.Content.changes = @()
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { $answer }
        Get-PartnerCustomerHistory -Tenant $contoso | Should -BeNullOrEmpty
    }

    It 'that do not work are listed with the cause, and what to do for each in this module''s commands' {
        $requests = Use-RecordedAnswer -Name 'status of a customer that does not work'
        $found = Get-PartnerCustomerStatus -WarningVariable warned 3>$null
        $requests[0]['Query'].Count | Should -Be 0
        $tailspin = $found | Where-Object -FilterScript { $_.Name -eq 'Tailspin Toys' } | Select-Object -First 1
        $tailspin.Works, $tailspin.Outcome, $tailspin.AuthorityCode, $tailspin.Whose | Should -Be $false, 'application_not_consented', 'AADSTS65001', 'customer'
        $tailspin.Remedy | Should -BeLike '*Grant-PartnerCustomerConsent -Tenant bbbb0000-1111-4222-8333-444444440003*'
        $tailspin.Since | Should -BeOfType ([DateTimeOffset])
        $warned | Should -BeNullOrEmpty
        ($found | Out-String -Width 160) | Should -Match 'Tailspin'
    }

    It 'are asked for by name, working or not, page by page' {
        $page = Get-RecordedAnswer -Name 'status of a customer that works'
        $page.Content.next = 'page-2'
        $answers = [System.Collections.Generic.Queue[object]]::new()
        $answers.Enqueue($page)
        $answers.Enqueue((Get-RecordedAnswer -Name 'status of a customer that works'))
        $asked = [System.Collections.Generic.List[hashtable]]::new()
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { param($Request) $asked.Add($Request); $answers.Dequeue() }.GetNewClosure()
        $found = Get-PartnerCustomerStatus -Customer northwind -All
        $found.Works | Should -Be $true, $true
        $found[0].Remedy | Should -BeNullOrEmpty
        $asked[0]['Query']['customer'], $asked[0]['Query']['all'], $asked[1]['Query']['after'] | Should -Be 'northwind', '1', 'page-2'
    }

    It 'of whom nothing can be told are no customers that work: <Told>' -ForEach @(
        @{ Told = 'No check has run yet'; Change = @{ last_run = $null } }
        @{ Told = 'results_unavailable.*Try again'; Change = @{ unavailable = @{ error = 'results_unavailable'; act = @{ name = 'retry'; parameters = @{} } } } }
        @{ Told = 'consent spare is damaged'; Change = @{ damaged = @('spare') } }
        @{ Told = 'no run has ended since'; Change = @{ check = @{ silent = $true; ended_on = 'noon'; act = @{ name = 'broker.report'; parameters = @{} } } } }
        @{ Told = 'delegation of Wingtip: 7 days left.*GDAP'; Change = @{ ending = @(@{ tenant = 'x'; name = 'Wingtip'; status = 'active'; days_left = 7; act = @{ name = 'customer.relationship'; parameters = @{} } }) } }
        @{ Told = 'person of partner: .*\(missing\); no role at 2 customers'; Change = @{ persons = @(@{ consent = 'partner'; mfa = 'missing'; roleless_count = 2; act = @{ name = 'person.rights'; parameters = @{} } }) } }
    ) {
        $answer = Get-RecordedAnswer -Name 'status of a customer that works'
        foreach ($name in $Change.Keys) { $answer.Content.$name = ConvertFrom-Json -InputObject (ConvertTo-Json -InputObject $Change[$name]) }
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { $answer }
        $null = Get-PartnerCustomerStatus -WarningVariable warned 3>$null
        "$warned" | Should -Match $Told
    }

    It 'come with how the delegation stands, and a warning where a source of them gave none' {
        $answer = Get-RecordedAnswer -Name 'customers'
        $answer.Content.customers[0].relationship = [pscustomobject] @{ status = 'active'; ends = '2027-03-01T00:00:00Z'; auto_extends = $true; roles = @('Application Administrator') }
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { $answer }
        $found = Get-PartnerBrokerCustomer -WarningVariable warned 3>$null
        $found[0].Delegation, $found[0].Extends, $found[0].Roles | Should -Be 'active', $true, 'Application Administrator'
        $found[0].Ends.Year | Should -Be 2027
        $found[1].Delegation | Should -BeNullOrEmpty
        "$warned" | Should -Match 'gdap: No application'
    }

    It 'are asked about before anything is taken from them; where nobody can be asked, it is said how' {
        $requests = Use-RecordedAnswer -Name 'application consent taken back'
        Mock -ModuleName PartnerToken -CommandName Test-Agreement -MockWith { $false }
        Revoke-PartnerCustomerConsent -Tenant $contoso | Should -BeNullOrEmpty
        $requests.Count | Should -Be 0
        Mock -ModuleName PartnerToken -CommandName Test-Agreement -MockWith { $true }
        (Revoke-PartnerCustomerConsent -Tenant $contoso).TenantId | Should -BeLike 'bbbb0000-*'
        $requests[0]['Method'] | Should -Be 'DELETE'
    }
}

Describe 'Rows of a pipeline' {
    BeforeAll {
        $rows = Get-Row -Line 'TenantId,Resource', 'contoso,graph', 'nowhere,graph', ',graph', 'northwind ,graph'
    }

    It 'fetch one token of the caller''s own, and one that fails is an error that names its tenant and does not end the others' {
        $requests = Use-RecordedAnswer -Name 'token of a customer for a resource', 'not permitted', 'token of a customer for a resource'
        $tokens = $rows | Get-PartnerToken -ErrorVariable refused -ErrorAction SilentlyContinue
        @($tokens).Count | Should -Be 2
        $requests[2]['Json']['tenant'] | Should -Be 'northwind'
        $refused.TargetObject | Should -Be 'nowhere', ''
        $refused[0].FullyQualifiedErrorId | Should -Be 'not_permitted,Get-PartnerToken'
        $refused[0].CategoryInfo.Category | Should -Be 'PermissionDenied'
        $refused[0].ErrorDetails.RecommendedAction | Should -BeLike 'Add a permission to a policy document*'
    }

    It 'end with the first where the caller says so' {
        $null = Use-RecordedAnswer -Name 'token of a customer for a resource', 'not permitted'
        (Get-FailureOf { $rows | Get-PartnerToken -ErrorAction Stop }).TargetObject | Should -Be 'nowhere'
    }

    It 'end where it is wrong for all of them' {
        $requests = Use-RecordedAnswer -Name 'token for another audience'
        $failure = Get-FailureOf { $rows | Get-PartnerToken -ErrorAction SilentlyContinue }
        $failure.Exception.Data['Code'] | Should -Be 'assertion_for_another_audience'
        $requests.Count | Should -Be 1
    }

    It 'go on where a gateway was busy for one of them' {
        $answers = [System.Collections.Generic.Queue[object]]::new()
        $answers.Enqueue([pscustomobject] @{ Status = 502; Headers = @{}; Content = $null })
        1..2 | ForEach-Object -Process { $answers.Enqueue((Get-RecordedAnswer -Name 'token of a customer for a resource')) }
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { $answers.Dequeue() }
        $tokens = $rows | Where-Object -FilterScript { $_.TenantId } | Get-PartnerToken -ErrorVariable refused -ErrorAction SilentlyContinue
        @($tokens).Count, $refused[0].TargetObject | Should -Be 2, 'contoso'
    }

    It 'ask for a token of the caller''s own anew, once the broker has refused one' {
        $null = Use-RecordedAnswer -Name 'token for another audience'
        & (Get-Module -Name PartnerToken) { $script:OwnTokens['kept'] = 'refused' }
        $null = Get-FailureOf { Get-PartnerToken contoso graph }
        & (Get-Module -Name PartnerToken) { $script:OwnTokens.Count } | Should -Be 0
    }

    It 'wait with the first alone while the broker is away, and the rest are tried once each' {
        $answer = Get-RecordedAnswer -Name 'authority away'
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { $answer }
        $null = $rows | Where-Object -FilterScript { $_.TenantId } | Get-PartnerToken -ErrorAction SilentlyContinue
        Should -Invoke -ModuleName PartnerToken -CommandName Send-Request -Times 6 -Exactly
    }

    It 'are asked for nothing where the caller is not signed in' {
        $requests = Use-RecordedAnswer -Name 'token of a customer for a resource'
        $failure = InModuleScope -ModuleName PartnerToken -ScriptBlock { Get-NoIdentity -ForPeople }
        Mock -ModuleName PartnerToken -CommandName Get-OwnToken -MockWith { throw $failure }
        (Get-FailureOf { $rows | Test-PartnerAccess }).FullyQualifiedErrorId | Should -Be 'not_signed_in,Test-PartnerAccess'
        $requests.Count | Should -Be 0
    }
}

Describe 'What is shown' {
    BeforeAll {
        $answer = Get-RecordedAnswer -Name 'token of a customer for a resource'
        $answer.Content.access_token = 'the-token'
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { $answer }
    }

    It 'is no token, by whatever view: <Name>' -ForEach @(
        @{ Name = 'text'; Command = { Get-PartnerToken contoso graph -AsPlainText } }
        @{ Name = 'a list'; Command = { Get-PartnerToken contoso graph -AsPlainText | Format-List } }
        @{ Name = 'among others'; Command = { Get-Item -Path $TestDrive; Get-PartnerToken contoso graph -AsPlainText } }
        @{ Name = 'the retired command'; Command = { New-PartnerAccessToken -Scopes 'https://graph.microsoft.com/.default' } }
        @{ Name = 'the retired command, among others'; Command = { Get-Item -Path $TestDrive; New-PartnerAccessToken -Scopes 'https://graph.microsoft.com/.default' } }
    ) {
        $shown = & $Command | Out-String
        $shown | Should -Match 'bbbb0000-1111-4222-8333-444444440001'
        $shown | Should -Not -Match 'the-token'
    }

    It 'is a header, as Invoke-RestMethod takes it' {
        $header = Get-PartnerToken contoso graph -AsHeader
        $header | Should -BeOfType ([hashtable])
        $header.Keys | Should -Be 'Authorization'
        $header['Authorization'] | Should -Be 'Bearer the-token'
    }
}

Describe 'What the broker recommends' {
    It 'is worded for every act that it can name' {
        $acts = & (Get-Module -Name PartnerToken) { $script:ActSentences }
        $acts.Count | Should -BeGreaterThan 40
        foreach ($name in $acts.Keys) {
            $told = InModuleScope -ModuleName PartnerToken -Parameters @{ Name = $name } -ScriptBlock {
                param($Name)
                Get-Recommendation -Act ([pscustomobject] @{ name = $Name; parameters = [pscustomobject] @{} })
            }
            $told | Should -Match '^[A-Z].*\.$' -Because $name
            $told | Should -Not -MatchExactly '[{}]|\[|/api/|POST|PUT' -Because $name
        }
    }

    It 'takes nothing into a command that a shell would take apart' {
        InModuleScope -ModuleName PartnerToken -ScriptBlock {
            Get-Recommendation -Act ([pscustomobject] @{ name = 'consent.link'; parameters = [pscustomobject] @{ consent = 'a; rm -r ~' } }) | Should -BeLike '*-Consent <consent>,*'
            Get-Recommendation -Act ([pscustomobject] @{ name = 'sign_in'; parameters = [pscustomobject] @{} }) | Should -BeLike 'People sign in anew*'
            Get-Recommendation -Act ([pscustomobject] @{ name = 'sign_in'; parameters = [pscustomobject] @{ audience = 'api://b' } }) | Should -BeLike 'Check that *api://b. People*'
            # What was asked for is known here too.
            Get-Recommendation -Act ([pscustomobject] @{ name = 'consent.link'; parameters = [pscustomobject] @{} }) -Asked @{ consent = 'spare' } | Should -BeLike '*-Consent spare,*'
            # An audience that is right already is not the reason.
            Get-Recommendation -Act ([pscustomobject] @{ name = 'sign_in'; parameters = [pscustomobject] @{ audience = 'api://b' } }) -Known @{ audience = 'api://b' } | Should -BeLike 'People sign in anew*'
        }
    }

    It 'stands in the broker''s own words where this module knows no others' {
        $answer = Get-RecordedAnswer -Name 'not permitted'
        $answer.Content.act.name = 'of.a.later.version'
        Mock -ModuleName PartnerToken -CommandName Send-Request -MockWith { $answer }
        $failure = Get-FailureOf { Get-PartnerToken contoso graph }
        $failure.Exception.Message | Should -BeLike 'not_permitted: <sentence>*'
        $failure.ErrorDetails | Should -BeNullOrEmpty
    }

    It 'comes with a category by its kind: <Code> is <Category>' -ForEach @(
        @{ Code = 'assertion_expired'; Status = 401; Category = 'AuthenticationError' }
        @{ Code = 'not_signed_in'; Status = 0; Category = 'AuthenticationError' }
        @{ Code = 'role_missing'; Status = 403; Category = 'PermissionDenied' }
        @{ Code = 'not_permitted'; Status = 403; Category = 'PermissionDenied' }
        @{ Code = 'no_answer'; Status = 0; Category = 'ConnectionError' }
        @{ Code = 'vault_unavailable'; Status = 503; Category = 'ResourceUnavailable' }
        @{ Code = 'consent_not_found'; Status = 404; Category = 'ObjectNotFound' }
        @{ Code = 'invalid_request'; Status = 400; Category = 'InvalidArgument' }
        @{ Code = 'consent_withdrawn'; Status = 400; Category = 'InvalidOperation' }
        @{ Code = 'application_misconfigured'; Status = 500; Category = 'InvalidOperation' }
    ) {
        $failure = InModuleScope -ModuleName PartnerToken -Parameters @{ Code = $Code; Status = $Status } -ScriptBlock {
            param($Code, $Status)
            Get-Failure -Code $Code -Status $Status -Message 'm'
        }
        $failure.CategoryInfo.Category | Should -Be $Category
    }
}
