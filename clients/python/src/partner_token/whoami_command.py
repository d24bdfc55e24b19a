"""whoami of both commands: which identity asks here, its object id, its roles, and which broker it asks."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

import click

from partner_token.exit_codes import DONE
from partner_token.identity import AUTOMATIC, kind_here
from partner_token.options import Asker, asking
from partner_token.printed import TABLE, say, show_facts

POLICY_LINE = 'For a policy document: "caller": "{object_id}"'


@click.command()
@asking
def whoami(asker: Asker) -> int:
    """Which identity asks here, with its object id (the one for a policy), its roles, and which broker it asks.

    It reads the identity's own token for the broker; the broker is not asked.
    """
    connection = asker.connection()
    facts = who(connection.own.token(), asker)
    show_facts(asker.output, facts)
    if asker.output == TABLE and facts["kind"] == "workload" and facts["object_id"]:
        say(POLICY_LINE.format(object_id=facts["object_id"]))
    if not facts["roles"]:
        say(
            "No app role of the broker: Token.Issue is for workloads; Consent.Read, Consent.Manage, "
            "Customers.Read, Customers.Manage and Policy.Read are for operators. A managed identity's "
            "token may lag by up to 24 hours."
        )
    return DONE


def who(unverified_token: str, asker: Asker) -> dict[str, Any]:
    """What the token says of its owner; nobody has verified it, and nothing is decided by it."""
    claims = unverified_claims(unverified_token)
    person = bool(claims.get("scp"))
    name = claims.get("preferred_username") or claims.get("upn") or claims.get("app_displayname")
    return {
        "identity": kind_here() if asker.identity == AUTOMATIC else asker.identity,
        "kind": "person" if person else "workload",
        "name": name or claims.get("azp") or claims.get("appid"),
        "object_id": claims.get("oid"),
        "tenant": claims.get("tid"),
        "roles": [str(role) for role in claims.get("roles", [])],
        "audience": claims.get("aud"),
        "broker": asker.broker_url,
    }


def unverified_claims(token: str) -> Mapping[str, Any]:
    """The claims of a JWT, unproven; empty when it is none."""
    try:
        part = token.split(".")[1]
        content = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError, binascii.Error):
        return {}
    return content if isinstance(content, dict) else {}
