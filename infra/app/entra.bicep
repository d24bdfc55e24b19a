metadata description = 'The two registrations in the partner\'s tenant, and who has which role on the broker; needs rights in Entra ID.'

extension microsoftGraphV1

@description('The environment, part of both registrations\' unique names.')
param environmentName string

@description('Where browsers reach the broker, without a slash at the end.')
param publicUrl string

@description('Identifier URI of the broker\'s API.')
param audience string

@description('Object id of the broker\'s identity: the federated credential of what it proves.')
param identityPrincipalId string

@description('The identity proves the partner application.')
param isPartnerFederated bool

@description('People sign in to the console, which the identity proves.')
param consoleEnabled bool

@description('Object ids of workloads that may ask for tokens.')
param callerIds array

@description('Object id of the first operator; empty for none.')
param operatorId string

@description('Object ids of people or groups that are assigned to the partner application in this tenant.')
param consenterIds array

@description('In this tenant the partner application is for those alone. In a customer\'s tenant, where GDAP brings people whom nobody can assign, this stays off.')
param assignmentRequired bool

@description('Delegated permissions of the partner application beside those of the sign-in: application id of the API -> ids of its permissions.')
param partnerPermissions object

var roles = loadJsonContent('app-roles.json')
var operatorRoles = ['Consent.Manage', 'Consent.Read', 'Customers.Manage', 'Customers.Read', 'Policy.Read']
var azureCli = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'
var azurePowerShell = '1950a258-227b-4e31-a9cf-717495945fc2'
var operateScopeId = guid(environmentName, 'Broker.Operate')
var signInPermissions = {
  // Microsoft Partner Center: user_impersonation
  'fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd': ['1cebfa2a-fb4d-419e-b5f9-839b4383e05a']
  // Microsoft Graph: openid, profile, offline_access; without the last there is no refresh token.
  '${graphId}': ['37f7f235-527c-4136-accd-4a02d197296e', '14dad69e-099b-42c9-810b-d002981feec1', '7427e0e9-2fba-42fe-b0c0-848c9e6a8182']
}
var graphId = '00000003-0000-0000-c000-000000000000'
// Microsoft Graph: openid, profile; the console asks for no more.
var consolePermissionIds = ['37f7f235-527c-4136-accd-4a02d197296e', '14dad69e-099b-42c9-810b-d002981feec1']
var issuer = '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
var tokenExchange = {
  AzureCloud: 'api://AzureADTokenExchange'
  AzureUSGovernment: 'api://AzureADTokenExchangeUSGov'
  AzureChinaCloud: 'api://AzureADTokenExchangeChina'
}

resource brokerApi 'Microsoft.Graph/applications@v1.0' = {
  uniqueName: 'consent-broker-api-${environmentName}'
  displayName: 'Consent broker API (${environmentName})'
  description: 'What workloads and operators ask tokens for when they call the Secure Application Model broker.'
  signInAudience: 'AzureADMyOrg'
  identifierUris: [
    audience
  ]
  web: {
    redirectUris: consoleEnabled ? [
      '${publicUrl}/api/console/redirect'
    ] : []
    implicitGrantSettings: {
      enableAccessTokenIssuance: false
      enableIdTokenIssuance: false
    }
  }
  requiredResourceAccess: [
    {
      resourceAppId: graphId
      resourceAccess: map(consolePermissionIds, permission => {
        id: permission
        type: 'Scope'
      })
    }
  ]
  api: {
    requestedAccessTokenVersion: 2
    oauth2PermissionScopes: [
      {
        id: operateScopeId
        value: 'Broker.Operate'
        type: 'Admin'
        isEnabled: true
        adminConsentDisplayName: 'Operate the consent broker'
        adminConsentDescription: 'Calls the operators\' routes as the signed-in person, within that person\'s app roles.'
      }
    ]
    preAuthorizedApplications: [
      {
        appId: azureCli
        delegatedPermissionIds: [
          operateScopeId
        ]
      }
      {
        appId: azurePowerShell
        delegatedPermissionIds: [
          operateScopeId
        ]
      }
    ]
  }
  optionalClaims: {
    accessToken: [
      {
        name: 'idtyp'
        essential: false
        additionalProperties: []
      }
    ]
  }
  appRoles: [for role in roles: {
    id: guid(environmentName, role.value)
    value: role.value
    displayName: role.value
    description: role.description
    allowedMemberTypes: role.allowedMemberTypes
    isEnabled: true
  }]
}

