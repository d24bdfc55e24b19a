"""partner-broker customers: list them, make the application's consent in each tenant, take it back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from partner_token.done_file import DoneFile
from partner_token.exit_codes import DONE, PERSON, of_batch, of_outcome
from partner_token.failures import failure_of
from partner_token.options import Asker, asking, confirmed, consent_option
from partner_token.printed import TABLE, for_people, say, say_failure, show_rows
from partner_token.progress import progress

if TYPE_CHECKING:
    from partner_token.operations import Operations

LIST_COLUMNS = {"tenant": "TENANT", "name": "NAME", "domain": "DOMAIN"}
CHANGE_COLUMNS = {"tenant": "TENANT", "outcome": "OUTCOME", "detail": "DETAIL"}
FINISHED = frozenset({"created", "replaced", "unchanged", "removed", "absent"})

# What is wrong with the asker, the consent or the broker's own settings is wrong for every customer.
_ASKER = {
    *("not_authenticated", "assertion_missing", "assertion_invalid", "assertion_expired"),
    *("assertion_for_another_audience", "assertion_from_another_tenant", "assertion_of_another_kind"),
    "role_missing",
}
_CONSENT = {
    *("consent_unusable", "consent_absent", "consent_withdrawn", "consent_unreadable", "consent_from_newer_version"),
    *("consent_name_blocked", "new_consent_needed"),
}
_HOME = {
    *("account_refused", "blocked_by_home_policy", "home_tenant_refused", "home_consent_missing"),
    *("person_not_assigned", "home_tenant_unknown"),
}
# Not what blames the application: an error that nobody knows does, and may be of one customer's tenant alone. Not what
# blames the request: a tenant id may be mistyped.
_BROKER = {"application_grants_invalid", "credential_missing"}
STOPS = frozenset(_ASKER | _CONSENT | _HOME | _BROKER | {""})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The outcome for one customer, and the exit code of what failed there."""

    tenant: str
    outcome: str
    detail: str | None
    exit_code: int = DONE

    @property
    def fields(self) -> dict[str, Any]:
        """As it is shown."""
        return {"tenant": self.tenant, "outcome": self.outcome, "detail": self.detail}


@click.group()
def customers() -> None:
    """The partner's customers, and the partner application's own consent in their tenants."""


@customers.command("list")
@consent_option
@asking
def list_all(asker: Asker, *, consent: str) -> int:
    """List the partner's customers."""
    found = asker.operations().customers(consent)
    show_rows(asker.output, found, found, LIST_COLUMNS)
    return DONE


@customers.command("consent")
@click.argument("tenant", nargs=-1)
@click.option("--all", "everybody", is_flag=True, help="Every customer.")
@click.option("--apply", is_flag=True, help="Do it; without it, what would be done is told.")
@click.option("--resume", type=click.Path(path_type=Path), help="Keep here what is done; skip it next time.")
@consent_option
@asking
def consent_in(asker: Asker, **options: Any) -> int:  # noqa: ANN401 - Click's
    """Make the application's consent what the grant set says, customer by customer."""
    return _changed(asker, asker.operations(), "PUT", **options)


@customers.command("remove")
@click.argument("tenant", nargs=-1)
@click.option("--all", "everybody", is_flag=True, help="Every customer.")
@click.option("--apply", is_flag=True, help="Do it; without it, what would be done is told.")
@click.option("--resume", type=click.Path(path_type=Path), help="Keep here what is done; skip it next time.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@consent_option
@asking
def remove(asker: Asker, *, yes: bool, **options: Any) -> int:  # noqa: ANN401 - Click's
    """Take it back, customer by customer: no token comes for that tenant any more."""
    operations = asker.operations()
    if options["apply"]:
        many = "every customer" if options["everybody"] else f"{len(options['tenant'])} tenant(s)"
        confirmed(f"Remove the application's consent from {many}? What it held beside the grant set is lost.", yes=yes)
    return _changed(asker, operations, "DELETE", **options)


def _changed(  # noqa: PLR0913 - what one run is about, by name
    asker: Asker,
    operations: "Operations",
    method: str,
    *,
    tenant: Sequence[str],
    everybody: bool,
    apply: bool,
    resume: Path | None,
    consent: str,
) -> int:
    if bool(tenant) == everybody:
        raise click.UsageError("name tenants, or say --all")
    done = DoneFile.at(resume if apply else None)
    rows, stopped = list[Row](), list[int]()
    tenants = tenant or [str(one["tenant"]) for one in operations.customers(consent)]
    try:
        with progress(len(tenants), "Customers") as step:
            for row in _rows(operations, method, tenants, done, consent=consent, apply=apply):
                rows.append(row)
                step()
    except Exception as error:  # noqa: BLE001 - whatever stopped it is said below what was done before
        stopped = [say_failure(failure_of(error))]
    finally:
        # Cut by Ctrl-C: what was done is shown all the same.
        columns = CHANGE_COLUMNS if apply else {**CHANGE_COLUMNS, "outcome": "WOULD BE"}
        told = [row.fields for row in rows]
        if told or asker.output != TABLE:
            show_rows(asker.output, told, told, columns)
    if not apply:
        say("Nothing was changed; --apply does it.")
    return of_batch([*stopped, *(row.exit_code for row in rows if row.exit_code != DONE)])


def _rows(
    operations: "Operations", method: str, tenants: Sequence[str], done: DoneFile, *, consent: str, apply: bool
) -> Iterator[Row]:
    for tenant in tenants:
        if tenant in done.outcomes:
            yield Row(tenant=tenant, outcome=done.outcomes[tenant], detail="done before")
            continue
        row = _row(operations, method, tenant, consent=consent, apply=apply)
        if apply and row.outcome in FINISHED:
            done.keep(tenant, row.outcome)
        yield row


def _row(operations: "Operations", method: str, tenant: str, *, consent: str, apply: bool) -> Row:
    """The outcome for one customer; a refusal of that customer's does not stop the others."""
    try:
        told = operations.change_customer(method, tenant, consent, dry_run=not apply)
    except Exception as error:
        failure = failure_of(error)
        if failure.code in STOPS:
            raise
        return Row(tenant=tenant, outcome=failure.code, detail=failure.detail, exit_code=failure.exit_code)
    grants = told.get("grants", [])
    missing = [f"{grant['resource']}: {' '.join(grant['missing'])}" for grant in grants if grant["missing"]]
    unclear = [grant for grant in grants if "remedy" in grant]
    # The same remedy for each API is one remedy.
    remedies = dict.fromkeys(str(for_people(grant)["remedy"]) for grant in unclear)
    finished = told["outcome"] in FINISHED
    code = DONE if finished else of_batch(of_outcome(_act(grant)) for grant in unclear) or PERSON
    return Row(tenant=tenant, outcome=told["outcome"], detail="; ".join([*missing, *remedies]) or None, exit_code=code)


def _act(grant: Mapping[str, Any]) -> str:
    act = grant.get("act")
    return str(act.get("name")) if isinstance(act, Mapping) else ""
