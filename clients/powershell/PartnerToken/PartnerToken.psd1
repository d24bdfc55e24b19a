@{
    RootModule           = 'PartnerToken.psm1'
    ModuleVersion        = '0.2.0'
    GUID                 = '7d0a6f0e-4f53-4d0b-9a52-5a9f2c1e6b34'
    Author               = 'The Secure Application Model broker authors'
    Copyright            = '(c) 2026 The Secure Application Model broker authors. MIT License.'
    Description          = 'Access tokens for customers'' tenants from a Secure Application Model broker: Get-PartnerToken, Connect-Partner, New-PartnerAccessToken as the PartnerCenter module had it, and what operators do with consents and customers.'
    PowerShellVersion    = '5.1'
    CompatiblePSEditions = @('Desktop', 'Core')
    FunctionsToExport    = @(
        'Add-PartnerCustomerExclusion'
        'Clear-PartnerTokenCache'
        'Connect-Partner'
        'Get-PartnerApplicationStop'
        'Get-PartnerBrokerCustomer'
        'Get-PartnerConsent'
        'Get-PartnerCustomerExclusion'
        'Get-PartnerCustomerHistory'
        'Get-PartnerCustomerStatus'
        'Get-PartnerTenant'
        'Get-PartnerToken'
        'Grant-PartnerCustomerConsent'
        'Import-PartnerConsent'
        'Invoke-PartnerCustomerOffboarding'
        'New-PartnerAccessToken'
        'New-PartnerConsentLink'
        'Remove-PartnerCustomerExclusion'
        'Restore-PartnerConsent'
        'Resume-PartnerApplicationToken'
        'Revoke-PartnerConsent'
        'Revoke-PartnerConsentLink'
        'Revoke-PartnerCustomerConsent'
        'Stop-PartnerApplicationToken'
        'Test-PartnerAccess'
        'Undo-PartnerCustomerOffboarding'
    )
    FormatsToProcess     = @('PartnerToken.format.ps1xml')
    TypesToProcess       = @('PartnerToken.types.ps1xml')
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
