"""Settings that belong to one part of the broker, as that part takes them."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshSettings:
    """How the timer works: when, what is due, how much at once, and its share of the vault for any ten seconds."""

    schedule: str
    proof_age: timedelta
    store_age: timedelta
    concurrency: int
    vault_creates: int
    vault_operations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSettings:
    """How the check of customers works: when, what is due, how many tries in a second, what becomes of newcomers."""

    schedule: str
    age: timedelta
    per_second: int
    probes: bool
    consents_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagementSettings:
    """The management application, which is the broker's own; without a client id there is none."""

    client_id: str | None
    secret_name: str | None
    certificate_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSettings:
    """What pages for browsers say: the `partner_name` ("" for none); `console` is whether operators have theirs."""

    partner_name: str
    console: bool
