"""The broker's acts in the words of a command line: what its reader types, or asks whom for."""

from collections.abc import Mapping

WORDS: Mapping[str, str] = {
    "sign_in": "Sign in as an identity of the partner's own tenant, with az login or --identity; "
    "the audience (BROKER_AUDIENCE) is {audience}.",
    "identity.change": "Ask with another identity: partner-token is for workloads, partner-broker for operators, who "
    "sign in with az login.",
    "role.assign": "Ask for the app role {role} on the broker's enterprise application, for the object id {caller}; a "
    "managed identity's token may lag by up to 24 hours.",
    "policy.add": "Add a permission to a policy document: caller {caller}, consent {consent}, tenant {tenant}, "
    "resource {resource}; then partner-broker policy put FILE.",
    "tenant.list": "partner-token tenants shows those you may ask for, with their names; an id always works.",
    "administrator.ask": "Ask the broker's administrator.",
    "request.correct": "Correct what was asked, as said; --help of the command shows how.",
    "secret.revoke": "Revoke that secret, and send the new one from a file, standard input or the environment.",
    "retry": "Try again in a moment.",
    "broker.report": "Give the correlation id to the broker's administrator.",
    "consent.link": "partner-broker link {consent}, and send the address to the person who consents.",
    "consent.restore": "partner-broker restore {consent} takes the withdrawal back; or partner-broker link {consent}, "
    "and a person consents anew.",
    "consent.show": "Look at it with partner-broker show {consent}, then decide anew.",
    "consent.list": "partner-broker list shows those there are; partner-broker link begins a new one.",
    "consent.device": "Begin a new one with partner-broker device {consent}, or better partner-broker link {consent}.",
    "link.ask": "Make a new link with partner-broker link.",
    "link.ask_new_person": "partner-broker link --new-person lets somebody else take the consent over.",
    "link.open": "The person opens the link again and signs in as it says.",
    "nothing": "Nothing is to be done.",
    "person.mfa": "The person sets up multi-factor authentication, then opens the link again.",
    "person.account": "An administrator of the person's own tenant puts that account right. If the consent does not "
    "work then: partner-broker link {consent}.",
    "person.assign": "An administrator of the person's own tenant assigns the person to the partner application.",
    "person.rights": "The person needs to be an admin agent of the partner, and in the customer's tenant to hold "
    "Application or Cloud Application Administrator by GDAP.",
    "person.groups": "The broker's administrator looks why the refresh token is so large (groups or claims in it).",
    "home.policy": "An administrator of the person's own tenant finds the Conditional Access policy in its sign-in "
    "log and lets it admit the partner application; then partner-broker link {consent}.",
    "home.consent": "An administrator of the person's own tenant grants the partner application admin consent.",
    "home.sign_in_log": "An administrator of the person's own tenant looks at its sign-in log and the partner "
    "application's consent.",
    "customer.list": "partner-broker customers list shows those there are.",
    "customer.consent": "partner-broker customers consent {tenant} --apply; or an administrator of that tenant "
    "consents to the partner application.",
    "customer.enable": "An administrator of tenant {tenant} enables the partner application there.",
    "customer.policy": "The customer's administrator lets service provider users pass that Conditional Access policy "
    "in tenant {tenant}, or its cross-tenant access settings trust the partner's MFA.",
    "customer.relationship": "Check that a GDAP relationship with tenant {tenant} is active, and that the person is in "
    "a security group that holds roles of it.",
    "customer.licence": "Tenant {tenant} needs a subscription or licence of the service, used once by somebody.",
    "customer.sign_in_log": "Look at the partner application's entries in the sign-in log of tenant {tenant}; then at "
    "its consent, the GDAP relationship and Conditional Access there.",
    "customer.plan": "partner-broker customers consent {tenant} --replace shows what would be lost; with --apply and "
    "--plan, it is done as shown.",
    "customer.include": "Nothing, if that is meant; partner-broker customers include {tenant} lets it in again.",
    "customer.return": "Nothing, if that is meant; if the customer comes back, partner-broker customers offboard "
    "{tenant} --undo, then partner-broker customers consent {tenant} --apply.",
    "tenant.check": "Check the tenant id {tenant}, and the broker's AZURE_CLOUD if it is in a national cloud.",
    "resource.check": "Check the resource's spelling, and that tenant {tenant} has the service.",
    "application.credential": "The broker's administrator puts {secret} into the token vault, or enables it.",
    "application.registration": "The broker's administrator checks the partner application's registration and "
    "credential; partner-broker doctor shows what can be seen of them.",
    "application.sign_in_log": "The broker's administrator looks the AADSTS number up "
    "(https://login.microsoftonline.com/error), and the sign-in log.",
    "setting.correct": "The broker's administrator corrects the setting {setting}.",
    "grants.correct": "The broker's administrator corrects the secret {secret} in the policy vault.",
    "grants.check": "Look whether tenant {tenant} has the service, and whether the secret {secret} in the policy vault "
    "spells the scopes as the API does.",
    "grants.assign": "The broker's administrator lists the tenant {tenant} in a grant set of the policy vault, or "
    "writes one for everybody else.",
    "management.set_up": "The broker's administrator sets the management application up (docs/customers.md of the "
    "broker).",
    "broker.upgrade": "Upgrade the broker to the version that was rolled back.",
    "network.look": "Try again. If it lasts, the broker's administrator looks for what stands between the broker and "
    "Entra ID.",
    "policy.correct": "Correct that policy document; partner-broker policy lint FILE, then policy put.",
    "vault.role": "The broker's administrator checks the broker's role on the vault; a new one takes a while.",
    "vault.network": "The broker's administrator lets the broker in at the vault's network; no role is missing.",
    "vault.load": "Try again in a moment. If it lasts, see who else uses the vault.",
    "secret.recover": "az keyvault secret recover --vault-name <vault> --name {secret}",
    "secret.enable": "Enable or restore the secret {secret} in Key Vault, or consent anew.",
}


class _Known(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return f"<{name}>"


def words(act: str, parameters: Mapping[str, str], *, otherwise: str = "") -> str:
    """What to do, for the reader of a terminal; the broker's own words for an act that is newer than this client."""
    return WORDS[act].format_map(_Known(parameters)) if act in WORDS else otherwise
