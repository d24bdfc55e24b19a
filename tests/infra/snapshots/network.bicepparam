using '../../../infra/main.bicep'

param environmentName = 'network'
param location = 'swedencentral'
param vnetEnabled = true
param policyEditorAddresses = '203.0.113.0/24, 198.51.100.7/32'
