using '../../../infra/main.bicep'

param environmentName = 'alerts'
param location = 'swedencentral'
param consoleEnabled = true
param publicUrl = 'https://broker.partner.example'
param alertEmail = 'operations@partner.example'
param operatorId = '00000000-0000-0000-0000-0000000000a1'
param callerIds = '00000000-0000-0000-0000-0000000000c1, 00000000-0000-0000-0000-0000000000c2'
param policyEditorIds = '00000000-0000-0000-0000-0000000000a2,'
param consentTenants = '00000000-0000-0000-0000-0000000000e1'
param consenterIds = '00000000-0000-0000-0000-0000000000f1,00000000-0000-0000-0000-0000000000f2'
param partnerAssignmentRequired = true
param alwaysReadyInstances = 2
