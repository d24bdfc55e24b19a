"""partner-broker customers exclude, include, excluded, history: who is kept out and why, and what changed for whom."""

from typing import Any

import click

from partner_token.exit_codes import DONE, of_outcome
from partner_token.failures import printable
from partner_token.named_customers import tenant_of
from partner_token.options import DEFAULT_CONSENT, Asker, asking, consent_option
from partner_token.printed import TABLE, for_people, say, show_rows

EXCLUDED_COLUMNS = {"tenant": "TENANT", "until": "UNTIL", "reason": "REASON", "by": "BY"}
HISTORY_COLUMNS = {"on": "ON", "resource": "RESOURCE", "before": "BEFORE", "outcome": "THEN", "number": "AADSTS"}
# Not a refusal: who leaves before a check has met the tenant, or comes, is kept out just so.
UNKNOWN = (
    "No check has met the tenant {tenant}. If the id is mistyped, let it in again: "
    "partner-broker customers include {tenant}"
)


@click.command()
@click.argument("customer")
@click.option("--reason", required=True, help="Why; kept on record with your object id.")
@click.option("--until", required=True, metavar="YYYY-MM-DD", help="The last day (UTC), at most a year from now.")
@asking
def exclude(asker: Asker, *, customer: str, reason: str, until: str) -> int:
    """Keep a customer out of checks, consents and alarms until a day. Callers get its tokens as before."""
    operations = asker.operations()
    tenant = tenant_of(operations, customer, DEFAULT_CONSENT)
    found = operations.exclude(tenant, {"reason": reason, "until": until})
    show_rows(asker.output, found, [found], EXCLUDED_COLUMNS)
    if found.get("known") is False:
        say(printable(UNKNOWN.format(tenant=tenant)))
    return DONE


@click.command()
@click.argument("customer")
@asking
def include(asker: Asker, *, customer: str) -> int:
    """Let a customer in again before its day: the next check tries it."""
    operations = asker.operations()
    found = operations.include(tenant_of(operations, customer, DEFAULT_CONSENT))
    show_rows(asker.output, found, [found], {"tenant": "TENANT", "outcome": "OUTCOME"})
    return DONE


@click.command()
@asking
def excluded(asker: Asker) -> int:
    """List the customers that are kept out: until when, why, and by whom."""
    told = asker.operations().status({})
    if told["unavailable"]:
        away = for_people(told["unavailable"])
        say(printable(f"what is known of customers: {away['error']}"))
        say(printable(f"  What to do: {away['remedy']}"))
        return of_outcome(str(told["unavailable"]["act"]["name"]))
    found: list[dict[str, Any]] = told["excluded"]
    show_rows(asker.output, found, found, EXCLUDED_COLUMNS)
    return DONE


@click.command()
@click.argument("customer")
@consent_option
@asking
def history(asker: Asker, *, customer: str, consent: str) -> int:
    """Show what changed for a customer in the last three months, the newest first."""
    operations = asker.operations()
    found = operations.history(tenant_of(operations, customer, consent), consent)
    if not found["changes"] and asker.output == TABLE:
        say("Nothing has changed, or no check has tried this customer by this consent.")
    show_rows(asker.output, found, found["changes"], HISTORY_COLUMNS)
    return DONE
