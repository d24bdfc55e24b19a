#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.3.0' }

BeforeDiscovery {
    . (Join-Path -Path $PSScriptRoot -ChildPath 'Recorded.ps1')
    $cases = foreach ($one in Get-AllRecorded) { @{ Name = $one.name; Exchange = $one } }
}

BeforeAll {
    . (Join-Path -Path $PSScriptRoot -ChildPath 'Recorded.ps1')
    Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath '../PartnerToken/PartnerToken.psd1') -Force

    # A recorded table as the module takes it; whatever stands open in an address has to pass as one.
    function Get-Table {
        param($Recorded)
        $table = @{}
        if ($Recorded) { foreach ($field in $Recorded.PSObject.Properties) { $table[$field.Name] = $field.Value } }
        $table
    }

    function Get-Address {
        param([string] $Recorded)
        $Recorded -replace '^<(broker|entra|identity endpoint)>', 'https://open.example'
    }

    # The request that a function of Requests.ps1 makes of the recorded arguments, as HttpClient would send it.
    function Get-Sent {
        param($Exchange)
        $module = Get-Module -Name PartnerToken
        $declared = & $module { param($Name) (Get-Command -Name $Name).Parameters } $Exchange.function
        $arguments = Get-Table -Recorded $Exchange.arguments
        foreach ($name in @($arguments.Keys)) {
            $told = $arguments[$name]
            $arguments[$name] = switch ($declared[$name].ParameterType) {
                ([securestring]) { Get-Secret -Text $told }
                ([hashtable]) { Get-Table -Recorded $told }
                ([object[]]) { , @($told | ForEach-Object -Process { Get-Table -Recorded $_ }) }
                ([bool]) { $told }
                default { Get-Address -Recorded $told }
            }
        }
        $request = & $module { param($Name, $Arguments) & $Name @Arguments } $Exchange.function $arguments
        # As Send-BrokerRequest addresses it: the broker, and who asks it.
        if ($request['Uri'].StartsWith('/')) {
            $request['Uri'] = 'https://open.example' + $request['Uri']
            $request['Bearer'] = Get-Secret -Text ($Exchange.request.headers.Authorization -replace '^Bearer ')
        }
        & $module { param($Request) Get-Message -Request $Request } $request
    }

    # Lines `name=value`, in an order that two tables share; a list of tables, such as pairs, item by item.
    function Get-Lines {
        param([System.Collections.IDictionary] $Table)
        $lines = foreach ($name in $Table.Keys | Sort-Object) {
            $value = $Table[$name]
            if ($value -is [array]) { $value = @($value | ForEach-Object -Process { Get-Lines -Table (Get-Table -Recorded $_) }) -join '; ' }
            '{0}={1}' -f $name, $value
        }
        $lines -join "`n"
    }

    # `a=b&c=d`, as a query and a form have it.
    function Read-Pairs {
        param([string] $Text)
        $table = @{}
        foreach ($pair in $Text.TrimStart('?') -split '&' | Where-Object -FilterScript { $_ }) {
            $name, $value = $pair -split '=', 2
            $table[[uri]::UnescapeDataString($name)] = [uri]::UnescapeDataString($value)
        }
        $table
    }
}

Describe 'What goes over the wire' {
    It 'is what was recorded and nothing else: <Name>' -ForEach $cases {
        $sent, $recorded = (Get-Sent -Exchange $Exchange), $Exchange.request
        $fields = @{}
        foreach ($name in 'query', 'json', 'form') { $fields[$name] = Get-Table -Recorded ($recorded.PSObject.Properties[$name].Value) }
        $address = [uri] (Get-Address -Recorded $recorded.url)
        $query = Read-Pairs -Text $address.Query
        foreach ($name in $fields['query'].Keys) { $query[$name] = $fields['query'][$name] }
        $headers = @{}
        foreach ($header in $sent.Headers) { $headers[$header.Key] = $header.Value -join ', ' }
        $body = if ($sent.Content) { $sent.Content.ReadAsStringAsync().GetAwaiter().GetResult() } else { '' }
        $isJson = $sent.Content -and $sent.Content.Headers.ContentType.MediaType -eq 'application/json'

        $sent.Method.Method | Should -Be $recorded.method
        $sent.RequestUri.GetLeftPart('Path') | Should -Be $address.GetLeftPart('Path')
        Get-Lines -Table (Read-Pairs -Text $sent.RequestUri.Query) | Should -Be (Get-Lines -Table $query)
        Get-Lines -Table $headers | Should -Be (Get-Lines -Table ((Get-Table -Recorded $recorded.headers) + @{ Accept = 'application/json' }))
        $isJson | Should -Be ($null -ne $recorded.PSObject.Properties['json'])
        if ($isJson) { Get-Lines -Table (Get-Table -Recorded ($body | ConvertFrom-Json)) | Should -Be (Get-Lines -Table $fields['json']) }
        else { Get-Lines -Table (Read-Pairs -Text $body) | Should -Be (Get-Lines -Table $fields['form']) }
    }

    It 'is recorded for every request that the module makes' {
        $made = & (Get-Module -Name PartnerToken) { (Get-ChildItem -Path Function:Get-*Request).Name }
        $recorded = (Get-AllRecorded).function | Sort-Object -Unique
        @($made).Count | Should -BeGreaterThan 0
        $made | Sort-Object | Should -Be $recorded
    }
}
