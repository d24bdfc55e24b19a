metadata description = 'The health route, asked from outside; two places that fail at once raise an alert.'

param name string
param location string
param tags object
param publicUrl string
param applicationInsightsId string
param actionGroupId string

@description('Ids of the test locations.')
param testLocations array

@description('Seconds between two tests from one location.')
@allowed([300, 600, 900])
param frequencySeconds int

resource test 'Microsoft.Insights/webtests@2022-06-15' = {
  name: name
  location: location
  tags: union(tags, { 'hidden-link:${applicationInsightsId}': 'Resource' })
  kind: 'standard'
  properties: {
    SyntheticMonitorId: name
    Name: name
    Kind: 'standard'
    Enabled: true
    Frequency: frequencySeconds
    Timeout: 30
    RetryEnabled: true
    Locations: [for place in testLocations: {
      Id: place
    }]
    Request: {
      RequestUrl: '${publicUrl}/api/health'
      HttpVerb: 'GET'
      FollowRedirects: false
      ParseDependentRequests: false
    }
    ValidationRules: {
      ExpectedHttpStatusCode: 200
      SSLCheck: true
      SSLCertRemainingLifetimeCheck: 7
    }
  }
}

resource alert 'Microsoft.Insights/metricAlerts@2026-01-01' = {
  name: '${name}-down'
  location: 'global'
  tags: tags
  properties: {
    description: 'The broker does not answer, or says that it can issue no tokens. What happened, who notices and what to do: docs/troubleshooting.md#down'
    severity: 1
    enabled: true
    scopes: [
      test.id
      applicationInsightsId
    ]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT30M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria'
      webTestId: test.id
      componentId: applicationInsightsId
      failedLocationCount: 2
    }
    actions: [
      {
        actionGroupId: actionGroupId
      }
    ]
  }
}
