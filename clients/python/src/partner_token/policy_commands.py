"""partner-broker policy: lint documents, ask what the policy in force allows, put a document into the vault."""

import importlib.util
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from partner_token.exit_codes import DONE, PERSON
from partner_token.failures import Failed, Failure, printable
from partner_token.identity import own_identity
from partner_token.options import Asker, as_option, asking, consent_option, whose
from partner_token.printed import TABLE, say, show_facts, show_rows

DOCUMENT = re.compile(r"policy-[0-9]{1,3}")
# Worth knowing, and nothing to mend.
ADVICE = "advice"
FINDING_COLUMNS = {"place": "PLACE", "kind": "KIND", "sentence": "WHAT"}


@click.group()
def policy() -> None:
    """The access policy: who may have tokens of which customers and APIs."""


@policy.command()
@click.argument("file", nargs=-1, required=True, type=click.Path(path_type=Path))
@asking
def lint(asker: Asker, *, file: Sequence[Path]) -> int:
    """Say what is wrong or worth a second look; ends with 1 when anything but advice is.

    FILE is a document such as policy-1.json; its name is that of the secret. It is the lint of `python -m token_http`.
    """
    found = _linted(asker, file)
    if asker.output == TABLE:
        for finding in found["findings"]:
            click.echo(printable(f"{finding['place']}: {finding['kind']}: {finding['sentence']}"))
        say(f"{len(found['findings'])} found")
    else:
        show_rows(asker.output, found, found["findings"], FINDING_COLUMNS)
    return PERSON if any(finding["kind"] != ADVICE for finding in found["findings"]) else DONE


@policy.command()
@click.argument("caller")
@click.argument("tenant")
@click.argument("resource")
@click.option("--role", multiple=True, help="An app role the caller has; may be repeated.")
@as_option
@consent_option
@asking
def check(
    asker: Asker, *, caller: str, tenant: str, resource: str, role: Sequence[str], kind: str, consent: str
) -> int:
    """Say whether the policy in force would allow this, and by which permission.

    CALLER is the object id of the calling identity (partner-token whoami), TENANT and RESOURCE are as it would name
    them. Ends with 1 when no permission covers it.
    """
    fields: dict[str, Any] = {"caller": caller, "tenant": tenant, "resource": resource}
    told = asker.operations().policy_check({**fields, "roles": list(role), **whose(kind, consent)})
    if asker.output == TABLE:
        click.echo(f"allowed by {told['permission']}" if told["allowed"] else "not allowed: no permission covers it")
    else:
        show_facts(asker.output, told)
    return DONE if told["allowed"] else PERSON


@policy.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--vault-url", required=True, help="The policy vault, https://NAME.vault.azure.net.")
@asking
def put(asker: Asker, *, file: Path, vault_url: str) -> int:
    """Write one document into the policy vault, once the broker finds it valid; the vault keeps the one before."""
    found = _linted(asker, [file])
    if not found["valid"]:
        says = f"It was not written: {found['findings'][0]['place']}: {found['findings'][0]['sentence']}"
        raise Failed(Failure(exit_code=PERSON, says=says, to_do="partner-broker policy lint says all that is wrong."))
    if importlib.util.find_spec("azure.keyvault") is None:
        vault = vault_url.removeprefix("https://").partition(".")[0]
        to_do = (
            "pip install 'partner-token[operator]'; the same with az: az keyvault secret set --vault-name "
            f"{vault} --name {file.stem} --file {file}"
        )
        raise Failed(Failure(exit_code=PERSON, says="azure-keyvault-secrets is not installed.", to_do=to_do))
    _written(asker, file, vault_url)
    show_facts(asker.output, {"secret": file.stem, "vault": vault_url, "status": "written"})
    say("The broker reads it within its cache time.")
    return DONE


def _written(asker: Asker, file: Path, vault_url: str) -> None:
    from azure.keyvault.secrets import SecretClient

    try:
        vault = SecretClient(vault_url, own_identity(asker.identity), retry_total=2)
    except ValueError as error:
        raise click.UsageError("--vault-url should be https://NAME.vault.azure.net") from error
    with vault:
        vault.set_secret(file.stem, file.read_text("utf-8"), content_type="application/json")


def _linted(asker: Asker, files: Sequence[Path]) -> dict[str, Any]:
    operations = asker.operations()
    for file in files:
        if not DOCUMENT.fullmatch(file.stem):
            raise click.UsageError(f"{file} should be named as its secret: policy-1.json, and so on")
    documents = {file.stem: _text(file) for file in files}
    if len(documents) < len(files):
        raise click.UsageError("two files of one name: in the vault they would be one document")
    return operations.policy_lint(documents)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{file} cannot be read ({type(error).__name__})") from error