resource brokerPrincipal 'Microsoft.Graph/servicePrincipals@v1.0' = {
  appId: brokerApi.appId
  // Nobody without a role gets even a token for the broker; the broker checks the role all the same.
  appRoleAssignmentRequired: true
}

resource consoleIdentity 'Microsoft.Graph/applications/federatedIdentityCredentials@v1.0' = if (consoleEnabled) {
  name: '${brokerApi.uniqueName}/console-identity'
  description: 'The broker\'s managed identity proves the console, to which people sign in: there is no secret.'
  issuer: issuer
  subject: identityPrincipalId
  audiences: [
    tokenExchange[environment().name]
  ]
}

resource graph 'Microsoft.Graph/servicePrincipals@v1.0' existing = if (consoleEnabled) {
  appId: graphId
}

// Where assignment is required nobody may consent for themselves, not even to signing in.
resource consoleSignIn 'Microsoft.Graph/oauth2PermissionGrants@v1.0' = if (consoleEnabled) {
  clientId: brokerPrincipal.id
  consentType: 'AllPrincipals'
  resourceId: graph!.id
  scope: 'openid profile'
}

resource partnerApplication 'Microsoft.Graph/applications@v1.0' = {
  uniqueName: 'consent-broker-partner-${environmentName}'
  displayName: 'Partner automation (${environmentName})'
  description: 'The application that people of the partner consent to and that customers see.'
  signInAudience: 'AzureADMultipleOrgs'
  web: {
    redirectUris: [
      '${publicUrl}/api/consent/redirect'
    ]
    implicitGrantSettings: {
      enableAccessTokenIssuance: false
      enableIdTokenIssuance: false
    }
  }
  requiredResourceAccess: map(items(union(signInPermissions, partnerPermissions)), api => {
    resourceAppId: api.key
    resourceAccess: map(union(signInPermissions[?api.key] ?? [], partnerPermissions[?api.key] ?? []), permission => {
      id: permission
      type: 'Scope'
    })
  })
  // In customers' tenants nobody adds a credential to it.
  servicePrincipalLockConfiguration: {
    isEnabled: true
    allProperties: true
  }
}

resource partnerPrincipal 'Microsoft.Graph/servicePrincipals@v1.0' = {
  appId: partnerApplication.appId
  // With nobody assigned, every stored consent would be refused at once.
  appRoleAssignmentRequired: assignmentRequired && empty(consenterIds) ? fail('partnerAssignmentRequired needs consenterIds: first assign everybody who has consented.') : assignmentRequired
}

// The partner application has no app roles: the empty one is the assignment alone.
resource consenters 'Microsoft.Graph/appRoleAssignedTo@v1.0' = [for consenterId in consenterIds: {
  appRoleId: '00000000-0000-0000-0000-000000000000'
  principalId: consenterId
  resourceId: partnerPrincipal.id
}]

resource brokerIdentity 'Microsoft.Graph/applications/federatedIdentityCredentials@v1.0' = if (isPartnerFederated) {
  name: '${partnerApplication.uniqueName}/broker-identity'
  description: 'The broker\'s managed identity proves the application: there is no secret.'
  issuer: issuer
  subject: identityPrincipalId
  audiences: [
    tokenExchange[environment().name]
  ]
}

resource callers 'Microsoft.Graph/appRoleAssignedTo@v1.0' = [for callerId in callerIds: {
  appRoleId: guid(environmentName, 'Token.Issue')
  principalId: callerId
  resourceId: brokerPrincipal.id
}]

resource operator 'Microsoft.Graph/appRoleAssignedTo@v1.0' = [for role in (empty(operatorId) ? [] : operatorRoles): {
  appRoleId: guid(environmentName, role)
  principalId: operatorId
  resourceId: brokerPrincipal.id
}]

output brokerClientId string = brokerApi.appId
output partnerClientId string = partnerApplication.appId
output partnerPrincipalId string = partnerPrincipal.id
