metadata description = 'One Key Vault: access by roles alone, nothing ever purged before its time, every access on record.'

param name string
param location string
param tags object

@description('Where its audit log goes.')
param workspaceId string

@description('Reached through a private endpoint, and from the allowed addresses.')
param isPrivate bool

@description('Address ranges (CIDR) that reach a private vault from outside the network.')
param allowedAddresses array = []

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
    enabledForDeployment: false
    enabledForDiskEncryption: false
    enabledForTemplateDeployment: false
    publicNetworkAccess: isPrivate && empty(allowedAddresses) ? 'Disabled' : 'Enabled'
    networkAcls: {
      // Flex Consumption has no fixed outbound address, so without a network of its own the roles alone decide.
      defaultAction: isPrivate ? 'Deny' : 'Allow'
      bypass: 'None'
      ipRules: [for address in allowedAddresses: {
        value: address
      }]
    }
  }
}

// The only version of this type with category groups is a preview that has been in general use since 2021.
resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'audit'
        enabled: true
      }
    ]
  }
}

output id string = vault.id
output name string = vault.name
output url string = vault.properties.vaultUri
