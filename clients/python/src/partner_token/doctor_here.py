"""The doctor's first part: what is set up on this machine, up to the broker's door."""

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import click
import requests

from partner_token.exit_codes import AWAY, NOT_ALLOWED
from partner_token.options import WHICH, Asker
from partner_token.seen import Seen, bad, failed, good
from partner_token.whoami_command import who

HERE = "here"
SECONDS = 10
OPERATORS = ("Consent.Read", "Consent.Manage", "Customers.Read", "Customers.Manage", "Policy.Read")


def seen_here(asker: Asker) -> Iterator[Seen]:
    """Settings, names, the way to the broker, the sign-in and its roles, as far as each is reached."""
    if not asker.broker_url or not asker.audience:
        yield bad(HERE, "settings", "No broker is named.", WHICH)
        return
    try:
        connection = asker.connection()
    except click.UsageError as error:
        yield bad(HERE, "settings", error.format_message(), "Correct BROKER_URL and BROKER_AUDIENCE.")
        return
    except Exception as error:  # noqa: BLE001 - an identity that is not set up
        yield failed(HERE, "settings", error)
        return
    yield good(HERE, "settings", f"{asker.broker_url} as {asker.audience}")
    yield from _way(asker.broker_url)
    try:
        facts = who(connection.own.token(), asker)
    except Exception as error:  # noqa: BLE001 - not signed in, in whatever way
        yield failed(HERE, "sign-in", error)
        return
    name = f"{facts['name']} ({facts['identity']}), object id {facts['object_id']}, tenant {facts['tenant']}"
    yield good(HERE, "sign-in", name)
    yield _roles(facts["roles"], str(facts["object_id"]))


def _way(url: str) -> Iterator[Seen]:
    host = urlsplit(url).hostname or ""
    try:
        addresses = sorted({str(found[4][0]) for found in socket.getaddrinfo(host, None)})
    except OSError:
        yield bad(HERE, "names", f"{host} has no address here.", "Check BROKER_URL, DNS and VPN.", exit_code=AWAY)
        return
    yield good(HERE, "names", f"{host} is {', '.join(addresses)}")
    try:
        answer = requests.get(f"{url.rstrip('/')}/api/health", timeout=SECONDS)
        parts = answer.json()["parts"]
    except requests.RequestException as error:
        says = f"{type(error).__name__} on the way to {url}."
        yield bad(
            HERE, "broker", says, "Check proxy, firewall, TLS inspection and whether the app runs.", exit_code=AWAY
        )
    except (ValueError, LookupError, TypeError):
        yield bad(HERE, "broker", "Something else than the broker answers.", "Check BROKER_URL.")
    else:
        yield good(HERE, "broker", ", ".join(f"{part} {state}" for part, state in parts.items()))


def _roles(roles: list[str], object_id: str) -> Seen:
    held = [role for role in roles if role in OPERATORS]
    if "Consent.Read" in held:
        return good(HERE, "roles", " ".join(held))
    says = f"Consent.Read is missing; held: {' '.join(roles) or 'none'}."
    to_do = (
        f"Ask for app roles of the broker's enterprise application ({', '.join(OPERATORS)}) for the object id "
        f"{object_id}; then sign in anew."
    )
    return bad(HERE, "roles", says, to_do, exit_code=NOT_ALLOWED)
