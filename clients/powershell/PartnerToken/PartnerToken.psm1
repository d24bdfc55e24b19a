# The module: loads its functions and exports the public ones.

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

# Windows PowerShell 5.1 does not load it by itself.
Add-Type -AssemblyName System.Net.Http
if ($PSVersionTable.PSEdition -eq 'Desktop' -and [int] [System.Net.ServicePointManager]::SecurityProtocol -ne 0) {
    # Somebody chose versions for this process (0 would be the system's own choice): TLS 1.2 has to be among them.
    [System.Net.ServicePointManager]::SecurityProtocol = [System.Net.ServicePointManager]::SecurityProtocol -bor [System.Net.SecurityProtocolType]::Tls12
}

foreach ($folder in 'Private', 'Public') {
    foreach ($file in Get-ChildItem -Path (Join-Path -Path $PSScriptRoot -ChildPath $folder) -Filter '*.ps1') {
        . $file.FullName
    }
}

Export-ModuleMember -Function (Get-ChildItem -Path (Join-Path -Path $PSScriptRoot -ChildPath 'Public') -Filter '*.ps1').BaseName
