"""Every setting, in the order of the documents; `make docs` writes docs/settings.md and the sample from here."""

from shared import setting_values as value
from shared.cloud import CLOUDS, PUBLIC
from shared.setting import Defaulted, Optional, Required, Setting
from shared.setting_limits import LIMITS
from shared.setting_places import PLACES

# Azure CLI and Azure PowerShell: the clients that operators sign in with.
OPERATOR_CLIENTS = "04b07795-8ddb-461a-bbee-02f9e1bf7b46,1950a258-227b-4e31-a9cf-717495945fc2"
NO_GUID = "00000000-0000-0000-0000-000000000000"

PUBLIC_URL = Required(
    "PUBLIC_URL",
    value.public_url,
    "the address of this app as browsers reach it, https (http for localhost alone), without a path; links and "
    "the redirect URI are made from it, never from a Host header",
    sample="http://localhost:8400",
)
PARTNER_TENANT_ID = Required(
    "PARTNER_TENANT_ID",
    value.guid,
    'the partner\'s own ("home") tenant',
    sample=NO_GUID,
)
PARTNER_NAME = Defaulted(
    "PARTNER_NAME",
    value.shown_name,
    "the partner's name as people know it; the pages of a consent say it, since no token tells it before the first",
    default="",
    sample="",
)
PARTNER_CLIENT_ID = Required(
    "PARTNER_CLIENT_ID",
    value.guid,
    "the multi-tenant partner application that people consent to",
    sample=NO_GUID,
)
PARTNER_CLIENT_SECRET_NAME = Optional(
    "PARTNER_CLIENT_SECRET_NAME",
    value.secret_name,
    "the *name* of the Key Vault secret (token vault) with the partner application's client secret; unset, the "
    "managed identity is its federated credential and there is no secret at all",
)
PARTNER_CERTIFICATE_NAME = Optional(
    "PARTNER_CERTIFICATE_NAME",
    value.secret_name,
    "the *name* of a Key Vault certificate (token vault) that proves the partner application instead; not "
    "together with `PARTNER_CLIENT_SECRET_NAME`",
)
MANAGEMENT_CLIENT_ID = Optional(
    "MANAGEMENT_CLIENT_ID",
    value.guid,
    "the multi-tenant management application, another one than the partner application: the broker itself reads and "
    "tops up grants with it, and no caller gets its tokens; unset, what needs it says so (docs/customers.md)",
)
MANAGEMENT_CLIENT_SECRET_NAME = Optional(
    "MANAGEMENT_CLIENT_SECRET_NAME",
    value.secret_name,
    "the *name* of the Key Vault secret (token vault) with the management application's client secret; unset, the "
    "managed identity is its federated credential",
)
MANAGEMENT_CERTIFICATE_NAME = Optional(
    "MANAGEMENT_CERTIFICATE_NAME",
    value.secret_name,
    "the *name* of a Key Vault certificate (token vault) that proves the management application instead",
)
BROKER_CLIENT_ID = Required(
    "BROKER_CLIENT_ID",
    value.guid,
    "the broker's API registration, which callers ask tokens for",
    sample=NO_GUID,
)
BROKER_AUDIENCES = Defaulted(
    "BROKER_AUDIENCES",
    value.list_of(value.audience),
    "identifier URIs of that registration, comma-separated; the client id itself is always one",
    default="",
    told="`api://<BROKER_CLIENT_ID>`",
    sample="",
)
OPERATOR_CLIENT_IDS = Defaulted(
    "OPERATOR_CLIENT_IDS",
    value.list_of(value.guid),
    "clients through which people may use the operators' routes, comma-separated",
    default=OPERATOR_CLIENTS,
    told="Azure CLI, Azure PowerShell",
)
AZURE_CLIENT_ID = Optional(
    "AZURE_CLIENT_ID",
    value.guid,
    "the client id of the app's user-assigned managed identity; unset, the system-assigned one (which cannot be a "
    "federated credential)",
)
AZURE_CLOUD = Defaulted(
    "AZURE_CLOUD",
    value.choice(CLOUDS),
    "which cloud: `AzureCloud`, `AzureUSGovernment` or `AzureChinaCloud`, by `az cloud list`'s names; decides "
    "authority host, issuers, short resource names and the defaults below",
    default=PUBLIC.name,
)
AZURE_AUTHORITY_HOST = Defaulted(
    "AZURE_AUTHORITY_HOST",
    value.https_origin,
    "where Entra ID is; the cloud's own by default, another for private clouds and the local stack",
    default=PUBLIC.authority_host,
    sample="",
)
# The Functions host resolves the schedule itself; unset, it would index no timer and say so only in its log.
REFRESH_SCHEDULE = Required(
    "REFRESH_SCHEDULE",
    value.schedule,
    "when the timer runs (NCRONTAB, six fields, UTC); `0 17 * * * *` is hourly",
    sample="0 17 * * * *",
)
CHECK_SCHEDULE = Required(
    "CHECK_SCHEDULE",
    value.schedule,
    "when customers are checked (NCRONTAB, six fields, UTC); `0 47 * * * *` is hourly, and each run does what is due",
    sample="0 47 * * * *",
)
CHECK_PROBE = Defaulted(
    "CHECK_PROBE",
    value.choice({"off": False, "on": True}),
    "`on` lets the check of customers read the organization's id with each token of Microsoft Graph, which tells a "
    "token without a role from one that works; the grant set then needs a scope for it, such as `Directory.Read.All`",
    default="off",
)
# Name: what changes customers' tenants begins with a person who wants it.
CONSENT_NEW_CUSTOMERS = Defaulted(
    "CONSENT_NEW_CUSTOMERS",
    value.choice({"name": False, "apply": True}),
    "`apply` lets the check of customers make the application's consent in the tenants of customers who came, as the "
    "grant set says; by default they are named alone",
    default="name",
)
CONSENT_SCOPE = Defaulted(
    "CONSENT_SCOPE",
    value.scope,
    "the scope people sign in with (the cloud's Partner Center by default) and the timer proves; Partner Center's "
    "tells whether MFA was used",
    default=PUBLIC.partner_center_scope,
    sample="",
)
CONSENT_TENANTS = Defaulted(
    "CONSENT_TENANTS",
    value.list_of(value.guid),
    "tenants beside the home tenant whose people may consent, comma-separated",
    default="",
)
CONSENT_UNKNOWN_MFA = Defaulted(
    "CONSENT_UNKNOWN_MFA",
    value.choice({"refuse": False, "accept": True}),
    "`accept` lets a sign-in pass whose tokens do not tell whether MFA was used",
    default="refuse",
)
# Off: a code can be phished; Microsoft advises to block it (learn: policy-block-authentication-flows).
CONSENT_DEVICE_CODE = Defaulted(
    "CONSENT_DEVICE_CODE",
    value.choice({"off": False, "on": True}),
    "`on` allows signing in with a device code, for places whose browsers do not reach the broker; off because "
    "such codes are phished and Microsoft advises tenants to block the flow",
    default="off",
)
CONSOLE = Defaulted(
    "CONSOLE",
    value.choice({"off": False, "on": True}),
    "`on` serves the console for operators at `/api/console`; the broker's registration then needs the "
    "redirect URI and the managed identity as a federated credential",
    default="off",
)
# Off: behind a gateway or front door the last element is that one's own address.
AUDIT_CLIENT_ADDRESS = Defaulted(
    "AUDIT_CLIENT_ADDRESS",
    value.choice({"off": False, "on": True}),
    "`on` writes the caller's address into the records of refusals: the last element of X-Forwarded-For, which App "
    "Service sets; off because an address is personal data, and behind a gateway it is the gateway's",
    default="off",
)

TABLE: tuple[Setting[object], ...] = (
    *(found for found in list(globals().values()) if isinstance(found, Setting)),
    *PLACES,
    *LIMITS,
)
