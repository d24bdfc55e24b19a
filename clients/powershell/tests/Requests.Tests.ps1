#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.3.0' }

BeforeDiscovery {
    $recorded = foreach ($file in Get-ChildItem -Path (Join-Path -Path $PSScriptRoot -ChildPath '../contracts') -Filter '*.json') {
        (Get-Content -LiteralPath $file.FullName -Raw -Encoding UTF8 | ConvertFrom-Json).exchanges
    }
    $cases = foreach ($one in $recorded) { @{ Name = $one.name; Exchange = $one } }
}

BeforeAll {
    Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath '../PartnerToken/PartnerToken.psd1') -Force
}

Describe 'What goes over the wire' {
    It 'is what was recorded: <Name>' -TestCases $cases {
        param($Exchange)
        InModuleScope -ModuleName PartnerToken -Parameters @{ Exchange = $Exchange } -ScriptBlock {
            param($Exchange)
            # Whatever stands open in a recording has to pass as an address.
            $open = { param($Text) $Text -replace '^<(broker|entra|identity endpoint)>', 'https://open.example' }
            $arguments = @{}
            $declared = (Get-Command -Name $Exchange.function).Parameters
            foreach ($property in $Exchange.arguments.PSObject.Properties) {
                $arguments[$property.Name] = switch ($declared[$property.Name].ParameterType) {
                    ([securestring]) { Protect-Text -Text $property.Value }
                    ([hashtable]) {
                        $table = @{}
                        foreach ($field in $property.Value.PSObject.Properties) { $table[$field.Name] = $field.Value }
                        $table
                    }
                    default { & $open $property.Value }
                }
            }
            $message = Get-Message -Request (& $Exchange.function @arguments)

            $message.Method.Method | Should -Be $Exchange.request.method
            $message.RequestUri.AbsoluteUri | Should -BeLike "$(& $open $Exchange.request.url)*"
            foreach ($header in $Exchange.request.headers.PSObject.Properties) {
                $message.Headers.GetValues($header.Name) | Should -Be $header.Value
            }
            if ($Exchange.request.PSObject.Properties['query']) {
                foreach ($pair in $Exchange.request.query.PSObject.Properties) {
                    $message.RequestUri.Query | Should -Match ([regex]::Escape("$($pair.Name)=$([uri]::EscapeDataString($pair.Value))"))
                }
            }
            if ($Exchange.request.PSObject.Properties['json']) {
                $sent = $message.Content.ReadAsStringAsync().GetAwaiter().GetResult() | ConvertFrom-Json
                foreach ($field in $Exchange.request.json.PSObject.Properties) { $sent.($field.Name) | Should -Be $field.Value }
            }
            if ($Exchange.request.PSObject.Properties['form']) {
                $sent = $message.Content.ReadAsStringAsync().GetAwaiter().GetResult()
                foreach ($field in $Exchange.request.form.PSObject.Properties) {
                    $sent | Should -Match ([regex]::Escape("$($field.Name)=$([uri]::EscapeDataString($field.Value))"))
                }
            }
        }
    }

    It 'appends to an address that has a query already' {
        InModuleScope -ModuleName PartnerToken -ScriptBlock {
            $request = @{ Method = 'GET'; Uri = 'https://example.org/token?api-version=2.0'; Query = @{ audience = 'api://A' } }
            (Get-RequestUri -Request $request).AbsoluteUri | Should -Be 'https://example.org/token?api-version=2.0&audience=api%3A%2F%2FA'
        }
    }
}
