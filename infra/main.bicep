metadata description = 'A Secure Application Model broker: one person\'s consent, access tokens for every customer tenant.'

targetScope = 'subscription'

@minLength(1)
@maxLength(32)
@description('The environment: part of the resource group\'s name, of every tag and of both registrations.')
param environmentName string

@minLength(1)
@description('The region of all resources; one that has Flex Consumption: az functionapp list-flexconsumption-locations.')
param location string

@description('Where browsers reach the broker when it has a domain of its own, https and no slash at the end; empty: the app\'s own address.')
param publicUrl string = ''

@description('Make the two registrations in Entra ID. Off for people without the rights: docs/deploy.md has the az commands.')
param createRegistrations bool = true

@description('The partner application\'s client id, when createRegistrations is off.')
param partnerClientId string = ''

@description('The management application\'s client id: the broker itself reads and tops up grants with it (docs/customers.md). Empty: none.')
param managementClientId string = ''

@description('The name of its certificate or secret in the token vault, for certificate or secret.')
param managementCredentialName string = 'management-credential'

@description('The broker API\'s client id, when createRegistrations is off.')
param brokerClientId string = ''

@description('The broker API\'s identifier URI, when createRegistrations is off and it is not the one made here.')
param brokerAudience string = ''

@description('Delegated permissions of the partner application beside those of the sign-in: application id of the API -> ids of its permissions.')
param partnerPermissions object = {}

@description('Object id of the first operator: app roles to manage and read consents and customers, and the policy vault. Empty: nobody.')
param operatorId string = ''

@description('Object ids of workloads that may ask for tokens, comma-separated; the access policy still decides which. Empty: nobody.')
param callerIds string = ''

@description('Object ids of further people or groups that write policy documents, comma-separated.')
param policyEditorIds string = ''

@description('Object ids of people or groups of the partner that are assigned to the partner application in the home tenant, comma-separated.')
param consenterIds string = ''

@description('In the home tenant nobody but those in consenterIds gets a token of the partner application. First assign everybody who has consented: docs/deploy.md.')
param partnerAssignmentRequired bool = false

@description('How the broker proves the partner application. federated: its managed identity, without any secret.')
@allowed(['federated', 'certificate', 'secret'])
param partnerCredential string = 'federated'

@description('The name of the certificate or secret in the token vault, for certificate or secret.')
param partnerCredentialName string = 'partner-credential'

@description('Tenants beside the partner\'s own whose people may consent, comma-separated.')
param consentTenants string = ''

@description('The partner\'s name as people know it; the pages of a consent say it.')
@maxLength(100)
param partnerName string = ''

@description('When the timer runs: NCRONTAB, six fields, UTC.')
param refreshSchedule string = '0 17 * * * *'

@description('When customers are checked: NCRONTAB, six fields, UTC.')
param checkSchedule string = '0 47 * * * *'

@description('What becomes of customers who came: named alone, or the application\'s consent is made in their tenants too (docs/customers.md).')
@allowed(['name', 'apply'])
param consentNewCustomers string = 'name'

@description('Operators have a console in the browser (docs/console.md): the broker\'s registration gets its redirect URI and the app\'s identity as a credential.')
param consoleEnabled bool = false

@description('Where alerts are sent; empty: they are seen in the portal alone.')
param alertEmail string = ''

@description('Put app, vaults and storage into a network, reached by private endpoints alone.')
param vnetEnabled bool = false

@description('Address ranges (CIDR) from which the policy vault is edited when it is in the network, comma-separated.')
param policyEditorAddresses string = ''

@description('Instances kept warm for HTTP; each is paid for all day.')
@minValue(0)
@maxValue(20)
param alwaysReadyInstances int = 0

@description('Bound on instances of each kind, HTTP and timer.')
@minValue(40)
@maxValue(1000)
param maximumInstances int = 40

@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('HTTP requests an instance takes at once, and the broker\'s threads for exchanges.')
@minValue(1)
@maxValue(256)
param httpConcurrency int = 32

@description('Days that logs are kept.')
@minValue(90)
@maxValue(730)
param retentionDays int = 90

