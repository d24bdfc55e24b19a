"""The command partner-broker: what operators do with consents, customers and the access policy."""

import argparse
import sys
from typing import Any

from partner_token import consent_commands, customer_commands, policy_commands
from partner_token.command_line import EXIT_CODES, add_broker_options, run
from partner_token.credential import DEFAULT_CONSENT

DESCRIPTION = "Look after a Secure Application Model broker: consents, customers' tenants, the access policy."
EXAMPLES = f"""\
examples:
  partner-broker link --login-hint ada@partner.example      # send the address to that person
  partner-broker list                                       # who consented, how many days are left, what is wrong
  partner-broker check contoso.example graph arm            # does it work there, and what to do where it does not
  partner-broker withdraw partner
  partner-broker import partner < old-refresh-token.txt     # from an old script; never as an argument
  partner-broker customers consent --all                    # what would be done; --apply does it
  partner-broker policy lint policy-1.json

Sign in with `az login` as somebody who has an app role of the broker (Consent.Read, Consent.Manage,
Customers.Manage). `partner-broker COMMAND --help` says more. {EXIT_CODES}
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit code says how it went."""
    return run(_parser(), lambda options: int(options.work(options)), arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="partner-broker",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    shared = argparse.ArgumentParser(add_help=False)
    add_broker_options(shared)
    shared.add_argument("--json", action="store_true", help="the broker's own answer, as JSON")
    commands: Any = parser.add_subparsers(metavar="COMMAND", required=True)
    consent_commands.add(commands, shared, DEFAULT_CONSENT)
    customer_commands.add(commands, shared, DEFAULT_CONSENT)
    policy_commands.add(commands, shared)
    return parser


if __name__ == "__main__":
    sys.exit(main())
