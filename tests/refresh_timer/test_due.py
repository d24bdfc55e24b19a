"""When a consent is due: by proof, by store, after failures, and never when it is withdrawn."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refresh_timer.due import FAILING_RETRY, JITTER, Due, due, most_urgent_first
from shared.consents.consent import Person
from shared.consents.health import FAILING, LOST, OK, Health
from shared.consents.stored_consent import Entry
from tests.refresh_timer.scene import AGES, DAY, HOME_ID, HOUR, NOON, PERSON_ID, SCOPE

names = st.from_regex(r"[a-z0-9-]{1,60}", fullmatch=True)
passed = st.timedeltas(timedelta(), 200 * DAY)
moments = st.datetimes(NOON.replace(tzinfo=None) - 200 * DAY, NOON.replace(tzinfo=None)).map(
    lambda moment: moment.replace(tzinfo=NOON.tzinfo)
)
healths = st.builds(
    Health,
    lineage=st.just("l1"),
    renewed_on=moments,
    proven_on=st.none() | moments,
    status=st.sampled_from([OK, FAILING, LOST]),
    failures=st.integers(0, 5),
    failed_on=st.none() | moments,
)


def entry(name: str = "partner", *, health: Health | None = None, withdrawn: bool = False) -> Entry:
    return Entry(
        name=name,
        lineage="l1",
        withdrawn=withdrawn,
        person=Person(tenant_id=HOME_ID, object_id=PERSON_ID, username="ada@partner.example"),
        scope=SCOPE,
        mfa="yes",
        consented_on=NOON - 200 * DAY,
        health=health,
    )


def proven(ago: timedelta, *, renewed: timedelta = timedelta()) -> Health:
    return Health(lineage="l1", renewed_on=NOON - renewed, proven_on=NOON - ago)


def found(name: str, health: Health | None) -> Due:
    return due(entry(name, health=health), ages=AGES, now=NOON)


@given(name=names, health=st.none() | healths)
def test_a_withdrawn_consent_is_never_due(name: str, health: Health | None) -> None:
    assert due(entry(name, health=health, withdrawn=True), ages=AGES, now=NOON) is Due.NOTHING


@given(name=names, ago=passed, renewed=passed)
def test_a_proof_older_than_its_age_and_the_longest_jitter_is_due(
    name: str, ago: timedelta, renewed: timedelta
) -> None:
    health = proven(AGES.proof + JITTER + ago, renewed=renewed)
    assert found(name, health) is (Due.STORE if renewed >= AGES.store else Due.PROVE)


@given(name=names, ago=st.timedeltas(timedelta(), AGES.proof - timedelta(seconds=1)), renewed=passed)
def test_a_young_proof_is_not_due_however_old_the_stored_token_is(
    name: str, ago: timedelta, renewed: timedelta
) -> None:
    assert found(name, proven(ago, renewed=renewed)) is Due.NOTHING


@given(name=names, health=healths)
def test_store_implies_that_a_proof_was_due_too(name: str, health: Health) -> None:
    """Otherwise a refresh token might be stored that was not just obtained."""
    as_if_stored_today = replace(health, renewed_on=NOON)
    if found(name, health) is Due.STORE:
        assert found(name, as_if_stored_today) is Due.PROVE
    if found(name, as_if_stored_today) is Due.NOTHING:
        assert found(name, health) is Due.NOTHING


def turns_due(name: str) -> int:
    """The minute after its proof at which a consent of this name is due."""
    return next(
        minute for minute in range(24 * 60) if found(name, proven(timedelta(minutes=minute))) is not Due.NOTHING
    )


def test_jitter_stays_within_its_bounds_is_stable_by_name_and_spreads() -> None:
    minutes = {f"consent-{number}": turns_due(f"consent-{number}") for number in range(40)}
    least, most = AGES.proof / timedelta(minutes=1), (AGES.proof + JITTER) / timedelta(minutes=1)
    assert all(least <= minute <= most + 1 for minute in minutes.values())
    assert max(minutes.values()) - min(minutes.values()) > 90
    assert {name: turns_due(name) for name in list(minutes)[:5]}.items() <= minutes.items()


def test_a_consent_without_a_renewal_of_its_own_is_stored_at_once() -> None:
    assert found("partner", None) is Due.STORE


def test_a_consent_that_was_never_proven_is_due() -> None:
    assert found("partner", Health(lineage="l1", renewed_on=NOON)) is Due.PROVE


@pytest.mark.parametrize(("status", "rest"), [(FAILING, FAILING_RETRY), (LOST, AGES.proof)])
def test_a_consent_that_failed_rests_before_it_is_tried_again(status: str, rest: timedelta) -> None:
    health = replace(proven(10 * DAY), status=status, failed_on=NOON - rest + timedelta(seconds=1))
    assert found("partner", health) is Due.NOTHING
    assert found("partner", replace(health, failed_on=NOON - rest)) is not Due.NOTHING


def test_three_tries_of_a_failing_consent_span_at_least_twelve_hours() -> None:
    assert FAILING_RETRY >= 6 * HOUR


@given(ahead=st.timedeltas(2 * DAY, 3000 * DAY), status=st.sampled_from([OK, FAILING, LOST]))
def test_moments_that_a_wrong_clock_wrote_into_the_future_do_not_put_a_consent_off_until_then(
    ahead: timedelta, status: str
) -> None:
    health = Health(
        lineage="l1", renewed_on=NOON + ahead, proven_on=NOON + ahead, failed_on=NOON + ahead, status=status
    )
    assert found("partner", health) is not Due.NOTHING


def test_those_whose_refresh_token_ends_first_come_first() -> None:
    entries = [
        entry("young", health=proven(timedelta(), renewed=DAY)),
        entry("old", health=proven(timedelta(), renewed=60 * DAY)),
        entry("oldest-of-all-without-health"),
        entry("b", health=proven(timedelta(), renewed=30 * DAY)),
        entry("a", health=proven(timedelta(), renewed=30 * DAY)),
    ]
    ordered = [found.name for found in most_urgent_first(entries)]
    assert ordered == ["oldest-of-all-without-health", "old", "a", "b", "young"]