@description('Where the availability test asks from (azure.microsoft.com: availability test locations).')
param testLocations array = ['emea-nl-ams-azr', 'us-va-ash-azr', 'apac-sg-sin-azr']

@allowed([300, 600, 900])
param testFrequencySeconds int = 900

@description('Add a Logic App that asks for a token, to start from.')
param sampleCallerEnabled bool = false

@description('The customer the sample asks for, as the access policy names it, and the API.')
param sampleTenant string = ''
param sampleResource string = 'graph'

var abbreviations = loadJsonContent('abbreviations.json')
var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }
var callers = filter(map(split(callerIds, ','), id => trim(id)), id => !empty(id))
var editors = filter(map(split('${operatorId},${policyEditorIds}', ','), id => trim(id)), id => !empty(id))
var consenters = filter(map(split(consenterIds, ','), id => trim(id)), id => !empty(id))
var editorAddresses = filter(map(split(policyEditorAddresses, ','), range => trim(range)), range => !empty(range))
// The tenant and a name of our own: an identifier URI with the client id in it could only be set in a second step.
var ownAudience = 'api://${tenant().tenantId}/consent-broker-${environmentName}'
var audience = createRegistrations || empty(brokerAudience) ? ownAudience : brokerAudience

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: '${abbreviations.resourceGroup}${environmentName}'
  location: location
  tags: tags
}

module identity 'app/identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    name: '${abbreviations.managedIdentity}${token}'
    location: location
    tags: tags
  }
}

module monitoring 'app/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    workspaceName: '${abbreviations.logAnalyticsWorkspace}${token}'
    applicationInsightsName: '${abbreviations.applicationInsights}${token}'
    location: location
    tags: tags
    retentionDays: retentionDays
  }
}

module tokenVault 'app/vault.bicep' = {
  name: 'token-vault'
  scope: group
  params: {
    name: '${abbreviations.keyVault}token-${token}'
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    isPrivate: vnetEnabled
  }
}

module policyVault 'app/vault.bicep' = {
  name: 'policy-vault'
  scope: group
  params: {
    name: '${abbreviations.keyVault}policy-${token}'
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    isPrivate: vnetEnabled
    allowedAddresses: editorAddresses
  }
}

module hostStorage 'app/storage.bicep' = {
  name: 'host-storage'
  scope: group
  params: {
    name: '${abbreviations.storageAccount}host${token}'
    location: location
    tags: tags
    isPrivate: vnetEnabled
  }
}

module packageStorage 'app/storage.bicep' = {
  name: 'package-storage'
  scope: group
  params: {
    name: '${abbreviations.storageAccount}pkg${token}'
    location: location
    tags: tags
    isPrivate: vnetEnabled
    containerName: 'app-package'
    workspaceId: monitoring.outputs.workspaceId
  }
}

module access 'app/access.bicep' = {
  name: 'access'
  scope: group
  params: {
    environmentName: environmentName
    principalId: identity.outputs.principalId
    tokenVaultName: tokenVault.outputs.name
    policyVaultName: policyVault.outputs.name
    hostStorageName: hostStorage.outputs.name
    packageStorageName: packageStorage.outputs.name
    applicationInsightsName: monitoring.outputs.applicationInsightsName
    policyEditorIds: editors
  }
}

module network 'app/network.bicep' = if (vnetEnabled) {
  name: 'network'
  scope: group
  params: {
    names: {
      network: '${abbreviations.virtualNetwork}${token}'
      natGateway: '${abbreviations.natGateway}${token}'
      publicAddress: '${abbreviations.publicAddress}${token}'
      endpoint: '${abbreviations.privateEndpoint}${token}'
    }
    location: location
    tags: tags
    vaultIds: [
      tokenVault.outputs.id
      policyVault.outputs.id
    ]
    storageIds: [
      hostStorage.outputs.id
      packageStorage.outputs.id
    ]
    tableStorageId: hostStorage.outputs.id
  }
}

