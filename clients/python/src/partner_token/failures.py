"""What went wrong, as a command says it: one sentence, what to do, and the exit code. Nobody sees a stack trace."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from partner_token import acts
from partner_token.exit_codes import AWAY, NOT_ALLOWED, PERSON, of_refusal

# What Entra ID and azure-identity say may have lines of advice below; the first one is the reason.
LONGEST_REASON = 300
MANAGED = "Check AZURE_CLIENT_ID, and that the managed identity is assigned here; or say --identity."
SIGN_IN = "Sign in with az login, or say --identity for what is set up here."

# What Entra ID says of the sign-in, where signing in once more would not help.
ADVICE = {
    "AADSTS500011": "Check the audience (BROKER_AUDIENCE), and that you are signed in to the partner's own tenant: "
    "az login --tenant <partner tenant id>.",
    "AADSTS65001": "The broker's registration should pre-authorize Azure CLI (docs/deploy.md of the broker).",
    "AADSTS700213": "The identity has no federated credential for this job: add one with the subject that it names.",
    "AADSTS70021": "The identity has no federated credential for this job: add one with the subject that it names.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One failure, ready to be said; `code` is the broker's, "" where somebody else failed."""

    exit_code: int
    says: str
    to_do: str = ""
    code: str = ""
    correlation_id: str = ""
    concerns: str = ""

    @property
    def lines(self) -> Sequence[str]:
        """As it is written to a terminal."""
        told = [f"{self.code}: {self.says}" if self.code else self.says]
        told += [f"  What to do: {self.to_do}"] if self.to_do else []
        return [*told, f"  Correlation id: {self.correlation_id}"] if self.correlation_id else told

    @property
    def detail(self) -> str:
        """In one cell of a table."""
        return f"{self.says} {self.to_do}".strip()


class Failed(Exception):
    """Carries a failure that a command has found by itself."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.says)
        self.failure = failure


def failure_of(error: Exception) -> Failure:
    """The failure that an exception stands for, whoever raised it."""
    from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

    from partner_token.errors import BrokerError

    if isinstance(error, Failed):
        return error.failure
    if isinstance(error, BrokerError):
        return _of_broker(error)
    if isinstance(error, ClientAuthenticationError):
        return _of_sign_in(reason(error))
    if isinstance(error, HttpResponseError):
        return _of_service(error.status_code or 0, reason(error))
    if isinstance(error, AzureError):
        says = f"No answer on the way to the sign-in or the vault ({type(error).__name__})."
        return Failure(exit_code=AWAY, says=says, to_do="Check name resolution, proxy and network, then try again.")
    return Failure(exit_code=PERSON, says=f"The command failed ({type(error).__name__} {_place(error)}).")


def _of_sign_in(said: str) -> Failure:
    """azure-identity's: nobody is signed in here, or Entra ID refuses whoever is."""
    usual = MANAGED if "managed identity" in said.lower() else SIGN_IN
    to_do = next((advice for number, advice in ADVICE.items() if number in said), usual)
    return Failure(exit_code=NOT_ALLOWED, says=f"No token for the broker: {said}", to_do=to_do)


def reason(error: Exception) -> str:
    """The first line of an SDK's text, printable and short."""
    lines = str(getattr(error, "message", "") or error).strip().splitlines() or [type(error).__name__]
    return printable(re.sub(r"\s+", " ", lines[0]))[:LONGEST_REASON]


def printable(text: str) -> str:
    """The text with a `?` for what a terminal would obey: names are whatever their tenant made them."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _of_broker(error: "BrokerError") -> Failure:  # type: ignore[name-defined]  # noqa: F821 - imported when it is raised
    return Failure(
        exit_code=of_refusal(code=error.code, status=error.status, transient=error.transient),
        says=error.says,
        to_do=acts.words(error.act.name, error.act.parameters, otherwise=error.act.remedy),
        code=error.code,
        correlation_id=error.correlation_id,
        concerns=error.concerns,
    )


def _of_service(status: int, said: str) -> Failure:
    """Key Vault's or another service's own answer."""
    kind = of_refusal(code="", status=status, transient=status == 429 or status >= 500)  # noqa: PLR2004 - RFC 9110
    if status == 403:  # noqa: PLR2004 - RFC 9110
        return Failure(
            exit_code=NOT_ALLOWED,
            says=f"It was refused: {said}",
            to_do="Ask for a role on it (for a policy: Key Vault Secrets Officer), and to be let in at its network.",
        )
    return Failure(exit_code=kind, says=f"HTTP {status}: {said}")


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"at {trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace else "somewhere"
