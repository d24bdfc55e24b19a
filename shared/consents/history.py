"""What became of a consent, by the versions of its two secrets and their tags: no secret is read.

Key Vault lists versions by id and not by time, and keeps every one. So a listing is read up to a number and a time, and
whoever shows it says where there is more.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.consents.consent import CONSENT, RENEWAL
from shared.consents.health import FAILING, LOST, Health, from_tags
from shared.vault import SecretVault, SecretVersion

CONSENTED, RESTORED, WITHDRAWN, STORED = "consented", "restored", "withdrawn", "stored"
# Refused for a time, or for good; and what somebody put there that cannot be read.
REFUSED, ENDED, UNREADABLE = "failed", "lost", "unreadable"
# Of what was written within one second: a consent that is withdrawn may be restored at once.
ORDER = (UNREADABLE, CONSENTED, WITHDRAWN, RESTORED, STORED, REFUSED, ENDED)
# 20 pages of Key Vault's: ten years of a refresh token that is stored each week.
MOST_VERSIONS, MOST_SECONDS = 500, 10.0
NOT_TOLD = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened; `until` is how long it went on, as far as anybody has seen it.

    A token that was `stored` had just been proven, and was so again and again up to then.
    """

    kind: str
    on: datetime
    until: datetime | None = None
    username: str = ""
    error: str = ""
    authority_code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All events that are known, the newest first; `has_all` is false where there are more versions than were read."""

    events: Sequence[Event]
    has_all: bool


class Histories:
    """Reads them; may block, for a bounded time unless the vault hangs, and raises what the vault raises."""

    def __init__(self, vault: SecretVault, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._vault = vault
        self._monotonic = monotonic

    def of(self, name: str) -> History:
        """What became of the consent of this name; of one that nobody ever gave, nothing."""
        ends = self._monotonic() + MOST_SECONDS
        consents, all_consents = self._versions(CONSENT + name, ends)
        renewals, all_renewals = self._versions(RENEWAL + name, ends)
        return History(events=events_of(consents, renewals), has_all=all_consents and all_renewals)

    def _versions(self, secret: str, ends: float) -> tuple[list[SecretVersion], bool]:
        found: list[SecretVersion] = []
        for version in self._vault.list_versions(secret):
            if len(found) >= MOST_VERSIONS or self._monotonic() >= ends:
                return found, False
            found.append(version)
        return found, True


def events_of(consents: Sequence[SecretVersion], renewals: Sequence[SecretVersion]) -> Sequence[Event]:
    """What these versions tell, the newest first; of two within a second the usual order is told."""
    found = [*_acts(consents), *(event for version in renewals for event in _renewed(version))]
    return sorted(found, key=lambda event: (event.until or event.on, ORDER.index(event.kind)), reverse=True)


def _acts(versions: Sequence[SecretVersion]) -> Iterator[Event]:
    """What people did: consented, withdrew, took it back."""
    given: dict[tuple[str | None, ...], str | None] = {}
    for version in sorted(versions, key=lambda version: version.created_on):
        tags, state = version.tags, version.tags.get("state", "")
        kind = {"withdrawn": WITHDRAWN, "active": CONSENTED}.get(state, UNREADABLE)
        if kind == CONSENTED:
            # What is restored keeps whose consent it is, and of when; its lineage is its own.
            first = given.setdefault((tags.get("person"), tags.get("consented_on")), tags.get("lineage"))
            kind = CONSENTED if first == tags.get("lineage") else RESTORED
        if version.created_on != NOT_TOLD:
            username = tags.get("username", "") if kind != UNREADABLE else ""
            yield Event(kind=kind, on=version.created_on, username=username)


def _renewed(version: SecretVersion) -> Iterator[Event]:
    """What the timer found as long as this version was the newest."""
    health = from_tags(version.tags)
    if health is None:
        if version.created_on != NOT_TOLD:
            yield Event(kind=UNREADABLE, on=version.created_on)
        return
    # Without a proof it is no new token: health needs a renewal to stand on, and a copy of the consent's own is one.
    if health.proven_on is not None:
        is_again = health.proven_on > health.renewed_on
        yield Event(kind=STORED, on=health.renewed_on, until=health.proven_on if is_again else None)
    yield from _failed(health)


def _failed(health: Health) -> Iterator[Event]:
    kind: Mapping[str, str] = {FAILING: REFUSED, LOST: ENDED}
    if health.status in kind and health.failed_on is not None:
        yield Event(
            kind=kind[health.status],
            on=health.failing_since or health.failed_on,
            until=health.failed_on,
            error=health.error,
            authority_code=health.authority_code,
        )
