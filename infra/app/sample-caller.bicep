metadata description = 'A caller to start from: a Logic App that asks the broker for a token with its managed identity, its inputs and outputs kept out of the run history.'

param name string
param location string
param tags object
param publicUrl string

@description('Identifier URI of the broker\'s API. Without it Logic Apps sends a token for Azure Resource Manager, which the broker refuses.')
param audience string

@description('The customer and the API the token is for, as the access policy names them.')
param tenantAsked string
param resourceAsked string

resource caller 'Microsoft.Logic/workflows@2019-05-01' = {
  name: name
  location: location
  tags: tags
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    // Until a permission of the access policy names it, it would only be refused.
    state: 'Disabled'
    definition: {
      '$schema': 'https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#'
      contentVersion: '1.0.0.0'
      triggers: {
        Daily: {
          type: 'Recurrence'
          recurrence: {
            frequency: 'Day'
            interval: 1
          }
        }
      }
      actions: {
        Get_token: {
          type: 'Http'
          runAfter: {}
          inputs: {
            method: 'POST'
            uri: '${publicUrl}/api/token'
            body: {
              tenant: tenantAsked
              resource: resourceAsked
            }
            authentication: {
              type: 'ManagedServiceIdentity'
              audience: audience
            }
            retryPolicy: {
              type: 'exponential'
              count: 4
              interval: 'PT10S'
            }
          }
          runtimeConfiguration: {
            secureData: {
              properties: [
                'inputs'
                'outputs'
              ]
            }
          }
        }
        Use_token: {
          type: 'Http'
          runAfter: {
            Get_token: [
              'Succeeded'
            ]
          }
          inputs: {
            method: 'GET'
            uri: '@{body(\'Get_token\')?[\'resource\']}/v1.0/organization'
            authentication: {
              type: 'Raw'
              value: 'Bearer @{body(\'Get_token\')?[\'access_token\']}'
            }
          }
          runtimeConfiguration: {
            secureData: {
              properties: [
                'inputs'
                'outputs'
              ]
            }
          }
        }
      }
      outputs: {}
    }
  }
}

output principalId string = caller.identity.principalId
