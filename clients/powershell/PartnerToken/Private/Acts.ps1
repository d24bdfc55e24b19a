# What to do about an error: the broker's acts (docs/errors.md) in the words of who sits at a PowerShell prompt.

# {name} is a parameter of the act, and <name> where the broker did not tell it; what stands in [] is left out then.
$script:ActSentences = @{
    # Who asks.
    'sign_in'                  = '[Check that -Audience (or BROKER_AUDIENCE) is {audience}. ]People sign in anew, to the partner''s own tenant: Connect-AzAccount -Tenant <partner tenant>, or az login --tenant <partner tenant>. If that is done, check the clock of this machine.'
    'identity.change'          = 'Get-PartnerToken and Connect-Partner are for workloads: run them with a managed identity, a pipeline''s identity or a service principal. The other commands take people who signed in with Connect-AzAccount or az login, and workloads with the role.'
    'role.assign'              = 'Have the app role {role} of the broker''s enterprise application assigned to {caller}. Then sign in anew (Connect-AzAccount, or az logout and az login): a token from before does not have it. A managed identity''s token may lag by up to 24 hours.'
    'policy.add'               = 'Add a permission to a policy document (docs/policy.md): caller {caller}, consent {consent}, tenant {tenant}, resource {resource}.'
    'policy.correct'           = 'Correct the policy document that is named (docs/policy.md; partner-broker policy lint says what is wrong).'
    'tenant.list'              = 'Get-PartnerTenant lists the tenants that you may ask for, with their names; an id always works.'
    'administrator.ask'        = 'Ask the broker''s administrator to allow it.'
    # The request.
    'request.correct'          = 'Correct the parameter that is named.'
    'secret.revoke'            = 'Revoke the secret that was sent, and send the new one as the help of the command says.'
    'retry'                    = 'Try again in a minute.'
    'broker.report'            = 'Give the correlation id to the broker''s administrator.'
    # A consent.
    'consent.link'             = 'A person has to consent anew: New-PartnerConsentLink -Consent {consent}, and send the address to that person.'
    'consent.restore'          = 'Restore-PartnerConsent -Consent {consent} takes the withdrawal back; or a person consents anew: New-PartnerConsentLink -Consent {consent}.'
    'consent.show'             = 'Look at it (Get-PartnerConsent -Consent {consent}), then decide anew.'
    'consent.list'             = 'Get-PartnerConsent lists those there are.'
    'consent.device'           = 'Make a link instead: New-PartnerConsentLink -Consent {consent}.'
    # A person who follows a link, or whose refresh token is imported.
    'link.ask'                 = 'Make a new link: New-PartnerConsentLink.'
    'link.ask_new_person'      = 'If somebody else should take the consent over, say -NewPerson.'
    'link.open'                = 'Open the link again and sign in as it says.'
    'nothing'                  = 'Nothing is to be done.'
    'person.mfa'               = 'That person sets up multi-factor authentication, then signs in through a link: New-PartnerConsentLink.'
    'person.account'           = 'An administrator of that person''s own tenant looks at the account and its sign-in log and puts it right.'
    'person.assign'            = 'An administrator of that person''s own tenant assigns the person to the enterprise application of the partner application.'
    'person.rights'            = 'The person who consented needs to be an admin agent of the partner, and in the customer''s tenant by GDAP Application or Cloud Application Administrator.'
    'person.groups'            = 'An administrator makes that person''s refresh token smaller (fewer groups or claims), then the person consents anew.'
    'home.policy'              = 'An administrator of that person''s own tenant lets the Conditional Access policy admit the partner application from where the broker runs. Then: New-PartnerConsentLink.'
    'home.consent'             = 'An administrator of that person''s own tenant grants admin consent to the partner application. Nobody has to consent anew.'
    'home.sign_in_log'         = 'An administrator of that person''s own tenant looks at the partner application''s entries in the sign-in log.'
    # A customer's tenant.
    'customer.list'            = 'Get-PartnerBrokerCustomer lists those there are.'
    'customer.consent'         = 'Make the application''s consent there: Grant-PartnerCustomerConsent -Tenant {tenant} -WhatIf shows what it would do, without -WhatIf it does it.'
    'customer.enable'          = 'An administrator of the tenant {tenant} enables the partner application there (Entra ID, enterprise applications).'
    'customer.policy'          = 'An administrator of the tenant {tenant} excludes service provider users from that Conditional Access policy, or trusts the partner''s MFA in the cross-tenant access settings.'
    'customer.relationship'    = 'Check that a GDAP relationship with {tenant} is active, and that the person who consented is in a security group that holds roles of it.'
    'customer.licence'         = 'The tenant {tenant} needs a subscription or licence of {resource}, and somebody who has used it once.'
    'customer.sign_in_log'     = 'Look at the partner application''s entries in the sign-in log of {tenant}; then check its consent there, GDAP and Conditional Access.'
    'customer.plan'            = 'Grant-PartnerCustomerConsent -Tenant {tenant} -Replace -WhatIf shows what a replacement would lose, and a Plan; with -Replace -Plan it does that.'
    'customer.include'         = 'Nothing, if that is meant; otherwise Remove-PartnerCustomerExclusion -Tenant {tenant} lets the customer in again.'
    'customer.return'          = 'Nothing, if that is meant; if the customer comes back, Undo-PartnerCustomerOffboarding -Tenant {tenant}, then Grant-PartnerCustomerConsent -Tenant {tenant}.'
    'tenant.check'             = 'Check the tenant id {tenant}. Get-PartnerBrokerCustomer lists the customers.'
    'resource.check'           = 'Check the spelling of -Resource or -Scope, and that the tenant {tenant} has the service.'
    # The broker's own place.
    'application.credential'   = 'The broker''s administrator puts the secret {secret} into the token vault, or enables it. No consent is lost.'
    'application.registration' = 'The broker''s administrator checks the partner application''s registration and credential; docs/operate.md renews an expired one. No consent is lost.'
    'application.sign_in_log'  = 'The broker''s administrator looks the AADSTS number up (https://login.microsoftonline.com/error), and the sign-in log. No consent is lost.'
    'setting.correct'          = 'The broker''s administrator corrects the setting {setting} (docs/settings.md).'
    'grants.correct'           = 'The broker''s administrator corrects the secret {secret} in the policy vault (docs/customers.md).'
    'grants.check'             = 'Look whether the tenant {tenant} has the service, and whether the secret {secret} in the policy vault spells the scopes as the API does.'
    'grants.assign'            = 'The broker''s administrator lists the tenant {tenant} in a grant set of the policy vault, or writes one for everybody else (docs/customers.md).'
    'management.set_up'        = 'The broker''s administrator sets the management application up (docs/customers.md).'
    'broker.upgrade'           = 'The broker''s administrator upgrades the broker to the version that was rolled back.'
    'network.look'             = 'Try again. If it lasts, the broker''s administrator looks for what stands between the broker and Entra ID.'
    'vault.role'               = 'The broker''s administrator checks the role assignments of the broker''s identity on the vault (docs/settings.md).'
    'vault.network'            = 'The broker''s administrator lets the broker in at the vault''s Networking; no role is missing.'
    'vault.load'               = 'Try again in a minute. If it lasts, the broker''s administrator sees who else uses the vault.'
    'secret.recover'           = 'Recover it: az keyvault secret recover --vault-name <vault> --name {secret}.'
    'secret.enable'            = 'Enable or restore the secret {secret} in Key Vault, or make a link: New-PartnerConsentLink.'
}
# What a person may paste: nothing that a shell would take apart.
$script:PlainParameter = '^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,199}$'

# The sentence for an act of the broker's; nothing where there is none, or this module does not know it. What is `Known`
# to be right already is not told; what was `Asked` for stands where the broker does not tell.
function Get-Recommendation {
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()] $Act, [hashtable] $Known = @{}, [hashtable] $Asked = @{})
    $name = Get-Field -Object $Act -Name 'name'
    if ($name -isnot [string] -or -not $script:ActSentences.ContainsKey($name)) { return '' }
    $told = Get-Field -Object $Act -Name 'parameters'
    $sentence = $script:ActSentences[$name]
    foreach ($match in [regex]::Matches($sentence, '\{(\w+)\}')) {
        $parameter = $match.Groups[1].Value
        $value = Get-Field -Object $told -Name $parameter
        if ($null -eq $value) { $value = $Asked[$parameter] }
        $isPlain = $value -is [string] -and $value -match $script:PlainParameter
        if ($isPlain -and $value -ne $Known[$parameter]) { $sentence = $sentence.Replace($match.Value, $value) }
    }
    $sentence -replace '\[[^\]]*\{\w+\}[^\]]*\]' -replace '[\[\]]' -replace '\{(\w+)\}', '<$1>'
}
