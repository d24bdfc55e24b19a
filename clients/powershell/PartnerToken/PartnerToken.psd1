@{
    RootModule           = 'PartnerToken.psm1'
    ModuleVersion        = '0.1.0'
    GUID                 = '7d0a6f0e-4f53-4d0b-9a52-5a9f2c1e6b34'
    Author               = 'The Secure Application Model broker authors'
    Copyright            = '(c) 2026 The Secure Application Model broker authors. MIT License.'
    Description          = 'Access tokens for customers'' tenants from a Secure Application Model broker: Get-PartnerToken, Connect-Partner, and New-PartnerAccessToken as the PartnerCenter module had it.'
    PowerShellVersion    = '5.1'
    CompatiblePSEditions = @('Desktop', 'Core')
    FunctionsToExport    = @('Connect-Partner', 'Get-PartnerToken', 'New-PartnerAccessToken')
    CmdletsToExport      = @()
    VariablesToExport    = @()
    AliasesToExport      = @()
    PrivateData          = @{
        PSData = @{
            LicenseUri = 'https://opensource.org/license/mit'
            Tags       = @('Microsoft365', 'Partner', 'CSP', 'GDAP', 'SecureApplicationModel', 'AccessToken')
        }
    }
}
