"""A consent as it is stored: what a person gave, its withdrawal, its renewals, and their JSON in Key Vault."""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from shared.clock import from_text, to_text
from shared.consents.errors import ConsentFromNewerVersion
from shared.errors import ConsentUnreadable, InvalidRequest

SCHEMA = 1
NAME = re.compile(r"[a-z0-9-]{1,60}")
DEFAULT_NAME = "partner"
# The management application's own consent: no token of it leaves the broker, whatever a policy says.
MANAGEMENT_NAME = "broker-management"
# The two secrets of a consent (docs/decisions/two-names.md).
CONSENT, RENEWAL = "consent-", "renewal-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who consented; the object id identifies, the username is for people to read."""

    tenant_id: str
    object_id: str
    username: str

    def is_same(self, other: "Person") -> bool:
        """Whether it is the same person, whatever the username has become."""
        return (self.tenant_id, self.object_id) == (other.tenant_id, other.object_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One person's act: its lineage marks everything that descends from it.

    `mfa` is "yes" when the authority said so, "unknown" when the scope's tokens do not tell (setting).
    """

    name: str
    lineage: str
    refresh_token: str = field(repr=False)
    person: Person
    scope: str
    mfa: str
    link_id: str
    consented_on: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """A tombstone in the consent's place, an act with a lineage of its own: nothing is issued any more.

    `withdraws` is the lineage that ended here, `restores` the secret version that holds it still.
    """

    name: str
    lineage: str
    withdraws: str
    restores: str
    withdrawn_on: datetime
    withdrawn_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Damaged:
    """What stands in a consent's place and cannot be read: nothing is issued, and a person's next act replaces it.

    Its lineage counts the secret's versions, so that a link made for it is void once anything else stands there.
    """

    name: str
    lineage: str


# The newest act of a person under a name, as far as it can be told.
type Act = Consent | Withdrawal | Damaged


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """A newer refresh token of the same lineage, written by the timer."""

    lineage: str
    refresh_token: str = field(repr=False)


def checked_name(unverified_name: str) -> str:
    """The name, if a consent can have it; raises InvalidRequest."""
    if not NAME.fullmatch(unverified_name):
        raise InvalidRequest("consent: 1 to 60 lower-case letters, digits and hyphens.")
    return unverified_name


def new_lineage() -> str:
    """A lineage nobody had before: 128 random bits in hex."""
    return secrets.token_hex(16)


def dump_consent(consent: Consent) -> str:
    """The JSON stored under `consent-{name}`."""
    fields = {**asdict(consent), "consented_on": to_text(consent.consented_on)}
    return json.dumps({"schema": SCHEMA, "kind": "consent", **fields})


def dump_withdrawal(withdrawal: Withdrawal) -> str:
    """The JSON stored under `consent-{name}` in a withdrawn consent's place."""
    fields = {**asdict(withdrawal), "withdrawn_on": to_text(withdrawal.withdrawn_on)}
    return json.dumps({"schema": SCHEMA, "kind": "withdrawal", **fields})


def dump_renewal(renewal: Renewal) -> str:
    """The JSON stored under `renewal-{name}`."""
    return json.dumps({"schema": SCHEMA, "kind": "renewal", **asdict(renewal)})


def parse_consent(secret_name: str, stored: str) -> Consent | Withdrawal:
    """What `consent-{name}` holds; raises ConsentUnreadable naming the secret, never quoting it."""
    content = _parse(secret_name, stored, "consent", "withdrawal")
    try:
        if content.pop("kind") == "withdrawal":
            return Withdrawal(**{**_all_text(content), "withdrawn_on": from_text(content["withdrawn_on"])})
        person = Person(**_all_text(content.pop("person")))
        consented_on = from_text(content["consented_on"])
        return Consent(**{**_all_text(content), "person": person, "consented_on": consented_on})
    except (KeyError, TypeError, ValueError):
        raise ConsentUnreadable(f"{secret_name} is damaged.").knowing(secret=secret_name) from None


def parse_renewal(secret_name: str, stored: str) -> Renewal:
    """What `renewal-{name}` holds; raises ConsentUnreadable naming the secret, never quoting it."""
    content = _parse(secret_name, stored, "renewal")
    try:
        content.pop("kind")
        return Renewal(**_all_text(content))
    except (KeyError, TypeError, ValueError):
        raise ConsentUnreadable(f"{secret_name} is damaged.").knowing(secret=secret_name) from None


def _parse(secret_name: str, stored: str, *kinds: str) -> dict[str, Any]:
    try:
        content = json.loads(stored)
    except (ValueError, RecursionError):
        # `from None`: a JSON error's text quotes what it could not read.
        raise ConsentUnreadable(f"{secret_name} is not JSON.").knowing(secret=secret_name) from None
    if not isinstance(content, Mapping) or not isinstance(content.get("schema"), int):
        raise ConsentUnreadable(f"{secret_name} has no schema number.").knowing(secret=secret_name)
    if content["schema"] > SCHEMA:
        raise ConsentFromNewerVersion(f"{secret_name} has schema {content['schema']}.")
    if content.get("kind") not in kinds:
        raise ConsentUnreadable(f"{secret_name} holds something else.").knowing(secret=secret_name)
    return {key: value for key, value in content.items() if key != "schema"}


def _all_text(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields, all of which are text in these values; raises ValueError."""
    if not all(isinstance(value, str) for value in dict(content).values()):
        raise ValueError("a field is not text")
    return content
