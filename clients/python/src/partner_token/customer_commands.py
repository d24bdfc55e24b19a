"""partner-broker customers: list them, make the application's consent in each tenant, take it back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from partner_token.customer_rows import (
    CHANGE_COLUMNS,
    FINISHED,
    GRANT_COLUMNS,
    LIST_COLUMNS,
    Row,
    failed,
    listed,
    row_of,
    sources_failed,
    stops,
)
from partner_token.done_file import DoneFile
from partner_token.exclusion_commands import exclude, excluded, history, include
from partner_token.exit_codes import DONE, of_batch
from partner_token.failures import failure_of
from partner_token.named_customers import tenants_of
from partner_token.offboard_command import offboard
from partner_token.options import Asker, asking, confirmed, consent_option
from partner_token.printed import TABLE, say, say_failure, show_rows
from partner_token.progress import progress

if TYPE_CHECKING:
    from partner_token.operations import Operations


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is done with each customer, and whether it is done or only told."""

    method: str
    consent: str
    apply: bool
    replace: bool = False
    plan: str = ""


@click.group()
def customers() -> None:
    """The partner's customers, and the partner application's own consent in their tenants."""


for _verb in (exclude, include, excluded, history, offboard):
    customers.add_command(_verb)


@customers.command("list")
@consent_option
@asking
def list_all(asker: Asker, *, consent: str) -> int:
    """List the partner's customers, and when their relationships end."""
    found = _customers(asker.operations(), consent)
    show_rows(asker.output, found, [listed(one) for one in found], LIST_COLUMNS)
    return DONE


@customers.command("consent")
@click.argument("customer", nargs=-1)
@click.option("--all", "everybody", is_flag=True, help="Every customer.")
@click.option("--apply", is_flag=True, help="Do it; without it, what would be done is told.")
@click.option("--resume", type=click.Path(path_type=Path), help="Keep here what is done; skip it next time.")
@click.option("--replace", is_flag=True, help="Take back and make anew where nothing else adds a scope.")
@click.option("--plan", default="", help="With --replace --apply: what the dry run of that tenant told.")
@consent_option
@asking
def consent_in(
    asker: Asker,
    *,
    everybody: bool,
    apply: bool,
    replace: bool,
    plan: str,
    consent: str,
    **options: Any,  # noqa: ANN401
) -> int:
    """Give the application what the grant set says, customer by customer; nothing that is there goes unasked.

    --replace alone shows what a replacement would lose, and a plan; --replace --apply --plan does just that.
    """
    if plan and not (replace and apply):
        raise click.UsageError("--plan goes with --replace --apply")
    if replace and apply and (everybody or len(options["customer"]) != 1 or not plan):
        raise click.UsageError("--replace --apply is for one tenant, with the --plan that its dry run told")
    change = Change(method="PUT", consent=consent, apply=apply, replace=replace, plan=plan)
    return _changed(asker, asker.operations(), change, everybody=everybody, **options)


@customers.command("remove")
@click.argument("customer", nargs=-1)
@click.option("--all", "everybody", is_flag=True, help="Every customer.")
@click.option("--apply", is_flag=True, help="Do it; without it, what would be done is told.")
@click.option("--resume", type=click.Path(path_type=Path), help="Keep here what is done; skip it next time.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@consent_option
@asking
def remove(
    asker: Asker, *, yes: bool, customer: Sequence[str], everybody: bool, apply: bool, resume: Path | None, consent: str
) -> int:
    """Take it back, customer by customer: no token comes for that tenant any more."""
    operations = asker.operations()
    if apply:
        many = "every customer" if everybody else f"{len(customer)} customer(s)"
        confirmed(f"Remove the application's consent from {many}? What it held beside the grant set is lost.", yes=yes)
    change = Change(method="DELETE", consent=consent, apply=apply)
    return _changed(asker, operations, change, customer=customer, everybody=everybody, resume=resume)


def _changed(
    asker: Asker,
    operations: "Operations",
    change: Change,
    *,
    customer: Sequence[str],
    everybody: bool,
    resume: Path | None,
) -> int:
    if bool(customer) == everybody:
        raise click.UsageError("name customers, or say --all")
    done = DoneFile.at(resume if change.apply else None, what=f"{change.method} {change.consent}")
    rows, stopped = list[Row](), list[int]()
    tenants = list(dict.fromkeys(tenants_of(operations, customer, change.consent)))
    if everybody:
        tenants = [str(one["tenant"]) for one in _customers(operations, change.consent)]
    if not tenants:
        raise click.UsageError("no customer is listed: there is nothing to work on")
    try:
        with progress(len(tenants), "Customers") as step:
            for row in _rows(operations, change, tenants, done):
                rows.append(row)
                step()
    except Exception as error:  # noqa: BLE001 - whatever stopped it is said below what was done before
        stopped = [say_failure(failure_of(error))]
    finally:
        # Cut by Ctrl-C: what was done is shown all the same.
        columns = GRANT_COLUMNS if change.method == "PUT" else CHANGE_COLUMNS
        columns = columns if change.apply else {**columns, "outcome": "WOULD BE"}
        told = [row.fields for row in rows]
        if told or asker.output != TABLE:
            show_rows(asker.output, told, told, columns)
    if not change.apply:
        hopeful = any(row.exit_code == DONE for row in rows)
        say("Nothing was changed; --apply does it." if hopeful else "Nothing was changed.")
    return of_batch([*stopped, *(row.exit_code for row in rows if row.exit_code != DONE)])


def _rows(operations: "Operations", change: Change, tenants: Sequence[str], done: DoneFile) -> Iterator[Row]:
    for tenant in tenants:
        if tenant in done.outcomes:
            yield Row(tenant=tenant, outcome=done.outcomes[tenant], detail="done before")
            continue
        row = _row(operations, change, tenant)
        if change.apply and row.outcome in FINISHED and row.exit_code == DONE:
            done.keep(tenant, row.outcome)
        yield row


def _row(operations: "Operations", change: Change, tenant: str) -> Row:
    """The outcome for one customer; a refusal of that customer's does not stop the others."""
    try:
        told = operations.change_customer(
            change.method,
            tenant,
            change.consent,
            dry_run=not change.apply,
            replace=change.replace,
            plan=change.plan,
        )
    except Exception as error:
        failure = failure_of(error)
        if stops(failure):
            raise
        return failed(tenant, failure)
    return row_of(tenant, told)


def _customers(operations: "Operations", consent: str) -> list[dict[str, Any]]:
    """Every customer; a source that gave none is told of, since the list may not be whole then."""
    found = operations.customers(consent)
    for sentence in sources_failed(found.get("sources", {})):
        say(sentence)
    customers: list[dict[str, Any]] = found["customers"]
    return customers
