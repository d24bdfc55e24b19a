using '../../../infra/main.bicep'

param environmentName = 'certificate'
param location = 'swedencentral'
param consoleEnabled = true
param partnerCredential = 'certificate'
param managementClientId = '00000000-0000-0000-0000-0000000000b4'
param sampleCallerEnabled = true
param sampleTenant = 'contoso.example'
// One more permission of an API that the sign-in needs already, and one of another API.
param partnerPermissions = {
  '00000003-0000-0000-c000-000000000000': ['00000000-0000-0000-0000-0000000000d1']
  '00000000-0000-0000-0000-0000000000d2': ['00000000-0000-0000-0000-0000000000d3']
}
