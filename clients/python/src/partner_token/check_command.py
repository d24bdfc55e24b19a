"""partner-broker check: tries tenants and resources by real exchanges; one bad line stops no other."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from partner_token.exit_codes import of_batch, of_outcome
from partner_token.failures import failure_of
from partner_token.options import Asker, asking, consent_option
from partner_token.printed import for_people, say_failure, show_rows
from partner_token.progress import progress

if TYPE_CHECKING:
    from partner_token.operations import Operations

WORKS, MALFORMED = "works", "invalid_request"
PAIRS_A_CALL = 25
COLUMNS = {"tenant": "TENANT", "resource": "RESOURCE", "outcome": "OUTCOME", "remedy": "REMEDY"}
LINE_WORDS = 2


@click.command()
@click.argument("tenant", required=False)
@click.argument("resource", nargs=-1)
@consent_option
@asking
def check(asker: Asker, *, tenant: str | None, resource: Sequence[str], consent: str) -> int:
    """Try tenants and resources by real exchanges; any number, 25 a request.

    TENANT is a tenant id, or home; without it, lines of `tenant resource` come from standard input. RESOURCE is graph,
    arm, exchange, ... and graph where none is named.
    """
    pairs = [{"tenant": tenant, "resource": one} for one in resource or ("graph",)] if tenant else list(_from_stdin())
    if not pairs:
        raise click.UsageError("standard input has no line: give lines of `tenant resource`")
    operations, rows, failed = asker.operations(), list[dict[str, Any]](), list[int]()
    try:
        with progress(len(pairs), "Trying") as step:
            for row in outcomes(operations, consent, pairs):
                rows.append(row)
                step()
    except Exception as error:  # noqa: BLE001 - whatever stopped it is said below what was found before
        failed = [say_failure(failure_of(error))]
    finally:
        # Cut by Ctrl-C: what was found is shown all the same.
        if rows:
            show_rows(asker.output, rows, [_shown(row) for row in rows], COLUMNS)
    return of_batch([*failed, *(of_outcome(_act(row)) for row in rows if row["outcome"] != WORKS)])


def outcomes(operations: "Operations", consent: str, pairs: Sequence[Mapping[str, str]]) -> Iterator[dict[str, Any]]:
    """An outcome for each pair, in their order; raises what is wrong for all of them."""
    for start in range(0, len(pairs), PAIRS_A_CALL):
        batch = pairs[start : start + PAIRS_A_CALL]
        try:
            yield from operations.check(consent, batch)
        except Exception as error:
            # The broker takes a batch whole or not at all: one by one, the bad line is found.
            if failure_of(error).code != MALFORMED:
                raise
            for pair in batch:
                yield from _alone(operations, consent, pair)


def _alone(operations: "Operations", consent: str, pair: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    try:
        yield from operations.check(consent, [pair])
    except Exception as error:
        failure = failure_of(error)
        if failure.code != MALFORMED:
            raise
        yield {**pair, "outcome": failure.code, "says": failure.says, "remedy": failure.detail}


def _from_stdin() -> Iterator[dict[str, str]]:
    """Lines of "tenant resource"; without a resource, graph. Raises UsageError where nobody gives any."""
    if sys.stdin.isatty():
        raise click.UsageError("name a tenant, or give lines of `tenant resource` on standard input")
    for line in sys.stdin:
        words = line.partition("#")[0].split()
        if words:
            # More words than two are one resource that nobody knows: the broker says so for this line alone.
            yield {"tenant": words[0], "resource": " ".join(words[1:]) or "graph"}


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    told = for_people(row)
    number = f" ({told['error_codes']})" if told.get("error_codes") else ""
    return {**told, "outcome": f"{row['outcome']}{number}"}


def _act(row: Mapping[str, Any]) -> str:
    act = row.get("act")
    return str(act.get("name")) if isinstance(act, Mapping) else ""
