"""partner-broker's commands for consents: link, list, show, check, withdraw, restore, import, device."""

import argparse
import getpass
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from partner_token.command_line import DONE, REFUSED, UsageError, connected, say, show_json
from partner_token.operations import Operations

WORKS = "works"
LIST_COLUMNS = {"name": "CONSENT", "status": "STATUS", "days_left": "DAYS", "username": "PERSON", "error": "ERROR"}
CHECK_COLUMNS = {"tenant": "TENANT", "resource": "RESOURCE", "outcome": "OUTCOME", "remedy": "REMEDY"}


def add(commands: Any, shared: argparse.ArgumentParser, default: str) -> None:  # noqa: ANN401 - argparse has no public type
    """Add them to a command line."""

    def command(name: str, work: Any, sentence: str) -> argparse.ArgumentParser:  # noqa: ANN401 - a function
        parser: argparse.ArgumentParser = commands.add_parser(
            name, parents=[shared], help=sentence, description=sentence
        )
        parser.set_defaults(work=work)
        return parser

    def consent(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
        parser.add_argument("consent", nargs="?", default=default, help="its name (default: %(default)s)")
        return parser

    link_parser = consent(command("link", link, "Make a one-time link for a person to consent through."))
    _person_options(link_parser)
    link_parser.add_argument("--minutes", type=int, help="how long it is good (default: 30, at most 1440)")
    command("list", list_all, "List all consents, the most urgent first.")
    consent(command("show", show, "Show one consent."))
    check_parser = command("check", check, "Try tenants and resources by real exchanges; any number, 25 a request.")
    check_parser.add_argument("tenant", nargs="?", help="a tenant id, or home; without it, pairs come from stdin")
    check_parser.add_argument("resource", nargs="*", default=[], help="graph, arm, exchange, ... (default: graph)")
    check_parser.add_argument("--consent", default=default, help="which consent (default: %(default)s)")
    withdraw_parser = consent(command("withdraw", withdraw, "End a consent: no token is issued any more."))
    withdraw_parser.add_argument("--yes", action="store_true", help="do not ask")
    consent(command("restore", restore, "Take a withdrawal back."))
    _person_options(consent(command("import", import_token, "Import a refresh token; it is read from stdin.")))
    _person_options(consent(command("device", device, "Sign a person in with a device code, where no link works.")))


def link(options: argparse.Namespace) -> int:
    """Print the address to send."""
    fields = _person(options) | ({"expires_in_minutes": options.minutes} if options.minutes else {})
    made = _operations(options).link(options.consent, fields)
    if options.json:
        show_json(made)
    else:
        print(made["url"])
        say(f"Good once, until {made['expires_on']}. Send it to the person who consents; opening it changes nothing.")
    return DONE


def list_all(options: argparse.Namespace) -> int:
    """A table, the most urgent first."""
    found = _operations(options).list_all()
    if options.json:
        show_json(found)
        return DONE
    show_table(found["consents"], LIST_COLUMNS)
    for name in found["damaged"]:
        say(f"{name}: damaged or disabled in the vault")
    application = found["application"]
    if application["error"]:
        say(f"the application: {application['error']}: {application['remedy']}")
    elif application["days_left"] is not None:
        say(f"the application's {application['credential']} has {application['days_left']} days left")
    return DONE


def show(options: argparse.Namespace) -> int:
    """One consent, a line for each fact."""
    found = _operations(options).show(options.consent)
    show_json(found) if options.json else show_facts(found)
    return DONE


def check(options: argparse.Namespace) -> int:
    """Outcomes as they come; refused unless all work."""
    if options.tenant:
        pairs = [{"tenant": options.tenant, "resource": resource} for resource in options.resource or ["graph"]]
    else:
        pairs = list(_pairs_of_stdin())
    outcomes = []
    for outcome in _operations(options).check(options.consent, pairs):
        outcomes.append(outcome)
        if len(pairs) > 1 and sys.stderr.isatty():
            say(f"{len(outcomes)} of {len(pairs)}")
    show_json(outcomes) if options.json else show_table(outcomes, CHECK_COLUMNS)
    return DONE if all(outcome["outcome"] == WORKS for outcome in outcomes) else REFUSED


def withdraw(options: argparse.Namespace) -> int:
    """End a consent, once somebody has said yes."""
    if not options.yes:
        if not sys.stdin.isatty():
            raise UsageError("say --yes: there is nobody to ask")
        if input(f"End the consent {options.consent}? No token is issued any more. [yes/no] ") != "yes":
            say("Nothing was changed.")
            return REFUSED
    return _told(options, _operations(options).withdraw(options.consent))


def restore(options: argparse.Namespace) -> int:
    """Take a withdrawal back."""
    return _told(options, _operations(options).restore(options.consent))


def import_token(options: argparse.Namespace) -> int:
    """Import what stdin holds; typed, it is not shown."""
    given = getpass.getpass("Refresh token: ") if sys.stdin.isatty() else sys.stdin.read()
    if not given.strip():
        raise UsageError("the refresh token comes from stdin: partner-broker import < file")
    told = _operations(options).import_token(options.consent, given.strip(), _person(options))
    code = _told(options, told)
    say("Only a new refresh token is stored. Delete the old one where it lay; it stays good until then.")
    return code


def device(options: argparse.Namespace) -> int:
    """Tell the person what to type where, and wait."""
    operations = _operations(options)
    started = operations.device(options.consent, _person(options))
    say(started["message"])
    sealed, interval = started["device"], started["interval"]
    while True:
        time.sleep(interval)
        told = operations.poll(options.consent, sealed)
        if told["status"] != "pending":
            return _told(options, told)
        sealed, interval = told["device"], told["interval"]


def show_table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> None:
    """Rows under headings, aligned; what is not there is a dash."""
    table = [list(columns.values()), *([_text(row.get(name)) for name in columns] for row in rows)]
    widths = [max(len(line[index]) for line in table) for index in range(len(columns))]
    for line in table:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def show_facts(facts: Mapping[str, Any]) -> None:
    """A line for each fact."""
    width = max(len(name) for name in facts)
    for name, fact in facts.items():
        print(f"{name.ljust(width)}  {_text(fact)}")


def _text(fact: Any) -> str:  # noqa: ANN401 - JSON
    # A username is whatever its tenant made it; a terminal must not obey it.
    text = "-" if fact is None else str(fact)
    return "".join(character if character.isprintable() else "?" for character in text)


def _told(options: argparse.Namespace, told: Mapping[str, Any]) -> int:
    show_json(told) if options.json else show_facts(told)
    return DONE


def _operations(options: argparse.Namespace) -> Operations:
    return Operations(connected(options))


def _person_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--login-hint", metavar="USERNAME", help="for whom; another account is refused")
    parser.add_argument("--person", metavar="OBJECT_ID", help="the one person who may")
    parser.add_argument("--tenant", dest="consent_tenant", metavar="ID", help="another tenant than the partner's own")
    parser.add_argument("--new-person", action="store_true", help="somebody else takes an existing consent over")


def _person(options: argparse.Namespace) -> dict[str, Any]:
    given = {"login_hint": options.login_hint, "person": options.person, "tenant": options.consent_tenant}
    fields: dict[str, Any] = {name: text for name, text in given.items() if text}
    return {**fields, "new_person": True} if options.new_person else fields


def _pairs_of_stdin() -> Iterator[dict[str, str]]:
    """Lines of "tenant resource"; without a resource, graph. Raises UsageError when there is none."""
    if sys.stdin.isatty():
        raise UsageError("name a tenant, or give lines of `tenant resource` on stdin")
    for line in sys.stdin:
        words = line.split()
        if words and not words[0].startswith("#"):
            yield {"tenant": words[0], "resource": words[1] if len(words) > 1 else "graph"}
