metadata description = 'Alerts that are raised by what the log says; each query returns the rows that somebody should look at.'

param location string
param tags object
param namePrefix string
param workspaceId string
param actionGroupId string

var alerts = [
  {
    name: 'consent-at-risk'
    title: 'A consent is near its end, lost or damaged'
    severity: 1
    frequency: 'PT30M'
    window: 'PT2H'
    query: loadTextContent('queries/consent-at-risk.kql')
  }
  {
    name: 'proof-missing'
    title: 'A consent has not worked for two days'
    severity: 1
    frequency: 'PT1H'
    window: 'P2D'
    query: loadTextContent('queries/proof-missing.kql')
  }
  {
    name: 'timer-silent'
    title: 'The timer has not finished a run for six hours'
    severity: 1
    frequency: 'PT1H'
    window: 'PT6H'
    query: loadTextContent('queries/timer-silent.kql')
  }
  {
    name: 'customers-failing'
    title: 'Customers do not work any more'
    severity: 2
    frequency: 'PT30M'
    window: 'PT1H'
    query: loadTextContent('queries/customers-failing.kql')
  }
  {
    name: 'customers-ending'
    title: 'Customers are about to fail: a delegation ends, or the person lacks roles or MFA'
    severity: 2
    frequency: 'PT30M'
    window: 'PT1H'
    query: loadTextContent('queries/customers-ending.kql')
  }
  {
    name: 'check-silent'
    title: 'The check of customers has not finished a run for 26 hours'
    severity: 2
    frequency: 'PT1H'
    window: 'P2D'
    query: loadTextContent('queries/check-silent.kql')
  }
  {
    name: 'denied-burst'
    title: 'A caller is refused again and again'
    severity: 2
    frequency: 'PT15M'
    window: 'PT15M'
    query: loadTextContent('queries/denied-burst.kql')
  }
  {
    name: 'server-errors'
    title: 'The broker answers with server errors'
    severity: 2
    frequency: 'PT15M'
    window: 'PT15M'
    query: loadTextContent('queries/server-errors.kql')
  }
  {
    name: 'credential-near-end'
    title: 'The partner application\'s certificate or secret is near its end'
    severity: 1
    frequency: 'PT6H'
    window: 'P1D'
    query: loadTextContent('queries/credential-near-end.kql')
  }
  {
    name: 'misconfigured'
    title: 'The broker is configured wrongly'
    severity: 1
    frequency: 'PT30M'
    window: 'PT1H'
    query: loadTextContent('queries/misconfigured.kql')
  }
]

resource rules 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [for alert in alerts: {
  name: '${namePrefix}${alert.name}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: alert.title
    // The name is the place's anchor: tests hold the page to it.
    description: 'What happened, who notices and what to do: docs/troubleshooting.md#${alert.name}'
    severity: alert.severity
    enabled: true
    // On the first deployment the tables are not there yet.
    skipQueryValidation: true
    scopes: [
      workspaceId
    ]
    evaluationFrequency: alert.frequency
    windowSize: alert.window
    criteria: {
      allOf: [
        {
          query: alert.query
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    autoMitigate: true
    actions: {
      actionGroups: [
        actionGroupId
      ]
    }
  }
}]
