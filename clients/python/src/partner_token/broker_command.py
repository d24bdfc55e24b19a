"""The command partner-broker: what operators do with consents, customers and the access policy."""

import sys

import click

from partner_token import (
    act_commands,
    application_commands,
    check_command,
    consent_commands,
    customer_commands,
    policy_commands,
)
from partner_token.completion import completion_command
from partner_token.doctor_command import doctor
from partner_token.entrance import run
from partner_token.exit_codes import EPILOG
from partner_token.explained import explain
from partner_token.flush_command import flush
from partner_token.status_command import status
from partner_token.version import VERSION
from partner_token.whoami_command import whoami

PROGRAM = "partner-broker"
EXAMPLES = f"""\b
examples:
  partner-broker status                                     # which customers do not work, and what to do
  partner-broker link --login-hint ada@partner.example      # send the address to that person
  partner-broker list                                       # who consented, days left, what is wrong
  partner-broker check <tenant id> graph arm                # does it work there, and what to do where not
  partner-broker import partner < old-refresh-token.txt     # from an old script; never as an argument
  partner-broker customers consent --all                    # what would be done; --apply does it
  partner-broker policy lint policy-1.json
  partner-broker doctor                                     # what is set up, here and at the broker

\b
Sign in with az login as somebody who has an app role of the broker: Consent.Read,
Consent.Manage, Customers.Read, Customers.Manage, Policy.Read. `partner-broker COMMAND --help`
says more, and which errors ask for it.

\b
{EPILOG}
"""


@click.group(epilog=EXAMPLES, context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100})
@click.version_option(VERSION, message="%(prog)s %(version)s")
def partner_broker() -> None:
    """Look after a Secure Application Model broker: consents, customers' tenants, the access policy."""


for _verb in (
    status,
    consent_commands.link,
    consent_commands.revoke_links,
    consent_commands.list_all,
    consent_commands.show,
    check_command.check,
    consent_commands.withdraw,
    consent_commands.restore,
    act_commands.import_token,
    act_commands.device,
    customer_commands.customers,
    flush,
    policy_commands.policy,
    application_commands.application,
    whoami,
    doctor,
    completion_command(lambda: (partner_broker, PROGRAM)),
):
    partner_broker.add_command(_verb)
    explain(_verb, _verb.name or "")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit code says how it went."""
    return run(partner_broker, PROGRAM, arguments)


if __name__ == "__main__":
    sys.exit(main())
