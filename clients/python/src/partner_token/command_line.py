"""What both commands share: options, exit codes, and one place that turns a failure into a line on stderr."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from typing import Any

from azure.core.exceptions import ClientAuthenticationError

from partner_token.errors import BrokerError
from partner_token.identity import AUTOMATIC, KINDS, own_identity
from partner_token.messages import Broker
from partner_token.pipeline import Connection

DONE, REFUSED, USAGE, TRY_AGAIN, INTERRUPTED = 0, 1, 2, 3, 130
EXIT_CODES = "exit codes: 0 done, 1 refused, 2 wrong use, 3 try again later"


class UsageError(ValueError):
    """The command was used wrongly; the sentence says how to use it."""


def add_broker_options(parser: argparse.ArgumentParser) -> None:
    """Where the broker is, and who asks."""
    group = parser.add_argument_group("the broker, and who asks")
    group.add_argument(
        "--broker-url", default=os.environ.get("BROKER_URL"), metavar="URL", help="its address (or BROKER_URL)"
    )
    group.add_argument(
        "--audience",
        default=os.environ.get("BROKER_AUDIENCE"),
        metavar="URI",
        help="its identifier URI, such as api://<its client id> (or BROKER_AUDIENCE)",
    )
    group.add_argument(
        "--identity",
        choices=KINDS,
        default=AUTOMATIC,
        help="a managed identity, a pipeline's workload identity, or az login; auto takes what is set up here",
    )


def connected(options: argparse.Namespace) -> Connection:
    """A connection as the options say; raises UsageError."""
    if not options.broker_url or not options.audience:
        raise UsageError("say which broker: --broker-url and --audience, or BROKER_URL and BROKER_AUDIENCE")
    try:
        broker = Broker(options.broker_url, options.audience)
    except ValueError as error:
        raise UsageError(str(error)) from error
    return Connection(broker, own_identity(options.identity))


def run(parser: argparse.ArgumentParser, work: Callable[[argparse.Namespace], int], arguments: list[str] | None) -> int:
    """Parse, work, and say on stderr what went wrong; the exit code tells the kind."""
    options = parser.parse_args(arguments)
    try:
        return work(options)
    except UsageError as error:
        say(f"{parser.prog}: {error}")
        return USAGE
    except BrokerError as error:
        say(f"{parser.prog}: {error}")
        return TRY_AGAIN if error.transient else REFUSED
    except ClientAuthenticationError as error:
        # azure-identity's: nobody is signed in here.
        say(f"{parser.prog}: no token for the broker: {error.message.splitlines()[0] if error.message else error}")
        return REFUSED
    except BrokenPipeError:
        # Whoever read this has read enough (`| head`); Python would complain once more while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        return INTERRUPTED


def say(line: str) -> None:
    """One line for people, on stderr: stdout belongs to what was asked for."""
    print(line, file=sys.stderr, flush=True)


def show_json(content: Any) -> None:  # noqa: ANN401 - JSON
    """JSON on stdout."""
    print(json.dumps(content, indent=2))
