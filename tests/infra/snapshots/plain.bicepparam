using '../../../infra/main.bicep'

param environmentName = 'plain'
param location = 'swedencentral'
