"""partner-broker's verbs for the application's own tokens: stop them all, resume, and how it stands."""

import click

from partner_token.exit_codes import DONE, PERSON
from partner_token.options import Asker, asking
from partner_token.printed import show_facts


@click.group()
def application() -> None:
    """The application's own (app-only) tokens: one stop for all of them."""


@application.command()
@asking
def stop(asker: Asker) -> int:
    """Stop all tokens of the application, in every instance; tokens of people go on."""
    show_facts(asker.output, asker.operations().application_stop("PUT"))
    return DONE


@application.command()
@asking
def resume(asker: Asker) -> int:
    """Take the stop back."""
    show_facts(asker.output, asker.operations().application_stop("DELETE"))
    return DONE


@application.command()
@asking
def show(asker: Asker) -> int:
    """Say whether they are stopped, which tenants have left or were offboarded; ends with 1 when they are stopped."""
    told = asker.operations().application_stop("GET")
    show_facts(asker.output, told)
    return PERSON if told["stopped"] else DONE
