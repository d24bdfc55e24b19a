metadata description = 'An optional network: the app inside it, its vaults and storage reached by private endpoints, one fixed address outwards.'

param names object
param location string
param tags object

@description('What is reached by private endpoints.')
param vaultIds array
param storageIds array

@description('The storage account whose tables are reached, too.')
param tableStorageId string

var vaultZone = 'privatelink.vaultcore.azure.net'
var blobZone = 'privatelink.blob.${environment().suffixes.storage}'
var tableZone = 'privatelink.table.${environment().suffixes.storage}'
var zoneNames = [vaultZone, blobZone, tableZone]

resource outwards 'Microsoft.Network/publicIPAddresses@2025-09-01' = {
  name: names.publicAddress
  location: location
  tags: tags
  sku: {
    name: 'Standard'
  }
  properties: {
    publicIPAllocationMethod: 'Static'
  }
}

// Entra ID and Partner Center are outside; new subnets have no way out of their own.
resource gateway 'Microsoft.Network/natGateways@2025-09-01' = {
  name: names.natGateway
  location: location
  tags: tags
  sku: {
    name: 'Standard'
  }
  properties: {
    // The least there is, and the default. The broker uses no connection that was idle for two minutes.
    idleTimeoutInMinutes: 4
    publicIpAddresses: [
      {
        id: outwards.id
      }
    ]
  }
}

resource network 'Microsoft.Network/virtualNetworks@2025-09-01' = {
  name: names.network
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [
        '10.83.0.0/24'
      ]
    }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: '10.83.0.0/26'
          natGateway: {
            id: gateway.id
          }
          delegations: [
            {
              name: 'functions'
              properties: {
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: '10.83.0.64/27'
          privateEndpointNetworkPolicies: 'Disabled'
        }
      }
    ]
  }

  resource app 'subnets' existing = {
    name: 'app'
  }

  resource endpoints 'subnets' existing = {
    name: 'endpoints'
  }
}

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [for zone in zoneNames: {
  name: zone
  location: 'global'
  tags: tags
}]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [for (zone, index) in zoneNames: {
  parent: zones[index]
  name: names.network
  location: 'global'
  tags: tags
  properties: {
    registrationEnabled: false
    virtualNetwork: {
      id: network.id
    }
  }
}]

module vaults 'private-endpoint.bicep' = [for (vaultId, index) in vaultIds: {
  name: 'vault-endpoint-${index}'
  params: {
    name: '${names.endpoint}-vault-${index}'
    location: location
    tags: tags
    subnetId: network::endpoints.id
    zoneId: zones[0].id
    targetId: vaultId
    groupId: 'vault'
  }
}]

module storage 'private-endpoint.bicep' = [for (storageId, index) in storageIds: {
  name: 'storage-endpoint-${index}'
  params: {
    name: '${names.endpoint}-blob-${index}'
    location: location
    tags: tags
    subnetId: network::endpoints.id
    zoneId: zones[1].id
    targetId: storageId
    groupId: 'blob'
  }
}]

module tables 'private-endpoint.bicep' = {
  name: 'table-endpoint'
  params: {
    name: '${names.endpoint}-table'
    location: location
    tags: tags
    subnetId: network::endpoints.id
    zoneId: zones[2].id
    targetId: tableStorageId
    groupId: 'table'
  }
}

output appSubnetId string = network::app.id
