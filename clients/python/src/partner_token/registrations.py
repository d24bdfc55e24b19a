"""The two app registrations against what the broker says of itself (infra/app/entra.bicep makes them so)."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from partner_token.azure_reader import AzureReader
from partner_token.seen import Seen, bad, good

WHERE = "graph"
SELECT = "id,appId,displayName,identifierUris,appRoles,web,spa,passwordCredentials,keyCredentials"
ROLES = ("Token.Issue", "Consent.Manage", "Consent.Read", "Customers.Read", "Customers.Manage", "Policy.Read")
SOON_DAYS = 30


def of_partner(graph: AzureReader, settings: Mapping[str, Any], federated: str | None) -> Iterator[Seen]:
    """The partner application: there, its redirect URI of type web, its credential; raises NotSeen.

    `federated` is the object id of the broker's identity where that is the application's credential.
    """
    found = _registration(graph, settings["partner_client_id"])
    if found is None:
        yield _missing("partner application", settings["partner_client_id"], settings["home_tenant"])
        return
    yield good(WHERE, "partner application", str(found.get("displayName")))
    yield _redirect(found, f"{settings['public_url']}/api/consent/redirect")
    if federated is None:
        yield from _secrets(found)
        return
    trusted = list(graph.all(f"v1.0/applications/{found['id']}/federatedIdentityCredentials"))
    if any(one.get("subject") == federated for one in trusted):
        yield good(WHERE, "federated credential", f"it trusts {federated}")
    else:
        yield bad(
            WHERE,
            "federated credential",
            f"None of {len(trusted)} trusts the broker's identity {federated}.",
            "Add a federated credential to the partner application with this subject (docs/deploy.md).",
        )


def of_broker(graph: AzureReader, settings: Mapping[str, Any]) -> Iterator[Seen]:
    """The broker's own registration: its identifier URI and app roles, and who holds them; raises NotSeen."""
    found = _registration(graph, settings["broker_client_id"])
    if found is None:
        yield _missing("broker registration", settings["broker_client_id"], settings["home_tenant"])
        return
    uris = {str(uri).rstrip("/") for uri in found.get("identifierUris", [])}
    if uris & {str(audience).rstrip("/") for audience in settings["audiences"]}:
        yield good(WHERE, "identifier URI", ", ".join(sorted(uris)))
    else:
        says = f"{', '.join(sorted(uris)) or 'None'}; the broker expects {', '.join(settings['audiences'])}."
        yield bad(WHERE, "identifier URI", says, "Set it on the registration (Expose an API), or BROKER_AUDIENCES.")
    enabled = {
        str(role.get("value")): str(role.get("id")) for role in found.get("appRoles", []) if role.get("isEnabled")
    }
    missing = [role for role in ROLES if role not in enabled]
    if missing:
        yield bad(WHERE, "app roles", f"Missing: {', '.join(missing)}.", "Add them (infra/app/app-roles.json).")
        return
    yield good(WHERE, "app roles", ", ".join(ROLES))
    yield _holders(graph, settings["broker_client_id"], enabled)


def _registration(graph: AzureReader, client_id: str) -> Mapping[str, Any] | None:
    return graph.one(f"v1.0/applications(appId='{client_id}')", **{"$select": SELECT})


def _missing(what: str, client_id: str, tenant: str) -> Seen:
    says = f"There is no registration of {client_id} in the tenant that you are signed in to."
    return bad(WHERE, what, says, f"Sign in to the partner's own tenant {tenant}, or correct the broker's settings.")


def _redirect(found: Mapping[str, Any], expected: str) -> Seen:
    if expected in (found.get("web") or {}).get("redirectUris", []):
        return good(WHERE, "redirect URI", expected)
    spa = expected in (found.get("spa") or {}).get("redirectUris", [])
    says = f"{expected} is registered as spa: consents would end after a day." if spa else f"{expected} is missing."
    return bad(WHERE, "redirect URI", says, "Add it to the partner application as type web.")


def _secrets(found: Mapping[str, Any]) -> Iterator[Seen]:
    """When the newest certificate or secret of the registration ends."""
    kept = [*(found.get("passwordCredentials") or []), *(found.get("keyCredentials") or [])]
    ends = [datetime.fromisoformat(str(one["endDateTime"])) for one in kept if one.get("endDateTime")]
    if not ends:
        yield bad(WHERE, "credential", "The registration has none.", "Add the certificate or secret to it.")
        return
    left = (max(ends) - datetime.now(UTC)).days
    says = f"The newest ends in {left} days." if left >= 0 else "The newest has expired."
    to_do = "Add a new one to the registration and to the token vault (docs/consent.md)."
    yield bad(WHERE, "credential", says, to_do) if left < SOON_DAYS else good(WHERE, "credential", says)


def _holders(graph: AzureReader, client_id: str, roles: Mapping[str, str]) -> Seen:
    names = {role_id: name for name, role_id in roles.items()}
    path = f"v1.0/servicePrincipals(appId='{client_id}')/appRoleAssignedTo"
    counts = dict.fromkeys(ROLES, 0)
    for assigned in graph.all(path):
        name = names.get(str(assigned.get("appRoleId")))
        if name in counts:
            counts[name] += 1
    says = ", ".join(f"{name} {count}" for name, count in counts.items())
    if counts["Token.Issue"] and counts["Consent.Manage"]:
        return good(WHERE, "who has roles", says)
    return bad(WHERE, "who has roles", says, "Assign Token.Issue to callers, Consent.Manage to operators.")
