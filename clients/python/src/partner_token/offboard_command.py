"""partner-broker customers offboard: the end of a customer, shown first, and done once its name is typed."""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from partner_token.exit_codes import DONE, PERSON, of_batch, of_outcome
from partner_token.failures import Failed, Failure, printable
from partner_token.named_customers import tenant_of
from partner_token.options import Asker, asking, consent_option
from partner_token.printed import for_people, say, show_rows

if TYPE_CHECKING:
    from partner_token.operations import Operations

COLUMNS = {"kind": "WHAT", "name": "NAME", "outcome": "OUTCOME", "detail": "DETAIL"}
INCOMPLETE, THIS_INSTANCE = "incomplete", "this_instance"
UNDONE = frozenset({"left", "unverified"})


@click.command()
@click.argument("customer")
@click.option("--apply", is_flag=True, help="Do it; without it, what would go is told.")
@click.option("--yes", is_flag=True, help="Do not have the customer's name typed.")
@click.option("--undo", is_flag=True, help="The customer comes back: let tokens be issued for it again.")
@consent_option
@asking
def offboard(asker: Asker, *, customer: str, apply: bool, yes: bool, undo: bool, consent: str) -> int:
    """End the work for a customer: no token any more, and the applications out of its tenant. Before GDAP ends.

    It may be cut, and said again. What cannot be removed is named, with the reason and with what the customer's own
    administrator types.
    """
    if undo and (apply or yes):
        raise click.UsageError("--undo goes alone: it removes nothing")
    operations = asker.operations()
    tenant = tenant_of(operations, customer, consent)
    if undo:
        told = operations.return_customer(tenant)
        show_rows(asker.output, told, [told], {"tenant": "TENANT", "outcome": "OUTCOME"})
        return DONE
    plan = operations.offboard(tenant, consent, dry_run=True) if not (apply and yes) else None
    if plan is not None and not apply:
        _show(asker, plan)
        say("Nothing was changed; --apply does it.")
        return _exit_code(plan)
    if plan is not None:
        _show_plan(plan)
        _typed(_name_of(operations, tenant, consent))
    told = operations.offboard(tenant, consent, dry_run=False)
    _show(asker, told)
    say(
        f"No token is issued for it any more{_reach(told)}; those that went out live up to "
        f"{told['issued_tokens_live_minutes']} minutes."
    )
    return _exit_code(told)


def _show(asker: Asker, told: Mapping[str, Any]) -> None:
    rows = [_row(one) for one in told["items"]]
    columns = {**COLUMNS, "outcome": "WOULD BE"} if told["dry_run"] else COLUMNS
    show_rows(asker.output, told, rows, columns)
    if "error" in told["management"]:
        say(printable(f"The management application: {told['management']['says']}"))
    if told["commands"]:
        say("For what is left, run it again, or the customer's administrator types:")
        for command in told["commands"]:
            say(printable(f"  {command}"))


def _show_plan(told: Mapping[str, Any]) -> None:
    """For whoever is about to type the name: on stderr, since stdout belongs to what comes of it."""
    for one in told["items"]:
        say(printable(f"{one['kind']}  {one['name']}  would be: {one['outcome']}"))


def _row(item: Mapping[str, Any]) -> dict[str, Any]:
    parts = [str(item["says"]) if item.get("says") else ""]
    if item["outcome"] in UNDONE:
        parts.append(f"Needs {item['needs']}." if item.get("needs") else "")
        parts.append(str(for_people(item).get("remedy") or ""))
    return {**item, "detail": " ".join(part for part in parts if part) or None}


def _reach(told: Mapping[str, Any]) -> str:
    if told.get("reaches") == THIS_INSTANCE:
        return ", by the instance that answered (RESULTS_URL names no table)"
    within = told.get("within_seconds")
    return f", by any instance after {within} seconds" if within else ""


def _name_of(operations: "Operations", tenant: str, consent: str) -> str:
    """What is to be typed: the customer's name, or the tenant's id where no list has one."""
    found = operations.customers(consent)["customers"]
    return next((str(one["name"]) for one in found if one["tenant"] == tenant and one.get("name")), tenant)


def _typed(name: str) -> None:
    if not sys.stdin.isatty():
        raise click.UsageError("say --yes: there is nobody to ask")
    given = click.prompt(f"Type {printable(name)} to end the work for it", err=True, default="", show_default=False)
    if given.strip().casefold() != name.strip().casefold():
        raise Failed(Failure(exit_code=PERSON, says="That is not its name. Nothing was changed."))


def _exit_code(told: Mapping[str, Any]) -> int:
    if told["outcome"] != INCOMPLETE:
        return DONE
    undone = [one for one in told["items"] if one["outcome"] in UNDONE]
    return of_batch(of_outcome(str((one.get("act") or {}).get("name", ""))) for one in undone) or PERSON
