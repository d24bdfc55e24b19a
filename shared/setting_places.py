"""Every setting that says where something is that the broker speaks to."""

from shared import setting_values as value
from shared.cloud import PUBLIC
from shared.setting import Defaulted, Optional, Required, Setting

TOKEN_VAULT_URL = Required(
    "TOKEN_VAULT_URL",
    value.https_origin,
    "the vault of consents and renewals",
    sample="https://YOUR-TOKEN-VAULT.vault.azure.net",
)
POLICY_VAULT_URL = Required(
    "POLICY_VAULT_URL",
    value.https_origin,
    "the vault of policy documents; another one, or the app does not start",
    sample="https://YOUR-POLICY-VAULT.vault.azure.net",
)
KEY_VAULT_API_VERSION = Optional(
    "KEY_VAULT_API_VERSION",
    value.api_version,
    "the version of Key Vault's API to use, such as `7.6`, where a vault does not know the newest yet: sovereign "
    "clouds and private stacks lag behind; unset, the newest that the SDK knows",
)
RESULTS_URL = Optional(
    "RESULTS_URL",
    value.rows_url,
    "where results of checks are kept: the table endpoint of a storage account, cloud by cloud another, or a file "
    "(`file:///path/results.sqlite3`); unset, a file in the temporary folder, which each instance has for itself",
    sample="",
)
PARTNER_CENTER_URL = Defaulted(
    "PARTNER_CENTER_URL",
    value.https_origin,
    "where Partner Center's API is; the cloud's own by default, another for the local stack",
    default=PUBLIC.resources["partnercenter"],
    sample="",
)
GRAPH_URL = Defaulted(
    "GRAPH_URL",
    value.https_origin,
    "where Microsoft Graph is; the cloud's own by default, another for the local stack",
    default=PUBLIC.resources["graph"],
    sample="",
)
TRUSTED_CA_FILE = Optional(
    "TRUSTED_CA_FILE",
    value.file,
    "a PEM file of authorities to trust for Entra ID, and for a vault on loopback; for private clouds and the "
    "local stack",
)

PLACES: tuple[Setting[object], ...] = tuple(found for found in list(globals().values()) if isinstance(found, Setting))
