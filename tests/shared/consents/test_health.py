"""Health in tags: what was written is read, what another tool wrote makes the consent due, and no tag holds a token."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.key_vault.parameters import LARGEST_TAG, MOST_TAGS
from shared.consents.health import FAILING, LOST, OK, REFRESH_TOKEN_LIFE, Health, from_tags, to_tags
from tests.shared.samples import NOON

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001 - zone follows
    lambda moment: moment.replace(microsecond=0)
)
WORD = st.text("abcdefghijklmnopqrstuvwxyz0123456789_-", max_size=40)
HEALTHS = st.builds(
    Health,
    lineage=WORD.filter(bool),
    renewed_on=MOMENTS,
    proven_on=st.none() | MOMENTS,
    status=st.sampled_from([OK, FAILING, LOST]),
    error=WORD,
    failures=st.integers(0, 10_000),
    failing_since=st.none() | MOMENTS,
    failed_on=st.none() | MOMENTS,
    previous=st.just("") | st.from_regex(r"[0-9a-f]{32}", fullmatch=True),
    mfa=st.sampled_from(["yes", "no", "unknown"]),
    authority_code=st.none() | st.integers(0, 99_999_999),
    warned=st.none() | st.sampled_from([30, 14, 7, 3, 1]),
    alarmed_on=st.none() | MOMENTS,
)
TAGS = to_tags(
    Health(
        lineage="l",
        renewed_on=NOON,
        proven_on=NOON,
        failing_since=NOON,
        failed_on=NOON,
        alarmed_on=NOON,
        authority_code=50173,
        warned=30,
    )
)
# What every renewal had before there were alarms.
FIRST_TAGS = {"lineage": "l", "renewed_on": NOON.isoformat(), "status": "ok", "failures": "0"}


@settings(max_examples=80, deadline=None)
@given(HEALTHS)
def test_health_comes_back_from_its_tags(health: Health) -> None:
    assert from_tags(to_tags(health)) == health


@settings(max_examples=40, deadline=None)
@given(HEALTHS)
def test_the_tags_are_within_the_limits_of_a_vault(health: Health) -> None:
    tags = to_tags(health)
    assert len(tags) <= MOST_TAGS
    assert max(map(len, tags.values())) <= min(LARGEST_TAG, 256)
    assert all(tags.values()), "what is not known has no tag"


@pytest.mark.parametrize("absent", ["lineage", "renewed_on", "status", "failures"])
def test_tags_without_what_every_renewal_has_are_not_ours(absent: str) -> None:
    assert from_tags({name: text for name, text in TAGS.items() if name != absent}) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"renewed_on": ""},
        {"renewed_on": "yesterday"},
        {"renewed_on": "2026-03-01T12:00:00"},
        {"renewed_on": "9999-12-31T23:59:59+00:00"},
        {"renewed_on": "0001-01-01T00:00:00+14:00"},
        {"proven_on": "soon"},
        {"failing_since": "2026-13-01T00:00:00+00:00"},
        {"failed_on": "0001-01-01T00:00:00+14:00"},
        {"failures": ""},
        {"failures": "many"},
        {"failures": "1.5"},
        {"failures": "9" * 5000},
        {"authority_code": "AADSTS50173"},
        {"warned": "soon"},
        {"alarmed_on": "0001-01-01T00:00:00+14:00"},
    ],
)
def test_tags_that_cannot_be_read_are_not_ours(changed: dict[str, str]) -> None:
    assert from_tags({**TAGS, **changed}) is None


def test_the_tags_of_an_older_broker_are_read() -> None:
    assert from_tags(FIRST_TAGS) == Health(lineage="l", renewed_on=NOON)


@pytest.mark.parametrize(
    "previous", ["", "latest", "../secrets/consent-partner", "0" * 31, "0" * 33, "G" * 32, "A" * 32]
)
def test_what_is_no_version_is_never_taken_for_the_one_to_disable(previous: str) -> None:
    found = from_tags({**TAGS, "previous": previous})
    assert found is not None
    assert found.previous == ""


def test_the_tags_of_another_tool_are_not_ours() -> None:
    assert from_tags({}) is None
    assert from_tags({"file-encoding": "utf-8", "environment": "production"}) is None


def test_tags_that_another_tool_added_to_ours_do_no_harm() -> None:
    assert from_tags({**TAGS, "cost-center": "42"}) == from_tags(TAGS)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(TAGS)), st.text(max_size=30)))
def test_no_tag_whatsoever_breaks_the_reading(changes: dict[str, str]) -> None:
    health = from_tags({**TAGS, **changes})
    assert health is None or health.dies_on - health.renewed_on == REFRESH_TOKEN_LIFE


def test_a_stored_token_dies_ninety_days_after_its_renewal() -> None:
    assert Health(lineage="l", renewed_on=NOON).dies_on == NOON + timedelta(days=90)
