"""The policy on files, before it is put into the vault: python -m token_http lint | check."""

import argparse
import json
import sys
from pathlib import Path

from shared.cloud import CLOUDS, PUBLIC
from shared.errors import InvalidRequest
from shared.setting_values import guid, list_of, text
from shared.subject import As
from token_http import policy_check
from token_http.policy_document import PolicyDocumentInvalid, compile_policy
from token_http.policy_lint import ADVICE, lint
from token_http.refusals import NotPermitted

EPILOG = """
examples:
  python -m token_http lint policy-1.json policy-2.json --home <partner tenant id>
  python -m token_http check policy-1.json --home <partner tenant id> \\
      --caller <object id> --tenant contoso --resource graph

exit codes: 0 clean or allowed, 1 findings or refused, 2 the call is wrong
"""


def main(arguments: list[str] | None = None) -> int:
    """Run one command on policy files."""
    options = _parser().parse_args(arguments)
    try:
        documents = _documents(options.files)
        return _lint(options, documents) if options.command == "lint" else _check(options, documents)
    except (OSError, UnicodeDecodeError, PolicyDocumentInvalid, InvalidRequest) as error:
        sentence = error.detail if isinstance(error, InvalidRequest) else str(error)
        print(f"error: {sentence}", file=sys.stderr)  # noqa: T201 - a command line prints
        return 2


def _documents(files: list[str]) -> dict[str, str]:
    documents = {Path(file).stem: Path(file).read_text("utf-8") for file in files}
    if len(documents) < len(files):
        raise InvalidRequest("Two files of one name: in the vault they would be one document.")
    return documents


def _lint(options: argparse.Namespace, documents: dict[str, str]) -> int:
    consents = list_of(text)(options.consents) if options.consents else None
    findings = lint(documents, home_tenant=options.home, cloud=CLOUDS[options.cloud], consents=consents)
    for finding in findings:
        print(finding)  # noqa: T201 - as above
    return 1 if any(one.kind != ADVICE for one in findings) else 0


def _check(options: argparse.Namespace, documents: dict[str, str]) -> int:
    home, cloud = options.home, CLOUDS[options.cloud]
    policy = compile_policy(documents, home_tenant=home, cloud=cloud)
    fields = {
        "caller": options.caller,
        "roles": options.role,
        "as": options.kind,
        **({"consent": options.consent} if options.consent else {}),
        "tenant": options.tenant,
        "resource": options.resource,
    }
    question = policy_check.parse(fields, cloud)
    try:
        decision = policy.check(question.principal, question.request, own=home)
    except NotPermitted:
        decision = None
    answer = policy_check.answer(question, decision)
    print(json.dumps(answer))  # noqa: T201 - as above
    return 0 if answer["allowed"] else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m token_http",
        description="Looks at policy documents before they are put into the policy vault.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, dest="command", metavar="COMMAND")
    lint_command = commands.add_parser("lint", help="what is invalid, shadowed, too wide or unknown")
    lint_command.add_argument("--consents", help="names of the consents there are, comma-separated")
    check_command = commands.add_parser("check", help="would this caller be given this token, and by which row")
    check_command.add_argument("--caller", required=True, help="object id of the calling identity")
    check_command.add_argument("--role", action="append", default=[], help="an app role it has; may be repeated")
    check_command.add_argument(
        "--as", dest="kind", choices=[one.value for one in As], default=As.USER.value, help="%(default)s"
    )
    check_command.add_argument("--consent", help="(partner; none as application)")
    check_command.add_argument("--tenant", required=True, help="an id, a name of a document, or home")
    check_command.add_argument("--resource", required=True, help="a short name, identifier URI or application id")
    for command in (lint_command, check_command):
        command.add_argument("files", nargs="+", help="policy documents (JSON)")
        command.add_argument("--home", required=True, type=guid, help="the partner's own tenant id")
        command.add_argument("--cloud", choices=sorted(CLOUDS), default=PUBLIC.name, help="(%(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
