"""partner-broker's commands for customers' tenants: list them, make the application's consent in each, take it back."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from partner_token.command_line import DONE, REFUSED, UsageError, connected, say, show_json
from partner_token.consent_commands import show_table
from partner_token.errors import BrokerError
from partner_token.operations import Operations

LIST_COLUMNS = {"tenant": "TENANT", "name": "NAME", "domain": "DOMAIN"}
CHANGE_COLUMNS = {"tenant": "TENANT", "outcome": "OUTCOME", "detail": "DETAIL"}
FINISHED = frozenset({"created", "replaced", "unchanged", "removed", "absent"})


def add(commands: Any, shared: argparse.ArgumentParser, default: str) -> None:  # noqa: ANN401 - argparse has no public type
    """Add them to a command line."""
    sentence = "The partner's customers, and the partner application's own consent in their tenants."
    group = commands.add_parser("customers", help=sentence, description=sentence)
    actions = group.add_subparsers(metavar="ACTION", required=True)

    def action(name: str, work: Any, sentence: str) -> argparse.ArgumentParser:  # noqa: ANN401 - a function
        parser: argparse.ArgumentParser = actions.add_parser(
            name, parents=[shared], help=sentence, description=sentence
        )
        parser.set_defaults(work=work)
        parser.add_argument("--consent", default=default, help="in whose name (default: %(default)s)")
        return parser

    action("list", list_all, "List the partner's customers.")
    for name, work, verb in (("consent", consent, "Make"), ("remove", remove, "Take back")):
        parser = action(name, work, f"{verb} the application's consent; says what would be done unless --apply.")
        parser.add_argument("tenant", nargs="*", help="tenant ids")
        parser.add_argument("--all", action="store_true", help="every customer")
        parser.add_argument("--apply", action="store_true", help="do it")
        parser.add_argument(
            "--resume", type=Path, metavar="FILE", help="keep there what is done, and skip it next time"
        )


def list_all(options: argparse.Namespace) -> int:
    """A table."""
    found = Operations(connected(options)).customers(options.consent)
    show_json(found) if options.json else show_table(found, LIST_COLUMNS)
    return DONE


def consent(options: argparse.Namespace) -> int:
    """Make the application's consent what the grant set says, customer by customer."""
    return _changed(options, "PUT")


def remove(options: argparse.Namespace) -> int:
    """Take it back, customer by customer."""
    return _changed(options, "DELETE")


def _changed(options: argparse.Namespace, method: str) -> int:
    operations = Operations(connected(options))
    tenants = _tenants(options, operations)
    done = _done(options.resume) if options.apply else {}
    rows: list[dict[str, Any]] = []
    try:
        for count, tenant in enumerate(tenants, start=1):
            if tenant in done:
                rows.append({"tenant": tenant, "outcome": done[tenant], "detail": "done before"})
                continue
            rows.append(_row(operations, method, tenant, options))
            say(f"{count} of {len(tenants)}  {tenant}  {rows[-1]['outcome']}")
            if options.apply and rows[-1]["outcome"] in FINISHED:
                done[tenant] = rows[-1]["outcome"]
                _keep(options.resume, done)
    finally:
        # Cut by Ctrl-C or a failure: what was done is shown all the same.
        columns = CHANGE_COLUMNS if options.apply else {**CHANGE_COLUMNS, "outcome": "WOULD BE"}
        show_json(rows) if options.json else show_table(rows, columns)
    if not options.apply:
        say("Nothing was changed; --apply does it.")
    return DONE if all(row["outcome"] in FINISHED for row in rows) else REFUSED


def _row(operations: Operations, method: str, tenant: str, options: argparse.Namespace) -> dict[str, Any]:
    """The outcome for one customer; a refusal of that customer's does not stop the others."""
    try:
        told = operations.change_customer(method, tenant, options.consent, dry_run=not options.apply)
    except BrokerError as error:
        if error.code in _STOPS:
            raise
        return {"tenant": tenant, "outcome": error.code or "failed", "detail": str(error)}
    grants = told.get("grants", [])
    missing = [f"{grant['resource']}: {' '.join(grant['missing'])}" for grant in grants if grant["missing"]]
    # The same remedy for each API is one remedy.
    unclear = dict.fromkeys(grant["remedy"] for grant in grants if "remedy" in grant)
    detail = "; ".join([*missing, *unclear]) or None
    return {"tenant": tenant, "outcome": told["outcome"], "detail": detail}


# What is wrong with the asker, the consent or the broker's own settings is wrong for every customer.
_ASKER = {
    *("not_authenticated", "assertion_missing", "assertion_invalid", "assertion_expired"),
    *("assertion_for_another_audience", "assertion_from_another_tenant", "assertion_of_another_kind"),
    *("role_missing", "invalid_request"),
}
_CONSENT = {
    *("consent_unusable", "consent_absent", "consent_withdrawn", "consent_unreadable", "consent_from_newer_version"),
    *("consent_name_blocked", "new_consent_needed"),
}
_HOME = {
    *("account_refused", "blocked_by_home_policy", "home_tenant_refused", "home_consent_missing"),
    *("person_not_assigned", "home_tenant_unknown"),
}
# Not what blames the application: an error that nobody knows does, and may be of one customer's tenant alone.
_BROKER = {"application_grants_invalid", "credential_missing"}
_STOPS = frozenset(_ASKER | _CONSENT | _HOME | _BROKER | {""})


def _tenants(options: argparse.Namespace, operations: Operations) -> Sequence[str]:
    if bool(options.tenant) == options.all:
        raise UsageError("name tenants, or say --all")
    return options.tenant or [customer["tenant"] for customer in operations.customers(options.consent)]


def _done(file: Path | None) -> dict[str, str]:
    if file is None or not file.exists():
        return {}
    try:
        content = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise UsageError(f"{file} is not a file that --resume has written") from error
    if not isinstance(content, dict):
        raise UsageError(f"{file} is not a file that --resume has written")
    return content


def _keep(file: Path | None, done: dict[str, str]) -> None:
    if file is not None:
        # Whole or not at all: a cut must not lose what was done before.
        partial = file.with_name(f"{file.name}.new")
        partial.write_text(json.dumps(done, indent=2), "utf-8")
        partial.replace(file)
