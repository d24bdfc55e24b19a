metadata description = 'Who may do what, all in one place: the broker\'s own identity on five resources, policy editors on one.'

@description('The environment; role names are unique in a tenant, so it is part of the custom role\'s.')
param environmentName string

@description('Object id of the broker\'s identity.')
param principalId string

param tokenVaultName string
param policyVaultName string
param hostStorageName string
param packageStorageName string
param applicationInsightsName string

@description('Object ids of those who write policy documents: people, groups or workloads.')
param policyEditorIds array

var roles = loadJsonContent('roles.json')

resource tokenVault 'Microsoft.KeyVault/vaults@2026-02-01' existing = {
  name: tokenVaultName
}

resource policyVault 'Microsoft.KeyVault/vaults@2026-02-01' existing = {
  name: policyVaultName
}

resource hostStorage 'Microsoft.Storage/storageAccounts@2026-04-01' existing = {
  name: hostStorageName
}

resource packageStorage 'Microsoft.Storage/storageAccounts@2026-04-01' existing = {
  name: packageStorageName
}

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

// No built-in role reads and writes secrets without also deleting, purging and backing them up.
resource tokenKeeper 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'token-keeper')
  properties: {
    roleName: 'Consent broker token keeper (${environmentName})'
    description: 'Reads, writes, lists and re-labels secrets; never deletes, recovers, purges or backs up.'
    type: 'CustomRole'
    assignableScopes: [
      resourceGroup().id
    ]
    permissions: [
      {
        actions: []
        notActions: []
        dataActions: [
          'Microsoft.KeyVault/vaults/secrets/getSecret/action'
          'Microsoft.KeyVault/vaults/secrets/setSecret/action'
          'Microsoft.KeyVault/vaults/secrets/readMetadata/action'
          'Microsoft.KeyVault/vaults/secrets/update/action'
        ]
        notDataActions: []
      }
    ]
  }
}

resource brokerKeepsTokens 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(tokenVault.id, principalId, 'token-keeper')
  scope: tokenVault
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: tokenKeeper.id
  }
}

resource brokerReadsPolicy 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(policyVault.id, principalId, 'Key Vault Secrets User')
  scope: policyVault
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles['Key Vault Secrets User'])
  }
}

resource editorsWritePolicy 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for editorId in policyEditorIds: {
  name: guid(policyVault.id, editorId, 'Key Vault Secrets Officer')
  scope: policyVault
  properties: {
    principalId: editorId
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles['Key Vault Secrets Officer'])
  }
}]

// The Functions host asks for this role on its own account; no other blobs lie there.
resource hostUsesStorage 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(hostStorage.id, principalId, 'Storage Blob Data Owner')
  scope: hostStorage
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles['Storage Blob Data Owner'])
  }
}

// On the host's account: nothing there is run as code.
resource brokerKeepsResults 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(hostStorage.id, principalId, 'Storage Table Data Contributor')
  scope: hostStorage
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles['Storage Table Data Contributor'])
  }
}

// A deployment writes the package as the app's own identity: the role that Azure CLI gives it, on the account of the package.
resource deploymentWritesPackage 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(packageStorage.id, principalId, 'Storage Blob Data Contributor')
  scope: packageStorage
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles['Storage Blob Data Contributor'])
  }
}

resource hostSendsTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(applicationInsights.id, principalId, 'Monitoring Metrics Publisher')
  scope: applicationInsights
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles['Monitoring Metrics Publisher'])
  }
}
