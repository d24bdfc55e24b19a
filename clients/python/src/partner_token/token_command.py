"""The command partner-token: one access token for a customer's tenant, for scripts."""

import argparse
import json
import shlex
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from partner_token.command_line import DONE, EXIT_CODES, UsageError, add_broker_options, connected, run
from partner_token.credential import DEFAULT_CONSENT
from partner_token.messages import answer_of

PLAIN, JSON, ENV, EXEC = "plain", "json", "env", "exec"
DESCRIPTION = "An access token for one customer's tenant and one API, out of the consent that the broker keeps."
EXAMPLES = f"""\
examples:
  token=$(partner-token contoso graph)
  curl -H "Authorization: Bearer $(partner-token contoso graph)" https://graph.microsoft.com/v1.0/organization
  eval "$(partner-token contoso arm --output env)"          # sets ACCESS_TOKEN and ACCESS_TOKEN_EXPIRES_ON
  partner-token bbbb0000-1111-4222-8333-444444440001 --scope https://vault.azure.net/.default --output json

TENANT is a tenant id, a name of the broker's access policy, or home. A token lives 60 to 90 minutes: ask again
rather than keep it, the broker answers from its memory. kubectl and its like take --output exec.

{EXIT_CODES}
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit code says how it went."""
    return run(_parser(), issue, arguments)


def issue(options: argparse.Namespace) -> int:
    """Ask for a token and write it in the form that was asked for."""
    if (options.resource is None) == (options.scope is None):
        raise UsageError("name one of RESOURCE and --scope")
    if options.output is None and sys.stdout.isatty():
        raise UsageError("this would show a token on the screen; say --output plain if that is what you want")
    fields: dict[str, Any] = {"tenant": options.tenant, "consent": options.consent}
    fields |= {"scope": options.scope} if options.scope else {"resource": options.resource}
    if options.min_lifetime is not None:
        fields["min_lifetime"] = options.min_lifetime
    connection = connected(options)
    try:
        answer = answer_of(connection.send(connection.broker.request("POST", "token", fields)))
    finally:
        connection.close()
    print(_WRITTEN[options.output or PLAIN](answer))
    return DONE


def _env(answer: Mapping[str, Any]) -> str:
    values = {"ACCESS_TOKEN": answer["access_token"], "ACCESS_TOKEN_EXPIRES_ON": answer["expires_on"]}
    return "\n".join(f"export {name}={shlex.quote(str(value))}" for name, value in values.items())


def _exec(answer: Mapping[str, Any]) -> str:
    """What kubectl's credential plugins write (client.authentication.k8s.io/v1, ExecCredential)."""
    ends = datetime.fromtimestamp(int(answer["expires_on"]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    status = {"token": answer["access_token"], "expirationTimestamp": ends}
    return json.dumps({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status})


_WRITTEN: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    PLAIN: lambda answer: str(answer["access_token"]),
    JSON: lambda answer: json.dumps(answer, indent=2),
    ENV: _env,
    EXEC: _exec,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="partner-token",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("tenant", metavar="TENANT", help="whose: a tenant id, a policy's name for it, or home")
    parser.add_argument("resource", metavar="RESOURCE", nargs="?", help="for what: graph, arm, exchange, a URI, an id")
    parser.add_argument("--scope", help="instead of RESOURCE: one scope with its resource")
    parser.add_argument("--consent", default=DEFAULT_CONSENT, help="out of which consent (default: %(default)s)")
    parser.add_argument("--min-lifetime", type=int, metavar="SECONDS", help="a token that lives at least so long yet")
    parser.add_argument(
        "--output", "-o", choices=tuple(_WRITTEN), help="plain (default, not to a screen), json, env, exec"
    )
    add_broker_options(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
