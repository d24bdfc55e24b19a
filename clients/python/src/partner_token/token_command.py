"""The command partner-token: one access token for a customer's tenant, for scripts."""

import json
import shlex
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from partner_token.completion import completion_command
from partner_token.entrance import run
from partner_token.exit_codes import DONE, EPILOG
from partner_token.options import Asker, as_option, asking_in_own_form, consent_option, whose
from partner_token.tenants_command import tenant_of_company, tenants
from partner_token.version import VERSION
from partner_token.whoami_command import whoami

if TYPE_CHECKING:
    from partner_token.pipeline import Connection

PROGRAM = "partner-token"
PLAIN, HEADER, JSON, ENV, EXEC = "plain", "header", "json", "env", "exec"
EXAMPLES = f"""\b
examples:
  token=$(partner-token contoso graph)
  partner-token contoso graph -o header | curl -H @- https://graph.microsoft.com/v1.0/organization
  eval "$(partner-token contoso arm --output env)"     # sets ACCESS_TOKEN and ACCESS_TOKEN_EXPIRES_ON
  partner-token bbbb0000-1111-4222-8333-444444440001 --scope https://vault.azure.net/.default -o json
  partner-token contoso graph --as application -o json # of the application itself, where a policy row says so
  partner-token tenants                                # which tenants this identity may ask for
  partner-token whoami                                 # the object id for the policy, and the roles
  partner-token completion bash                        # or zsh, fish, powershell

\b
A token lives 60 to 90 minutes: ask again rather than keep it, the broker answers from its memory.
As an argument every process of the machine could read it: --output header is for curl's -H @-.
kubectl and its like take --output exec.

\b
{EPILOG}
"""


def _env(answer: Mapping[str, Any]) -> str:
    values = {"ACCESS_TOKEN": answer["access_token"], "ACCESS_TOKEN_EXPIRES_ON": answer["expires_on"]}
    return "\n".join(f"export {name}={shlex.quote(str(value))}" for name, value in values.items())


def _exec(answer: Mapping[str, Any]) -> str:
    """What kubectl's credential plugins write (client.authentication.k8s.io/v1, ExecCredential)."""
    ends = datetime.fromtimestamp(int(answer["expires_on"]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    status = {"token": answer["access_token"], "expirationTimestamp": ends}
    return json.dumps({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status})


FORMS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    PLAIN: lambda answer: str(answer["access_token"]),
    HEADER: lambda answer: f"Authorization: Bearer {answer['access_token']}",
    JSON: lambda answer: json.dumps(answer, indent=2),
    ENV: _env,
    EXEC: _exec,
}


@click.command(epilog=EXAMPLES)
@click.argument("tenant")
@click.argument("resource", required=False)
@click.option("--scope", help="Instead of RESOURCE: one scope with its resource.")
@as_option
@consent_option
@click.option("--min-lifetime", type=click.IntRange(1), metavar="SECONDS", help="It lives at least so long yet.")
@click.option("--fresh", is_flag=True, help="At most a minute old, after something changed there.")
@click.option("--output", "-o", "form", type=click.Choice(tuple(FORMS)), help="plain unless said, never to a screen.")
@asking_in_own_form
def issue(  # noqa: PLR0913 - one for each of its options
    asker: Asker,
    *,
    tenant: str,
    resource: str | None,
    scope: str | None,
    kind: str,
    consent: str,
    min_lifetime: int | None,
    fresh: bool,
    form: str | None,
) -> int:
    """An access token for one customer's tenant and one API, out of the consent that the broker keeps.

    TENANT is a tenant id, a name of the broker's access policy, a verified domain, or home; at a keyboard also the name
    of a company, if only one has it. RESOURCE is graph, arm, exchange, a URI, an
    application id.
    """
    if (resource is None) == (scope is None):
        raise click.UsageError("name one of RESOURCE and --scope")
    if form is None and sys.stdout.isatty():
        raise click.UsageError("this would show a token on the screen; say --output plain if that is what you want")
    fields: dict[str, Any] = {"tenant": tenant, **whose(kind, consent)}
    fields |= {"scope": scope} if scope else {"resource": resource}
    if min_lifetime is not None:
        fields["min_lifetime"] = min_lifetime
    if fresh:
        fields["fresh"] = True
    connection = asker.connection()
    from partner_token.messages import token_of

    try:
        answer = _asked(connection, fields)
    finally:
        connection.close()
    token_of(answer)
    click.echo(FORMS[form or PLAIN](answer))
    return DONE


def _asked(connection: "Connection", fields: dict[str, Any]) -> dict[str, Any]:
    """The answer; of a person at a keyboard a company's name is taken too, where it is one company's alone."""
    from partner_token.errors import BrokerError
    from partner_token.messages import answer_of

    try:
        return answer_of(connection.send(connection.broker.request("POST", "token", fields)))
    except BrokerError as error:
        company = fields["tenant"] if error.code == "tenant_name_unknown" and "consent" in fields else None
        tenant_id = tenant_of_company(connection, company, fields["consent"]) if company else None
        if tenant_id is None:
            raise
    return answer_of(connection.send(connection.broker.request("POST", "token", {**fields, "tenant": tenant_id})))


class _TokenCommand(click.Group):
    """`partner-token TENANT RESOURCE`, and beside it verbs: whatever is none of them is a tenant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] in self.commands:
            return super().resolve_command(ctx, args)
        return None, issue, args

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As Click does it, but for nothing at all."""
        if not args and not ctx.resilient_parsing:
            ctx.fail("name a tenant and a resource; --help shows how")
        return super().parse_args(ctx, args)

    def get_help(self, ctx: click.Context) -> str:
        """The help of what it is for."""
        return issue.get_help(click.Context(issue, info_name=ctx.info_name))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The options of a token beside the verbs."""
        found = super().shell_complete(ctx, incomplete)
        known = {item.value for item in found}
        own = issue.shell_complete(click.Context(issue, info_name=ctx.info_name), incomplete)
        return [*found, *(item for item in own if item.value not in known)]


partner_token = _TokenCommand(
    context_settings={
        "ignore_unknown_options": True,
        "help_option_names": ["--help", "-h"],
        "max_content_width": 100,
    },
    no_args_is_help=False,
    subcommand_metavar="TENANT [RESOURCE]",
)
partner_token = click.version_option(VERSION, message="%(prog)s %(version)s")(partner_token)
partner_token.add_command(whoami)
partner_token.add_command(tenants)
partner_token.add_command(completion_command(lambda: (partner_token, PROGRAM)))


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit code says how it went."""
    return run(partner_token, PROGRAM, arguments)


if __name__ == "__main__":
    sys.exit(main())