module broker 'app/broker.bicep' = {
  name: 'broker'
  scope: group
  params: {
    name: '${abbreviations.functionApp}${token}'
    planName: '${abbreviations.functionPlan}${token}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    packageUrl: packageStorage.outputs.containerUrl
    subnetId: vnetEnabled ? network!.outputs.appSubnetId : ''
    instanceMemoryMB: instanceMemoryMB
    maximumInstances: maximumInstances
    alwaysReadyInstances: alwaysReadyInstances
    httpConcurrency: httpConcurrency
  }
  dependsOn: [
    access
  ]
}

var url = empty(publicUrl) ? 'https://${broker.outputs.hostName}' : publicUrl

module sampleCaller 'app/sample-caller.bicep' = if (sampleCallerEnabled) {
  name: 'sample-caller'
  scope: group
  params: {
    name: '${abbreviations.logicApp}${token}'
    location: location
    tags: tags
    publicUrl: url
    audience: audience
    tenantAsked: sampleTenant
    resourceAsked: sampleResource
  }
}

module registrations 'app/entra.bicep' = if (createRegistrations) {
  name: 'registrations'
  scope: group
  params: {
    environmentName: environmentName
    publicUrl: url
    audience: audience
    identityPrincipalId: identity.outputs.principalId
    isPartnerFederated: partnerCredential == 'federated'
    consoleEnabled: consoleEnabled
    callerIds: concat(callers, sampleCallerEnabled ? [sampleCaller!.outputs.principalId] : [])
    operatorId: operatorId
    consenterIds: consenters
    assignmentRequired: partnerAssignmentRequired
    partnerPermissions: partnerPermissions
  }
}

module settings 'app/settings.bicep' = {
  name: 'settings'
  scope: group
  params: {
    appName: broker.outputs.name
    publicUrl: url
    identityClientId: identity.outputs.clientId
    storageBlobEndpoint: hostStorage.outputs.blobEndpoint
    storageTableEndpoint: hostStorage.outputs.tableEndpoint
    applicationInsightsConnectionString: monitoring.outputs.connectionString
    tokenVaultUrl: tokenVault.outputs.url
    policyVaultUrl: policyVault.outputs.url
    partnerName: partnerName
    partnerClientId: createRegistrations ? registrations!.outputs.partnerClientId : partnerClientId
    managementClientId: managementClientId
    managementCredentialName: empty(managementClientId) ? '' : managementCredentialName
    brokerClientId: createRegistrations ? registrations!.outputs.brokerClientId : brokerClientId
    brokerAudience: audience
    exchangeThreads: httpConcurrency
    refreshSchedule: refreshSchedule
    checkSchedule: checkSchedule
    consentNewCustomers: consentNewCustomers
    consentTenants: consentTenants
    consoleEnabled: consoleEnabled
    partnerCredential: partnerCredential
    partnerCredentialName: partnerCredentialName
  }
}

module operations 'app/operations.bicep' = {
  name: 'operations'
  scope: group
  params: {
    environmentName: environmentName
    location: location
    tags: tags
    names: {
      actionGroup: '${abbreviations.actionGroup}${token}'
      systemTopic: '${abbreviations.systemTopic}${token}'
      webTest: '${abbreviations.webTest}${token}'
    }
    workspaceId: monitoring.outputs.workspaceId
    applicationInsightsId: monitoring.outputs.applicationInsightsId
    tokenVaultId: tokenVault.outputs.id
    publicUrl: url
    alertEmail: alertEmail
    testLocations: testLocations
    testFrequencySeconds: testFrequencySeconds
  }
}

output AZURE_RESOURCE_GROUP string = group.name
output BROKER_URL string = url
output BROKER_APP_NAME string = broker.outputs.name
output BROKER_AUDIENCE string = audience
output BROKER_CLIENT_ID string = createRegistrations ? registrations!.outputs.brokerClientId : brokerClientId
output PARTNER_CLIENT_ID string = createRegistrations ? registrations!.outputs.partnerClientId : partnerClientId
output BROKER_IDENTITY_ID string = identity.outputs.principalId
output TOKEN_VAULT_NAME string = tokenVault.outputs.name
output POLICY_VAULT_NAME string = policyVault.outputs.name
