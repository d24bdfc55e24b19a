"""What every verb takes: which broker, who asks, in which form to answer; and what comes of it, made when asked for."""

import functools
import gc
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from partner_token.exit_codes import PERSON
from partner_token.failures import Failed, Failure
from partner_token.identity import AUTOMATIC, KINDS, own_identity
from partner_token.printed import OUTPUTS, TABLE, say

if TYPE_CHECKING:
    from azure.core.rest import HttpRequest, HttpResponse

    from partner_token.operations import Operations
    from partner_token.pipeline import Connection

DEFAULT_CONSENT = "partner"
WHICH = "say which broker: --broker-url and --audience, or BROKER_URL and BROKER_AUDIENCE"
CONSENT_NAME = re.compile(r"[a-z0-9-]{1,60}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks which broker, and how the answer is to be shown."""

    broker_url: str
    audience: str
    identity: str
    verbose: bool
    output: str = TABLE

    def connection(self) -> "Connection":
        """A connection to the broker; raises UsageError, or Failed for an identity that is not set up here."""
        if not self.broker_url or not self.audience:
            raise click.UsageError(WHICH)
        # The SDKs make very many objects while they are imported, and none of them dies: to look for garbage meanwhile
        # takes a tenth of the time to a token.
        gc.disable()
        try:
            return self._connected()
        finally:
            gc.enable()

    def _connected(self) -> "Connection":
        from partner_token.messages import Broker
        from partner_token.pipeline import Connection

        try:
            broker = Broker(self.broker_url, self.audience)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        return Connection(broker, own_identity(self.identity), heard=_told if self.verbose else None)

    def operations(self) -> "Operations":
        """The operators' routes of the broker; raises as above."""
        from partner_token.operations import Operations

        return Operations(self.connection())


class Consent(click.ParamType[str]):
    """The name of a consent; anything else never reaches an address."""

    name = "consent"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401 - Click's
        """The name; fails without repeating what was typed, which may be a secret in the wrong place."""
        if not CONSENT_NAME.fullmatch(value):
            self.fail("a consent's name has 1 to 60 of a-z, 0-9 and -", param, ctx)
        return str(value)


def asking(work: Callable[..., int]) -> Callable[..., int]:
    """The options of a verb of partner-broker; `work` is handed the Asker first."""
    output = click.option(
        "--output", "-o", type=click.Choice(OUTPUTS), default=TABLE, show_default=True, help="In which form."
    )
    return output(asking_in_own_form(work))


def asking_in_own_form(work: Callable[..., int]) -> Callable[..., int]:
    """The same for a command with forms of its own."""

    @click.option("--broker-url", envvar="BROKER_URL", default="", metavar="URL", help="Its address (or BROKER_URL).")
    @click.option(
        "--audience",
        envvar="BROKER_AUDIENCE",
        default="",
        metavar="URI",
        help="Its identifier URI, such as api://<its client id> (or BROKER_AUDIENCE).",
    )
    @click.option(
        "--identity",
        type=click.Choice(KINDS),
        default=AUTOMATIC,
        show_default=True,
        help="Who asks: az login, a managed or workload identity, a job of GitHub or Azure Pipelines; auto takes what "
        "is set up here.",
    )
    @click.option("--verbose", "-v", is_flag=True, help="Each answer's status and correlation id, on stderr.")
    @functools.wraps(work)
    def asked(
        *,
        broker_url: str,
        audience: str,
        identity: str,
        verbose: bool,
        output: str = TABLE,
        **options: Any,  # noqa: ANN401 - Click's
    ) -> int:
        asker = Asker(broker_url=broker_url, audience=audience, identity=identity, verbose=verbose, output=output)
        return work(asker, **options)

    return asked


def consent_argument(work: Callable[..., int]) -> Callable[..., int]:
    """The consent's name as an argument."""
    return click.argument("consent", type=Consent(), default=DEFAULT_CONSENT)(work)


def consent_option(work: Callable[..., int]) -> Callable[..., int]:
    """The consent's name as an option."""
    return click.option(
        "--consent", type=Consent(), default=DEFAULT_CONSENT, show_default=True, help="Which consent, by its name."
    )(work)


def as_option(work: Callable[..., int]) -> Callable[..., int]:
    """In whose name a token is."""
    return click.option(
        "--as",
        "kind",
        type=click.Choice(("user", "application")),
        default="user",
        show_default=True,
        help="application: of the partner application itself, without a consent.",
    )(work)


def whose(kind: str, consent: str) -> dict[str, str]:
    """The fields of a request that say in whose name a token is; raises UsageError for both at once."""
    if kind == "user":
        return {"consent": consent}
    if click.get_current_context().get_parameter_source("consent") is not click.core.ParameterSource.DEFAULT:
        raise click.UsageError("leave --consent out: a token of the application is of nobody's consent")
    return {"as": kind}


def confirmed(question: str, *, yes: bool) -> None:
    """Go on when somebody says yes; raises UsageError where there is nobody to ask, Failed when it was declined."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("say --yes: there is nobody to ask")
    if not click.confirm(question, err=True):
        raise Failed(Failure(exit_code=PERSON, says="Nothing was changed."))


def _told(request: "HttpRequest", response: "HttpResponse") -> None:
    path = request.url.partition("?")[0].partition("/api/")[2]
    correlation = response.headers.get("x-ms-request-id", "-")
    say(f"{request.method} {path}: {response.status_code}, correlation id {correlation}")
