"""partner-broker's verbs that bring a consent another way than by a link: import, device."""

import os
import sys
import time
from pathlib import Path
from typing import Any

import click

from partner_token.consent_commands import person_fields, person_options
from partner_token.entrance import ARGUMENT_REFUSED
from partner_token.exit_codes import DONE
from partner_token.failures import printable
from partner_token.options import Asker, asking, consent_argument
from partner_token.printed import say, show_facts


@click.command("import")
@consent_argument
@click.argument("misplaced", nargs=-1, metavar="")
@click.option("--file", type=click.Path(path_type=Path), help="Read the refresh token from this file.")
@click.option("--env", "variable", metavar="NAME", help="Read it from this environment variable.")
@click.option("--refresh-token", "argument", hidden=True, help="Refused: arguments can be read by every process.")
@person_options
@asking
def import_token(
    asker: Asker,
    *,
    consent: str,
    misplaced: tuple[str, ...],
    file: Path | None,
    variable: str | None,
    argument: str | None,
    **person: Any,  # noqa: ANN401 - Click's
) -> int:
    """Import a refresh token, from standard input unless --file or --env says otherwise; never as an argument."""
    if misplaced or argument is not None:
        raise click.UsageError(ARGUMENT_REFUSED)
    given = _given(file, variable).strip()
    if not given:
        raise click.UsageError("there is no refresh token in it: partner-broker import < file")
    told = asker.operations().import_token(consent, given, person_fields(**person))
    show_facts(asker.output, told)
    say("Only a new refresh token is stored. Delete the old one where it lay; it stays good until then.")
    return DONE


@click.command()
@consent_argument
@person_options
@asking
def device(asker: Asker, *, consent: str, **person: Any) -> int:  # noqa: ANN401 - Click's
    """Sign a person in with a device code, where no link works."""
    operations = asker.operations()
    started = operations.device(consent, person_fields(**person))
    say(printable(started["message"]))
    sealed, interval = started["device"], started["interval"]
    while True:
        time.sleep(interval)
        told = operations.poll(consent, sealed)
        if told["status"] != "pending":
            show_facts(asker.output, told)
            return DONE
        sealed, interval = told["device"], told["interval"]


def _given(file: Path | None, variable: str | None) -> str:
    if file is not None and variable is not None:
        raise click.UsageError("say one of --file and --env")
    if variable is not None:
        return os.environ.get(variable, "")
    if file is None:
        typed = sys.stdin.isatty()
        return str(click.prompt("Refresh token", hide_input=True, err=True)) if typed else sys.stdin.read()
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"the file cannot be read ({type(error).__name__})") from error
