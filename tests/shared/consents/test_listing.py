"""The listing of a vault: each consent by its tags, the damaged by name, and all else left out."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.world import PARTNER_TENANT
from shared.consents.application_health import SECRET as APPLICATION
from shared.consents.application_health import ApplicationHealth
from shared.consents.health import FAILING, Health, to_tags
from shared.consents.listing import listing
from shared.vault import SecretVersion
from tests.shared.samples import NOON, PARTNER_CENTER_SCOPE, PERSON

CONSENT_TAGS = {
    "state": "active",
    "lineage": "l1",
    "tenant": PARTNER_TENANT,
    "person": PERSON,
    "username": "ada@fabrikam.example",
    "scope": PARTNER_CENTER_SCOPE,
    "mfa": "yes",
    "consented_on": NOON.isoformat(),
}
HEALTH = Health(lineage="l1", renewed_on=NOON, proven_on=NOON, status=FAILING, error="tenant_unknown", failures=2)


def secret(name: str, tags: Mapping[str, str], *, enabled: bool = True) -> SecretVersion:
    return SecretVersion(name=name, version="", enabled=enabled, tags=tags, created_on=NOON, expires_on=None)


def test_a_consent_is_told_with_the_health_of_its_renewal() -> None:
    found = listing([secret("consent-a", CONSENT_TAGS), secret("renewal-a", to_tags(HEALTH))])
    (entry,) = found.entries
    assert (entry.name, entry.lineage, entry.withdrawn, entry.health) == ("a", "l1", False, HEALTH)
    assert (entry.person.tenant_id, entry.person.object_id) == (PARTNER_TENANT, PERSON)
    assert found.damaged == ()


def test_consents_are_told_by_name_in_whatever_order_the_vault_lists_them() -> None:
    names = ("b", "a-longer", "a", "10", "9")
    found = listing([secret(f"consent-{name}", CONSENT_TAGS) for name in names])
    assert [entry.name for entry in found.entries] == sorted(names)


@pytest.mark.parametrize("order", [1, -1])
def test_it_does_not_matter_which_of_the_two_secrets_is_listed_first(order: int) -> None:
    both = [secret("consent-a", CONSENT_TAGS), secret("renewal-a", to_tags(HEALTH))]
    assert [entry.health for entry in listing(both[::order]).entries] == [HEALTH]


@pytest.mark.parametrize(
    "renewal",
    [
        {**to_tags(HEALTH), "lineage": "l2"},
        {**to_tags(HEALTH), "renewed_on": "yesterday"},
        {},
    ],
    ids=["of another lineage", "damaged", "none of ours"],
)
def test_health_that_is_not_this_consents_is_none_which_makes_it_due(renewal: Mapping[str, str]) -> None:
    (entry,) = listing([secret("consent-a", CONSENT_TAGS), secret("renewal-a", renewal)]).entries
    assert entry.health is None


def test_a_withdrawn_consent_is_told_as_such() -> None:
    (entry,) = listing([secret("consent-a", {**CONSENT_TAGS, "state": "withdrawn"})]).entries
    assert entry.withdrawn


@pytest.mark.parametrize("absent", sorted(CONSENT_TAGS))
def test_a_consent_that_lacks_a_tag_is_damaged(absent: str) -> None:
    tags = {name: text for name, text in CONSENT_TAGS.items() if name != absent}
    found = listing([secret("consent-a", tags), secret("consent-b", CONSENT_TAGS)])
    assert (found.damaged, [entry.name for entry in found.entries]) == (("a",), ["b"])


def test_a_consent_that_is_disabled_is_damaged_and_a_renewal_that_is_disabled_still_tells_its_health() -> None:
    """What is disabled cannot be read: a run finds a renewal so, and an entry is what it needs to go and look."""
    consent = secret("consent-a", CONSENT_TAGS)
    assert listing([secret("consent-a", CONSENT_TAGS, enabled=False)]).damaged == ("a",)
    (entry,) = listing([consent, secret("renewal-a", to_tags(HEALTH), enabled=False)]).entries
    assert entry.health == HEALTH


def test_what_is_no_consent_is_left_out() -> None:
    others = ["link-keys", "partner-certificate", "renewal-orphan", "my-consent-a", "renewal-consent-a"]
    found = listing([secret(name, CONSENT_TAGS) for name in others])
    assert (found.entries, found.damaged, found.application) == ((), (), ApplicationHealth())


def test_a_consent_may_have_the_name_of_anything() -> None:
    names = ["application-health", "renewal-a", "consent-a", "link-keys"]
    found = listing([secret(f"consent-{name}", CONSENT_TAGS) for name in names])
    assert [entry.name for entry in found.entries] == sorted(names)


def test_the_applications_note_is_told_beside_the_consents() -> None:
    tags = {"status": "misconfigured", "error": "credential_missing"}
    found = listing([secret(APPLICATION, tags), secret("consent-a", CONSENT_TAGS)])
    assert found.application == ApplicationHealth(status="misconfigured", error="credential_missing")
    assert [entry.name for entry in found.entries] == ["a"]


NAMES = st.sampled_from(["consent-a", "consent-b", "renewal-a", "renewal-b", APPLICATION, "link-keys"])
TAGS = st.dictionaries(
    st.sampled_from(sorted({*CONSENT_TAGS, *to_tags(HEALTH)})),
    st.text(max_size=12) | st.sampled_from(["l1", "l2", "withdrawn", "active", "1", NOON.isoformat()]),
)
SECRETS = st.dictionaries(NAMES, st.tuples(st.sampled_from([{}, CONSENT_TAGS, to_tags(HEALTH)]), TAGS, st.booleans()))


@settings(max_examples=200, deadline=None)
@given(SECRETS)
def test_whatever_the_tags_are_each_consent_is_told_once_or_named_as_damaged(
    secrets: dict[str, tuple[dict[str, str], dict[str, str], bool]],
) -> None:
    found = listing([secret(name, {**usual, **tags}, enabled=on) for name, (usual, tags, on) in secrets.items()])
    told = sorted([*(entry.name for entry in found.entries), *found.damaged])
    assert told == sorted(name.removeprefix("consent-") for name in secrets if name.startswith("consent-"))
    for entry in found.entries:
        assert entry.health is None or entry.health.lineage == entry.lineage
        assert entry.dies_on > datetime(1, 1, 1, tzinfo=UTC), "it can be sorted by"
