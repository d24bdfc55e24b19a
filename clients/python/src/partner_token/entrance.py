"""The door of both commands: Click reads the words, and whatever goes wrong ends as lines on stderr and a code."""

import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from partner_token.exit_codes import DONE, INTERRUPTED, PERSON, USAGE
from partner_token.failures import failure_of, printable
from partner_token.printed import say, say_failure

# Longer words are tokens or secrets, whatever they were meant for; shorter ones begin like them.
LONGEST_WORD = 100
SECRET_BEGINNINGS = ("eyJ", "0.A", "1.A", "0.a", "1.a")
ARGUMENT_REFUSED = (
    "An argument looks like a token or secret. Arguments can be read by every process of the machine and stay in the "
    "shell's history: revoke it. Secrets come from a file, standard input or the environment."
)


def run(command: click.Command, program: str, arguments: list[str] | None) -> int:
    """Parse, work, and say on stderr what went wrong; the exit code tells the kind."""
    try:
        return _done(command, program, sys.argv[1:] if arguments is None else arguments)
    except click.ClickException as error:
        return _misused(program, error)
    except click.Abort as error:
        return _aborted(program, error)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read this has read enough (`| head`); Python would complain once more while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:  # noqa: BLE001 - the last door: a stack trace helps nobody who reads a terminal
        return say_failure(failure_of(error), who=program)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what libraries log of their own failures: it reaches the reader once, as ours."""
    loggers = [logging.getLogger(library) for library in ("azure", "msal", "urllib3")]
    before = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.CRITICAL + 1)
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def _done(command: click.Command, program: str, given: list[str]) -> int:
    if any(looks_secret(word) for word in given):
        raise click.UsageError(ARGUMENT_REFUSED)
    with _quiet():
        code = command.main(args=given, prog_name=program, standalone_mode=False)
    sys.stdout.flush()
    return code if isinstance(code, int) else DONE


def _misused(program: str, error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    if context is not None:
        say(re.sub(" {2,}", " ", context.get_usage()))
    # Click puts choices on lines of their own.
    sentence = re.sub(r"\s+", " ", error.format_message())
    say(f"{program}: {printable(sentence)}")
    return USAGE


def looks_secret(word: str) -> bool:
    """Whether a word of the command line is most likely a token, alone or behind `--option=`."""
    value = word.rpartition("=")[2] if word.startswith("-") else word
    return value.startswith(SECRET_BEGINNINGS) or (len(value) > LONGEST_WORD and not set(value) & set(" /\\"))


def _aborted(program: str, error: click.Abort) -> int:
    """Ctrl-C, or the end of what could be answered at a question."""
    if isinstance(error.__cause__ or error.__context__, EOFError):
        say(f"{program}: Nothing was changed.")
        return PERSON
    return INTERRUPTED
