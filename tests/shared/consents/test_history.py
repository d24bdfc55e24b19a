"""What became of a consent, from the versions of its two secrets alone, and never more of them than a bound."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.consents.consent import Consent, Person, Renewal
from shared.consents.health import Health
from shared.consents.history import MOST_SECONDS, MOST_VERSIONS, Event, Histories, events_of
from shared.consents.store import ConsentStore
from shared.vault import SecretVersion
from shared.vault_errors import VaultUnavailable
from tests.fakes.memory_vault import MemoryVault

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ADA = Person(tenant_id="home", object_id="ada", username="ada@partner.example")


class Life:
    """A consent whose days pass by hand."""

    def __init__(self) -> None:
        self.now = NOON
        self.vault = MemoryVault(clock=lambda: self.now)
        self.store = ConsentStore(self.vault)

    def pass_days(self, days: float) -> None:
        self.now += days * DAY

    def consent(self, lineage: str = "l1", *, on: datetime | None = None) -> None:
        given_on = on or self.now
        self.store.store_consent(
            Consent(
                name="partner",
                lineage=lineage,
                refresh_token="token",
                person=ADA,
                scope="scope/x",
                mfa="yes",
                link_id="link",
                consented_on=given_on,
            )
        )

    def renew(self, lineage: str = "l1", **health: object) -> None:
        given = Health(lineage=lineage, renewed_on=self.now, proven_on=self.now)
        told = replace(given, **health)  # type: ignore[arg-type]  # the test says which
        self.store.store_renewal(
            "partner", Renewal(lineage=lineage, refresh_token="newer"), told, over=self.store.renewal("partner")
        )

    def mark(self, **health: object) -> None:
        renewal = self.store.renewal("partner")
        assert renewal is not None
        given = Health(lineage="l1", renewed_on=NOON, proven_on=NOON)
        self.store.mark("partner", renewal.version, replace(given, **health))  # type: ignore[arg-type]

    @property
    def events(self) -> list[tuple[str, int]]:
        """Each kind, and the days since the beginning, the newest first."""
        return [(event.kind, (event.on - NOON) // DAY) for event in Histories(self.vault).of("partner").events]


@pytest.fixture
def life() -> Life:
    return Life()


def test_nobody_ever_gave_it_nothing_became_of_it(life: Life) -> None:
    found = Histories(life.vault).of("partner")
    assert (list(found.events), found.has_all) == ([], True)


def test_a_consent_was_given_stored_proven_since_and_withdrawn(life: Life) -> None:
    life.consent()
    life.renew()
    life.mark(proven_on=NOON + 6 * DAY)
    life.pass_days(7)
    life.renew()
    life.pass_days(1)
    life.store.withdraw("partner", by="operator", on=life.now)
    assert life.events == [("withdrawn", 8), ("stored", 7), ("stored", 0), ("consented", 0)]
    withdrawn, newer, stored, _ = Histories(life.vault).of("partner").events
    assert (withdrawn.username, newer.until, stored.until) == (ADA.username, None, NOON + 6 * DAY)


def test_a_refusal_is_told_from_its_first_to_its_last_day_with_its_cause(life: Life) -> None:
    life.consent()
    life.renew()
    failed = {"failing_since": NOON + DAY, "failed_on": NOON + 3 * DAY, "failures": 3, "error": "new_consent_needed"}
    life.mark(status="lost", authority_code=50173, **failed)
    assert Histories(life.vault).of("partner").events[0] == Event(
        kind="lost", on=NOON + DAY, until=NOON + 3 * DAY, error="new_consent_needed", authority_code=50173
    )


def test_a_copy_of_the_consents_own_token_that_only_carries_a_failure_is_no_new_token(life: Life) -> None:
    life.consent()
    life.pass_days(1)
    life.renew(renewed_on=NOON, proven_on=None, status="failing", failed_on=life.now, failing_since=life.now)
    assert life.events == [("failed", 1), ("consented", 0)]


def test_who_takes_a_withdrawal_back_restores_and_who_consents_anew_consents(life: Life) -> None:
    life.consent()
    life.pass_days(1)
    life.store.withdraw("partner", by="operator", on=life.now)
    life.pass_days(1)
    life.consent("l2", on=NOON)
    life.pass_days(1)
    life.store.withdraw("partner", by="operator", on=life.now)
    life.pass_days(1)
    life.consent("l3")
    assert [kind for kind, _ in life.events] == ["consented", "withdrawn", "restored", "withdrawn", "consented"]


def test_a_withdrawal_that_is_taken_back_within_its_second_is_told_in_order(life: Life) -> None:
    life.consent()
    life.pass_days(1)
    life.store.withdraw("partner", by="operator", on=life.now)
    life.consent("l2", on=NOON)
    assert life.events == [("restored", 1), ("withdrawn", 1), ("consented", 0)]


def test_what_somebody_else_put_there_is_told_as_not_readable(life: Life) -> None:
    life.vault.put("consent-partner", "?", tags={})
    life.vault.put("renewal-partner", "?", tags={"lineage": "x"})
    assert life.events == [("unreadable", 0), ("unreadable", 0)]


def test_no_secret_is_read(life: Life) -> None:
    life.consent()
    life.renew()
    asked: list[str] = []
    life.vault.before = lambda operation, _name: asked.append(operation)
    Histories(life.vault).of("partner")
    assert asked == ["list_versions", "list_versions"]


def test_no_more_versions_are_read_than_the_bound_and_the_rest_is_said_to_be_there(life: Life) -> None:
    life.consent()
    for _ in range(MOST_VERSIONS + 1):
        life.vault.put("renewal-partner", "{}", tags={})
    found = Histories(life.vault).of("partner")
    assert (len(found.events), found.has_all) == (MOST_VERSIONS + 1, False)


def test_a_slow_vault_is_read_no_longer_than_the_bound(life: Life) -> None:
    for _ in range(30):
        life.vault.put("renewal-partner", "{}", tags={})
    ticks = iter(float(number) for number in range(1_000))
    found = Histories(life.vault, monotonic=lambda: next(ticks)).of("partner")
    assert (len(found.events) <= MOST_SECONDS, found.has_all) == (True, False)


def test_a_vault_that_is_away_is_told_as_such(life: Life) -> None:
    def away(_operation: str, _name: str) -> None:
        raise VaultUnavailable

    life.vault.before = away
    with pytest.raises(VaultUnavailable):
        Histories(life.vault).of("partner")


def versions() -> Iterator[st.SearchStrategy[dict[str, str]]]:
    moments = st.sampled_from(["2026-03-01T12:00:00+00:00", "2026-02-01T12:00:00+00:00", "", "x", "9999-01-01"])
    words = st.sampled_from(["active", "withdrawn", "ok", "failing", "lost", "", "x", "3"])
    names = ("state", "lineage", "person", "consented_on", "renewed_on", "proven_on", "status", "failures", "failed_on")
    yield st.fixed_dictionaries({}, optional={name: moments if name.endswith("_on") else words for name in names})


@given(st.lists(next(versions())), st.lists(next(versions())))
def test_whatever_stands_in_tags_makes_a_history(
    consents: list[dict[str, str]], renewals: list[dict[str, str]]
) -> None:
    def made(tags: dict[str, str]) -> SecretVersion:
        return SecretVersion(name="x", version="", enabled=True, tags=tags, created_on=NOON, expires_on=None)

    found = events_of([made(tags) for tags in consents], [made(tags) for tags in renewals])
    ends = [event.until or event.on for event in found]
    assert ends == sorted(ends, reverse=True)
    assert len(found) >= len(consents)
