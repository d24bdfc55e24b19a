"""partner-broker flush: the broker forgets what it remembers of customers, on every instance where it can."""

from collections.abc import Sequence
from typing import Any

import click

from partner_token.exit_codes import DONE, of_batch
from partner_token.failures import failure_of
from partner_token.named_customers import tenants_of
from partner_token.options import DEFAULT_CONSENT, Asker, asking
from partner_token.printed import TABLE, say, say_failure, show_rows

COLUMNS = {"tenant": "TENANT", "reaches": "REACHES", "within_seconds": "WITHIN SECONDS"}
THIS_INSTANCE = "this_instance"


@click.command()
@click.option(
    "--customer", "named", metavar="CUSTOMER", multiple=True, required=True, help="Which; say it again for more."
)
@asking
def flush(asker: Asker, *, named: Sequence[str]) -> int:
    """Forget what is remembered of a customer: tokens, and what was refused. The next request asks Entra ID anew."""
    operations = asker.operations()
    rows, failed = list[dict[str, Any]](), list[int]()
    for tenant in dict.fromkeys(tenants_of(operations, named, DEFAULT_CONSENT)):
        try:
            rows.append(operations.flush(tenant))
        except Exception as error:  # noqa: BLE001 - one that fails never stops the others
            failed.append(say_failure(failure_of(error), who=tenant))
    if rows or asker.output != TABLE:
        show_rows(asker.output, rows, rows, COLUMNS)
    if any(row["reaches"] == THIS_INSTANCE for row in rows):
        say("Only the instance that answered has forgotten: the broker's instances share no table (RESULTS_URL).")
    return of_batch(failed) if failed else DONE
