"""The listing: every consent by the tags of its two secrets; no secret is read."""

from collections.abc import Iterable, Mapping

from shared.clock import from_text
from shared.consents import application_health, health
from shared.consents.consent import CONSENT, RENEWAL, Person
from shared.consents.stored_consent import Entry, Listing
from shared.vault import SecretVersion


def listing(secrets: Iterable[SecretVersion]) -> Listing:
    """What these secrets (the latest version of each) say; a consent that is disabled counts as damaged."""
    consents: dict[str, Mapping[str, str]] = {}
    healths: dict[str, health.Health | None] = {}
    application = application_health.ApplicationHealth()
    for secret in secrets:
        if secret.name.startswith(CONSENT):
            consents[secret.name.removeprefix(CONSENT)] = secret.tags if secret.enabled else {}
        elif secret.name.startswith(RENEWAL):
            healths[secret.name.removeprefix(RENEWAL)] = health.from_tags(secret.tags)
        elif secret.name == application_health.SECRET:
            application = application_health.from_tags(secret.tags)
    found = {name: _entry(name, tags, healths.get(name)) for name, tags in sorted(consents.items())}
    return Listing(
        entries=tuple(entry for entry in found.values() if entry is not None),
        damaged=tuple(name for name, entry in found.items() if entry is None),
        application=application,
    )


def _entry(name: str, tags: Mapping[str, str], found: health.Health | None) -> Entry | None:
    """One consent from its tags; None when they are not ours."""
    try:
        return Entry(
            name=name,
            lineage=tags["lineage"],
            withdrawn=tags["state"] == "withdrawn",
            person=Person(tenant_id=tags["tenant"], object_id=tags["person"], username=tags["username"]),
            scope=tags["scope"],
            mfa=tags["mfa"],
            consented_on=from_text(tags["consented_on"]),
            health=found if found and found.lineage == tags["lineage"] else None,
        )
    except (KeyError, ValueError):
        return None
