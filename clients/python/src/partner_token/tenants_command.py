"""The verb partner-token tenants: which tenants this identity may ask for; and a company's name for one of them."""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from partner_token.exit_codes import DONE, USAGE
from partner_token.failures import Failed, Failure, printable
from partner_token.options import Asker, as_option, asking, consent_option, whose
from partner_token.printed import say, show_rows

if TYPE_CHECKING:
    from partner_token.pipeline import Connection

COLUMNS = {"tenant": "TENANT", "name": "NAME", "domain": "DOMAIN", "company": "COMPANY", "resources": "RESOURCES"}


@click.command()
@as_option
@consent_option
@asking
def tenants(asker: Asker, *, kind: str, consent: str) -> int:
    """The tenants that this identity may ask for, with their names, domains and resources.

    --as application tells where it may ask for tokens of the application, which other permissions allow.
    """
    named = whose(kind, consent)
    connection = asker.connection()
    try:
        found = listed(connection, named)
    finally:
        connection.close()
    show_rows(asker.output, found, found["tenants"], COLUMNS)
    if found["any_customer"]:
        say("Any other customer may be asked for too, by its tenant id or a domain.")
    return DONE


def listed(connection: "Connection", asked_as: Mapping[str, str]) -> dict[str, Any]:
    """All pages as one; raises BrokerError."""
    from partner_token.messages import answer_of
    from partner_token.tenants import PATH, page_query

    rows: list[Any] = []
    while True:
        query = page_query(asked_as, rows[-1]["tenant"] if rows else None)
        page = answer_of(connection.send(connection.broker.request("GET", PATH, query=query)))
        rows.extend(page["tenants"])
        if not page["next"] or not page["tenants"]:
            return {"tenants": rows, "any_customer": page["any_customer"]}


def tenant_of_company(connection: "Connection", company: str, consent: str) -> str | None:
    """The tenant of the one company of this name; None for none, and where nobody sits at the keyboard.

    Companies rename themselves: a script that names one would some day act on another. Raises Failed for several.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    named = company.strip().casefold()
    found = [
        row["tenant"]
        for row in listed(connection, {"consent": consent})["tenants"]
        if (row["company"] or "").casefold() == named
    ]
    if len(found) > 1:
        says = f"{len(found)} tenants are called {printable(company)}: {', '.join(found[:5])}."
        raise Failed(Failure(exit_code=USAGE, says=says, to_do="Name the tenant by its id."))
    if found:
        say(f"{printable(company)} is {found[0]}.")
    return found[0] if found else None
