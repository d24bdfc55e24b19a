"""partner-broker's commands for the access policy: lint documents, ask what they allow, put one into the vault."""

import argparse
import importlib.util
from pathlib import Path
from typing import Any

from partner_token.command_line import DONE, REFUSED, UsageError, connected, say, show_json
from partner_token.identity import own_identity
from partner_token.operations import Operations

INVALID = "invalid"


def add(commands: Any, shared: argparse.ArgumentParser) -> None:  # noqa: ANN401 - argparse has no public type
    """Add them to a command line."""
    sentence = "The access policy: who may have tokens of which customers and APIs."
    group = commands.add_parser("policy", help=sentence, description=sentence)
    actions = group.add_subparsers(metavar="ACTION", required=True)

    def action(name: str, work: Any, sentence: str) -> argparse.ArgumentParser:  # noqa: ANN401 - a function
        parser: argparse.ArgumentParser = actions.add_parser(
            name, parents=[shared], help=sentence, description=sentence
        )
        parser.set_defaults(work=work)
        return parser

    lint_parser = action(
        "lint", lint, "Say what is wrong or worth a second look; names of files are those of documents."
    )
    lint_parser.add_argument("file", nargs="+", type=Path, help="documents such as policy-1.json")
    check_parser = action("check", check, "Would the policy in force allow this, and by which permission?")
    check_parser.add_argument("caller", help="the object id of the calling identity")
    check_parser.add_argument("tenant", help="as a caller would name it")
    check_parser.add_argument("resource", help="as a caller would name it")
    check_parser.add_argument("--role", action="append", default=[], help="an app role the caller has")
    check_parser.add_argument("--consent", default="partner", help="(default: %(default)s)")
    put_parser = action("put", put, "Write one document into the policy vault, once it is found valid.")
    put_parser.add_argument("file", type=Path, help="a document such as policy-1.json; its name is the secret's")
    put_parser.add_argument("--vault-url", required=True, help="the policy vault, https://NAME.vault.azure.net")


def lint(options: argparse.Namespace) -> int:
    """Findings, one a line; refused when a document is invalid."""
    found = _linted(options, options.file)
    if options.json:
        show_json(found)
    else:
        for finding in found["findings"]:
            print(f"{finding['place']}: {finding['kind']}: {finding['sentence']}")
        say(f"{len(found['findings'])} found")
    return DONE if found["valid"] else REFUSED


def check(options: argparse.Namespace) -> int:
    """The decision; refused when it would be."""
    fields: dict[str, Any] = {"caller": options.caller, "tenant": options.tenant, "resource": options.resource}
    told = Operations(connected(options)).policy_check({**fields, "roles": options.role, "consent": options.consent})
    if options.json:
        show_json(told)
    else:
        print(f"allowed by {told['permission']}" if told["allowed"] else "not allowed: no permission covers it")
    return DONE if told["allowed"] else REFUSED


def put(options: argparse.Namespace) -> int:
    """Write a valid document; what the broker finds invalid is not written."""
    found = _linted(options, [options.file])
    if not found["valid"]:
        say(found["findings"][0]["sentence"])
        return REFUSED
    name = options.file.stem
    if importlib.util.find_spec("azure.keyvault.secrets") is None:
        vault = options.vault_url.removeprefix("https://").partition(".")[0]
        say("azure-keyvault-secrets is not installed (pip install partner-token[policy]); the same with az:")
        print(f"az keyvault secret set --vault-name {vault} --name {name} --file {options.file}")
        return REFUSED
    from azure.keyvault.secrets import SecretClient  # noqa: PLC0415 - an extra that not everybody installs

    with SecretClient(options.vault_url, own_identity(options.identity)) as vault:
        vault.set_secret(name, options.file.read_text("utf-8"), content_type="application/json")
    say(f"{name} is written; the broker reads it within its cache time.")
    return DONE


def _linted(options: argparse.Namespace, files: list[Path]) -> dict[str, Any]:
    try:
        documents = {file.stem: file.read_text("utf-8") for file in files}
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{error.filename if isinstance(error, OSError) else 'a file'} cannot be read") from error
    return Operations(connected(options)).policy_lint(documents)
