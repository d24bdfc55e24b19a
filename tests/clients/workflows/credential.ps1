# Compiles BrokerCredential.cs with the Azure.Identity that PowerShell brings along. It asks for a token, for the
# application's own, and for one of each kind that it may not have; told as JSON.
param([string] $Source, [string] $Broker, [string] $Audience, [string] $Tenant, [string] $Scope, [string] $Forbidden, [string] $OfAPerson)
$ErrorActionPreference = 'Stop'
$module = Get-Module -ListAvailable -Name Microsoft.PowerShell.PSResourceGet | Select-Object -First 1
$files = foreach ($name in 'Azure.Core', 'Azure.Identity') { Join-Path $module.ModuleBase "dependencies/$name.dll" }
Add-Type -Path $files
$references = $files + @(
    'mscorlib', 'netstandard', 'System', 'System.ComponentModel', 'System.ComponentModel.Primitives', 'System.Collections'
    'System.Linq', 'System.Memory', 'System.Net.Http', 'System.Net.Primitives', 'System.Private.Uri', 'System.Runtime'
    'System.Text.Encoding.Extensions', 'System.Text.Json', 'System.Threading.Tasks.Extensions'
)
Add-Type -Path $Source -ReferencedAssemblies $references -IgnoreWarnings -WarningAction Ignore
$identity = [Azure.Identity.ManagedIdentityCredential]::new()
$credential = [BrokerCredential]::new($identity, [uri] $Broker, $Audience, $Tenant)
$application = [BrokerCredential]::new($identity, [uri] $Broker, $Audience, $Tenant, 'application')
function Get-Token { param([string] $Of, $From = $credential) $From.GetToken([Azure.Core.TokenRequestContext]::new([string[]] @($Of)), [Threading.CancellationToken]::None) }
$token = Get-Token -Of $Scope
$own = Get-Token -Of $Scope -From $application
$refusal = try { (Get-Token -Of $Forbidden).Token } catch { $_.Exception.GetBaseException().Message }
$ownRefusal = try { (Get-Token -Of $OfAPerson -From $application).Token } catch { $_.Exception.GetBaseException().Message }
ConvertTo-Json -Compress @{ token = $token.Token; expiresOn = $token.ExpiresOn.ToUnixTimeMilliseconds(); own = $own.Token; refusal = $refusal; ownRefusal = $ownRefusal }
