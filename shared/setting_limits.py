"""Every setting that says how long or how much."""

from datetime import timedelta

from shared import setting_values as value
from shared.setting import Defaulted, Setting

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)

PROOF_AGE_HOURS = Defaulted(
    "PROOF_AGE_HOURS",
    value.duration(HOUR, 1, 30 * 24),
    "a consent is due when its last proof is older than this, plus up to 3 h by its name",
    default="20",
)
STORE_AGE_DAYS = Defaulted(
    "STORE_AGE_DAYS",
    value.duration(DAY, 1, 30),
    "a refresh token is stored anew when the stored one is older than this",
    default="7",
)
REFRESH_CONCURRENCY = Defaulted(
    "REFRESH_CONCURRENCY",
    value.number(1, 64),
    "how many consents a run of the timer works on at once",
    default="16",
)
# Key Vault's own limits are 300 and 4,000 (learn: key-vault/general/service-limits); consents need a share too.
VAULT_CREATES_PER_10_SECONDS = Defaulted(
    "VAULT_CREATES_PER_10_SECONDS",
    value.number(1, 300),
    "the timer's share of the 300 new secret versions that Key Vault takes in ten seconds; the rest is left to "
    "people who consent",
    default="285",
)
VAULT_OPERATIONS_PER_10_SECONDS = Defaulted(
    "VAULT_OPERATIONS_PER_10_SECONDS",
    value.number(10, 4000),
    "the timer's share of the 4,000 other operations of the token vault in ten seconds",
    default="3800",
)
CHECK_AGE_HOURS = Defaulted(
    "CHECK_AGE_HOURS",
    value.duration(HOUR, 1, 30 * 24),
    "a customer and resource are due to be checked when they were last tried longer ago than this",
    default="20",
)
# Each try is a sign-in at the authority, which throttles an application that asks too often.
CHECK_PER_SECOND = Defaulted(
    "CHECK_PER_SECOND",
    value.number(1, 100),
    "how many customers and resources the check tries in a second at most; less while the authority asks to wait",
    default="20",
)
MEMORY_AGE_SECONDS = Defaulted(
    "MEMORY_AGE_SECONDS",
    value.duration(SECOND, 1, 600),
    "how long a removed permission or withdrawn consent may still be served by another instance",
    default="30",
)
STALE_LIMIT_SECONDS = Defaulted(
    "STALE_LIMIT_SECONDS",
    value.duration(SECOND, 0, 4 * 3600),
    "how long the last good policy and consents serve while Key Vault is away",
    default="3600",
)
LAST_GOOD_HOURS = Defaulted(
    "LAST_GOOD_HOURS",
    value.duration(HOUR, 24, 14 * 24),
    "how long the authority's last good signing keys and discovery document serve while it gives no newer ones; they "
    "are looked for daily, and long enough for an outage over a weekend is short enough for keys that were withdrawn",
    default="72",
)
EXCHANGE_THREADS = Defaulted(
    "EXCHANGE_THREADS",
    value.number(1, 256),
    "threads for what blocks: Key Vault, Entra ID",
    default="32",
)

LIMITS: tuple[Setting[object], ...] = tuple(found for found in list(globals().values()) if isinstance(found, Setting))
