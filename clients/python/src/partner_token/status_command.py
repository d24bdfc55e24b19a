"""partner-broker status: what works, what does not, and what to do, with what needs a person first."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from partner_token.exit_codes import DONE, PERSON, of_outcome
from partner_token.failures import printable
from partner_token.options import Asker, asking
from partner_token.printed import TABLE, for_people, say, show_rows

COLUMNS = {
    "tenant": "TENANT",
    "name": "NAME",
    "as": "AS",
    "resource": "RESOURCE",
    "outcome": "OUTCOME",
    "since": "SINCE",
}
LOST, WITHDRAWN = "lost", "withdrawn"
LISTS = ("failing", "works")
MFA_WANTED, NAMED = frozenset({"no", "missing"}), 5


@click.command()
@click.option("--all", "everything", is_flag=True, help="What works, too.")
@click.option(
    "--customer", metavar="NAME", default="", help="A tenant id or a part of a name: all that is known of it."
)
@asking
def status(asker: Asker, *, everything: bool, customer: str) -> int:
    """Say which customers do not work, by cause, and how the application and the consents are.

    It tells what the daily check has found, and asks no customer's tenant. Ends with 1 when something needs a person,
    with 3 when all that is wrong is that the results cannot be reached.
    """
    found = _whole(asker, {**({"all": "1"} if everything else {}), **({"customer": customer} if customer else {})})
    needs = list(_needs(found))
    if asker.output == TABLE:
        for line in needs:
            say(printable(line))
    rows = [row for cause in found["failing"] for row in cause["customers"]] + found["works"]
    if rows or asker.output != TABLE:
        show_rows(asker.output, found, rows, COLUMNS)
    say(_last(found))
    if needs and _is_only_away(found, needs):
        return of_outcome(found["unavailable"]["act"]["name"])
    return PERSON if needs else DONE


def _is_only_away(found: Mapping[str, Any], needs: Sequence[str]) -> bool:
    """Whether nothing is wrong but that nothing can be told of customers: a broker of before has told no act."""
    away = found["unavailable"]
    return bool(away and away.get("act")) and [*_of_what_is_away(found)] == [*needs]


def _whole(asker: Asker, query: Mapping[str, str]) -> dict[str, Any]:
    """All pages as one."""
    operations = asker.operations()
    found = page = operations.status(query)
    while page["next"]:
        page = operations.status({**query, "after": page["next"]})
        for name in LISTS:
            found[name] = [*found[name], *page[name]]
    return {**found, "next": None}


def _needs(found: Mapping[str, Any]) -> Iterator[str]:
    """A line for each thing that somebody has to do, the widest first."""
    if found["application"]["error"]:
        yield from _trouble("the application", found["application"])
    for name in found["damaged"]:
        yield f"{name}: damaged or disabled in the vault"
    for consent in found["consents"]:
        if consent["status"] != WITHDRAWN and consent["error"]:
            yield from _trouble(f"the consent {consent['name']}, {consent['days_left']} days left", consent)
    yield from _of_what_is_away(found)
    yield from _of_customers(found)


def _of_what_is_away(found: Mapping[str, Any]) -> Iterator[str]:
    if found["unavailable"]:
        yield from _trouble("what is known of customers", found["unavailable"])


def _of_customers(found: Mapping[str, Any]) -> Iterator[str]:
    """What does not work or will not soon; a broker of before has told less."""
    check = found.get("check") or {}
    if check.get("silent"):
        yield f"the check of customers: no run has ended since {check['ended_on'] or 'the first consent'}"
        yield f"  What to do: {check['remedy']}"
    for person in found.get("persons", ()):
        yield from _person(person)
    for cause in found["failing"]:
        number = f" (AADSTS{cause['authority_code']})" if cause["authority_code"] else ""
        yield f"{len(cause['customers'])} x {cause['cause']}{number}: {cause['says'] or ''}"
        yield f"  What to do: {for_people(cause)['remedy']}"
    ending = found.get("ending", ())
    for one in ending:
        left = f"{one['days_left']} days left" if one["status"] == "active" else one["status"]
        yield f"delegation of {one['name'] or one['tenant']}: {left}"
    if ending:
        yield f"  What to do: {ending[0]['remedy']}"


def _person(person: Mapping[str, Any]) -> Iterator[str]:
    """What the person of one consent lacks; that it cannot be seen is no trouble of today's."""
    if not person["act"]:
        return
    if person["mfa"] in MFA_WANTED:
        yield f"the person of {person['consent']}: Partner Center sees no MFA ({person['mfa']})"
    if person["roleless_count"]:
        names = ", ".join(one["name"] or one["tenant"] for one in person["roleless"][:NAMED])
        more = ", ..." if person["roleless_count"] > NAMED else ""
        yield f"the person of {person['consent']} has no role at {person['roleless_count']} customers: {names}{more}"
    yield f"  What to do: {for_people(person)['remedy']}"


def _trouble(who: str, row: Mapping[str, Any]) -> Iterator[str]:
    told = for_people(row)
    number = f" ({told['authority_code']})" if row.get("authority_code") else ""
    yield f"{who}: {told['error']}{number}"
    yield f"  What to do: {told['remedy']}"


def _last(found: Mapping[str, Any]) -> str:
    names = [str(one["name"] or one["tenant"]) for one in found["new"]]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    new = f"new within a week: {printable(', '.join(names[:NAMED]))}{more}; " if names else ""
    run = found["last_run"]
    return f"{new}last checked {run['ended_on']}" if run else f"{new}no check has run yet"
