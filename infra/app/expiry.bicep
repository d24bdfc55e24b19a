metadata description = 'Key Vault\'s own warning, 30 days ahead, straight to the action group: it needs no code of the broker and comes when the timer has stopped.'

param topicName string
param location string
param tags object
param vaultId string
param actionGroupId string

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: topicName
  location: location
  tags: tags
  properties: {
    source: vaultId
    topicType: 'Microsoft.KeyVault.vaults'
  }
}

resource nearExpiry 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'near-expiry'
  properties: {
    // The only schema that an alert takes.
    eventDeliverySchema: 'CloudEventSchemaV1_0'
    filter: {
      includedEventTypes: [
        'Microsoft.KeyVault.SecretNearExpiry'
        'Microsoft.KeyVault.SecretExpired'
        'Microsoft.KeyVault.CertificateNearExpiry'
        'Microsoft.KeyVault.CertificateExpired'
      ]
    }
    destination: {
      endpointType: 'MonitorAlert'
      properties: {
        severity: 'Sev1'
        description: 'A secret or certificate of the broker\'s token vault is near its end or past it. What happened, who notices and what to do: docs/troubleshooting.md#near-expiry'
        actionGroups: [
          actionGroupId
        ]
      }
    }
  }
}
