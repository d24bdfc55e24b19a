"""The application's health in tags: what was noted is read again, and what another tool wrote is a fresh start."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.key_vault.parameters import LARGEST_TAG, MOST_TAGS
from shared.consents.application_health import MISCONFIGURED, OK, SECRET, ApplicationHealth, from_tags, to_tags
from shared.consents.store import ConsentStore
from shared.entra.errors import ApplicationMisconfigured, CredentialMissing
from tests.fakes.memory_vault import MemoryVault
from tests.shared.samples import NOON

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001 - zone follows
    lambda moment: moment.replace(microsecond=0)
)
HEALTHS = st.builds(
    ApplicationHealth,
    status=st.sampled_from([OK, MISCONFIGURED]),
    error=st.sampled_from(["", ApplicationMisconfigured.code, CredentialMissing.code]),
    authority_code=st.none() | st.integers(0, 99_999_999),
    since=st.none() | MOMENTS,
    warned=st.none() | st.sampled_from([30, 14, 7, 3, 1]),
    ends=st.none() | MOMENTS,
)
FAULTY = ApplicationHealth(
    status=MISCONFIGURED,
    error="application_misconfigured",
    authority_code=7000222,
    since=NOON,
    warned=7,
    ends=NOON,
)
TAGS = to_tags(FAULTY)


@settings(max_examples=80, deadline=None)
@given(HEALTHS)
def test_health_comes_back_from_its_tags_within_the_limits_of_a_vault(health: ApplicationHealth) -> None:
    tags = to_tags(health)
    assert from_tags(tags) == health
    assert len(tags) <= MOST_TAGS
    assert max(map(len, tags.values())) <= min(LARGEST_TAG, 256)
    assert all(tags.values()), "what is not known has no tag"


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"file-encoding": "utf-8"},
        {name: text for name, text in TAGS.items() if name != "status"},
        {**TAGS, "since": "yesterday"},
        {**TAGS, "since": "0001-01-01T00:00:00+14:00"},
        {**TAGS, "ends": ""},
        {**TAGS, "warned": "soon"},
        {**TAGS, "warned": "9" * 5000},
        {**TAGS, "authority_code": "AADSTS7000222"},
    ],
)
def test_tags_that_cannot_be_read_are_a_fresh_start(tags: dict[str, str]) -> None:
    """At worst something is told once more; no run breaks on what somebody wrote beside it."""
    assert from_tags(tags) == ApplicationHealth()


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(TAGS)), st.text(max_size=30)))
def test_no_tag_whatsoever_breaks_the_reading(changes: dict[str, str]) -> None:
    assert isinstance(from_tags({**TAGS, **changes}), ApplicationHealth)


def test_what_is_noted_is_in_the_listing_and_is_no_consent() -> None:
    vault = MemoryVault()
    store = ConsentStore(vault)
    assert store.all().application == ApplicationHealth(), "before the first note all is well"
    for noted in (FAULTY, ApplicationHealth(warned=30)):
        store.mark_application(noted)
        listing = store.all()
        assert (listing.application, listing.entries, listing.damaged) == (noted, (), ())


def test_the_note_survives_that_its_secret_is_disabled() -> None:
    """Nobody reads its value; the tags are what counts."""
    vault = MemoryVault()
    store = ConsentStore(vault)
    store.mark_application(FAULTY)
    vault.patch(SECRET, vault.written[SECRET][-1].version.version, enabled=False)
    assert store.all().application == FAULTY
