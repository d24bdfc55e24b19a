using '../../../infra/main.bicep'

param environmentName = 'without-registrations'
param location = 'swedencentral'
param createRegistrations = false
param partnerClientId = '00000000-0000-0000-0000-0000000000b1'
param brokerClientId = '00000000-0000-0000-0000-0000000000b2'
param brokerAudience = 'api://00000000-0000-0000-0000-0000000000b2'
param partnerCredential = 'secret'
param partnerCredentialName = 'partner-secret'
