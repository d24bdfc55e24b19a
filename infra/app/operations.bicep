metadata description = 'What tells people how the broker fares: action group, alerts, expiry warnings, availability, workbook.'

param environmentName string
param location string
param tags object
param names object
param workspaceId string
param applicationInsightsId string
param tokenVaultId string
param publicUrl string
param alertEmail string
param testLocations array
param testFrequencySeconds int

module actionGroup 'action-group.bicep' = {
  name: 'action-group'
  params: {
    name: names.actionGroup
    tags: tags
    email: alertEmail
  }
}

module alerts 'alerts.bicep' = {
  name: 'alerts'
  params: {
    namePrefix: '${environmentName}-'
    location: location
    tags: tags
    workspaceId: workspaceId
    actionGroupId: actionGroup.outputs.id
  }
}

module expiry 'expiry.bicep' = {
  name: 'expiry'
  params: {
    topicName: names.systemTopic
    location: location
    tags: tags
    vaultId: tokenVaultId
    actionGroupId: actionGroup.outputs.id
  }
}

module availability 'availability.bicep' = {
  name: 'availability'
  params: {
    name: names.webTest
    location: location
    tags: tags
    publicUrl: publicUrl
    applicationInsightsId: applicationInsightsId
    actionGroupId: actionGroup.outputs.id
    testLocations: testLocations
    frequencySeconds: testFrequencySeconds
  }
}

module workbook 'workbook.bicep' = {
  name: 'workbook'
  params: {
    displayName: 'Consent broker (${environmentName})'
    location: location
    tags: tags
    workspaceId: workspaceId
  }
}
