"""partner-broker's verbs for stored consents: link, list, show, withdraw, restore."""

from collections.abc import Callable, Mapping
from typing import Any

import click

from partner_token.exit_codes import DONE, PERSON
from partner_token.failures import printable
from partner_token.options import Asker, asking, confirmed, consent_argument
from partner_token.printed import TABLE, for_people, say, show_facts, show_rows

LIST_COLUMNS = {"name": "CONSENT", "status": "STATUS", "days_left": "DAYS", "username": "PERSON", "error": "ERROR"}
LOST, WITHDRAWN, IN_FORCE = "lost", "withdrawn", "in_force"
LONGEST_MINUTES = 1440
NONE_YET = "No consent has been given yet: partner-broker link, and send the address to the person who consents."


def person_options(work: Callable[..., int]) -> Callable[..., int]:
    """Whom a consent is asked of."""
    for option in (
        click.option("--new-person", is_flag=True, help="Somebody else takes an existing consent over."),
        click.option("--tenant", "consent_tenant", metavar="ID", help="Another tenant than the partner's own."),
        click.option("--person", metavar="OBJECT_ID", help="The one person who may."),
        click.option("--login-hint", metavar="USERNAME", help="For whom; another account is refused."),
    ):
        work = option(work)
    return work


def person_fields(
    *, login_hint: str | None, person: str | None, consent_tenant: str | None, new_person: bool
) -> dict[str, Any]:
    """The same as a request has them."""
    given = {"login_hint": login_hint, "person": person, "tenant": consent_tenant}
    fields: dict[str, Any] = {name: text for name, text in given.items() if text}
    return {**fields, "new_person": True} if new_person else fields


@click.command()
@consent_argument
@click.option(
    "--minutes",
    type=click.IntRange(1, LONGEST_MINUTES),
    help="How long it is good: 1 to 1440; 30 unless said otherwise.",
)
@person_options
@asking
def link(asker: Asker, *, consent: str, minutes: int | None, **person: Any) -> int:  # noqa: ANN401 - Click's
    """Make a one-time link for a person to consent through."""
    fields = person_fields(**person) | ({} if minutes is None else {"expires_in_minutes": minutes})
    made = asker.operations().link(consent, fields)
    if asker.output == TABLE:
        click.echo(made["url"])
        say(f"Good once, until {made['expires_on']}. Send it to the person who consents; opening it changes nothing.")
    else:
        show_facts(asker.output, made)
    return DONE


@click.command("revoke-links")
@consent_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
@asking
def revoke_links(asker: Asker, *, consent: str, yes: bool) -> int:
    """Make all links of a consent void that nobody has used yet. It cannot be taken back; a new link can be made."""
    operations = asker.operations()
    confirmed(f"Make all unused links of {consent} void? Whoever was sent one needs a new one.", yes=yes)
    show_facts(asker.output, operations.revoke_links(consent))
    return DONE


@click.command("list")
@asking
def list_all(asker: Asker) -> int:
    """List all consents, the most urgent first; ends with 1 when one is lost, or the application is at fault."""
    found = asker.operations().list_all()
    show_rows(asker.output, found, [_with_number(row) for row in found["consents"]], LIST_COLUMNS)
    if not found["consents"] and not found["damaged"]:
        say(NONE_YET)
    for row in found["consents"]:
        _say_trouble(f"{row['name']}: {row['status']}", row)
    for name in found["damaged"]:
        say(f"{name}: damaged or disabled in the vault\n  What to do: enable or restore the secret consent-{name}.")
    application = found["application"]
    _say_trouble("the application", application)
    if not application["error"] and application["days_left"] is not None:
        say(f"the application's {application['credential']} has {application['days_left']} days left")
    lost = any(row["status"] == LOST for row in found["consents"])
    return PERSON if lost or found["damaged"] or application["error"] else DONE


@click.command()
@consent_argument
@asking
def show(asker: Asker, *, consent: str) -> int:
    """Show one consent; ends with 1 when it is lost."""
    found = asker.operations().show(consent)
    show_facts(asker.output, found)
    return PERSON if found["status"] == LOST else DONE


@click.command()
@consent_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
@asking
def withdraw(asker: Asker, *, consent: str, yes: bool) -> int:
    """End a consent: no token is issued any more. `restore` takes it back."""
    operations = asker.operations()
    confirmed(f"End the consent {consent}? No token is issued any more.", yes=yes)
    show_facts(asker.output, operations.withdraw(consent))
    return DONE


@click.command()
@consent_argument
@asking
def restore(asker: Asker, *, consent: str) -> int:
    """Take a withdrawal back."""
    told = asker.operations().restore(consent)
    show_facts(asker.output, told)
    if told["status"] == IN_FORCE:
        say(f"Nothing was restored: {consent} is not withdrawn, it is in force as it was.")
    return DONE


def _with_number(row: Mapping[str, Any]) -> dict[str, Any]:
    """The error with Entra ID's number, in one cell."""
    number = row.get("authority_code")
    return {**row, "error": f"{row['error']} (AADSTS{number})"} if row.get("error") and number else dict(row)


def _say_trouble(who: str, row: Mapping[str, Any]) -> None:
    if row.get("error"):
        told = for_people(_with_number(row))
        say(printable(f"{who}: {told['error']}"))
        say(printable(f"  What to do: {told['remedy']}"))
