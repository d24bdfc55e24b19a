metadata description = 'The app\'s settings, complete: this resource replaces all that were there.'

param appName string

@description('Where browsers reach the broker, without a slash at the end.')
param publicUrl string

param identityClientId string
param storageBlobEndpoint string
param storageTableEndpoint string
param applicationInsightsConnectionString string
param tokenVaultUrl string
param policyVaultUrl string
param partnerName string
param partnerClientId string
param managementClientId string

@description('The name of the management application\'s certificate or secret in the token vault; empty without it.')
param managementCredentialName string

param brokerClientId string
param brokerAudience string
param refreshSchedule string
param checkSchedule string
param consentNewCustomers string
param consentTenants string
param consoleEnabled bool

@description('Threads for what blocks: as many as an instance takes HTTP requests at once.')
param exchangeThreads int

@allowed(['federated', 'certificate', 'secret'])
param partnerCredential string

@description('The name of the certificate or secret in the token vault.')
param partnerCredentialName string

resource broker 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
}

// What is not named here has its default (docs/settings.md); an empty value counts as none.
resource settings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: broker
  name: 'appsettings'
  properties: {
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsStorage__clientId: identityClientId
    AzureWebJobsStorage__blobServiceUri: storageBlobEndpoint
    APPLICATIONINSIGHTS_CONNECTION_STRING: applicationInsightsConnectionString
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
    // Plain functions run in these threads; the two timers are the only ones, the rest is asynchronous.
    PYTHON_THREADPOOL_THREAD_COUNT: '4'
    // Bytes: twice the largest body that a route takes. The platform's own limit is 100 MB for each request.
    FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '131072'
    EXCHANGE_THREADS: string(exchangeThreads)
    PUBLIC_URL: publicUrl
    PARTNER_TENANT_ID: tenant().tenantId
    PARTNER_NAME: partnerName
    PARTNER_CLIENT_ID: partnerClientId
    PARTNER_CERTIFICATE_NAME: partnerCredential == 'certificate' ? partnerCredentialName : ''
    PARTNER_CLIENT_SECRET_NAME: partnerCredential == 'secret' ? partnerCredentialName : ''
    MANAGEMENT_CLIENT_ID: managementClientId
    MANAGEMENT_CERTIFICATE_NAME: partnerCredential == 'certificate' ? managementCredentialName : ''
    MANAGEMENT_CLIENT_SECRET_NAME: partnerCredential == 'secret' ? managementCredentialName : ''
    BROKER_CLIENT_ID: brokerClientId
    BROKER_AUDIENCES: brokerAudience
    AZURE_CLIENT_ID: identityClientId
    AZURE_CLOUD: environment().name
    TOKEN_VAULT_URL: tokenVaultUrl
    POLICY_VAULT_URL: policyVaultUrl
    RESULTS_URL: storageTableEndpoint
    REFRESH_SCHEDULE: refreshSchedule
    CHECK_SCHEDULE: checkSchedule
    CONSENT_NEW_CUSTOMERS: consentNewCustomers
    CONSENT_TENANTS: consentTenants
    CONSOLE: consoleEnabled ? 'on' : 'off'
  }
}
