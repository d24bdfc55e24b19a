"""The codes that alerts look for are those of the tree of errors and of the timer, whole kinds of them."""

import re

import pytest

from refresh_timer.outcome import CARRIED_OVER, TRANSIENT, UNDONE, WORKED
from scripts.tables import every_error
from shared.customers.errors import ApplicationGrantsInvalid
from shared.errors import BrokerError, NotAuthenticated, NotAuthorized
from shared.rows_errors import RowsRefused
from tests.infra.project import INFRA


def tree(kind: type[BrokerError] = BrokerError) -> set[type[BrokerError]]:
    """A kind of error and all below it."""
    return {one for one in every_error() if issubclass(one, kind)}


def codes(kinds: set[type[BrokerError]]) -> set[str]:
    return {kind.code for kind in kinds}


def lists(query: str) -> list[set[str]]:
    """Each list of outcomes in a query, in order."""
    text = (INFRA / f"app/queries/{query}.kql").read_text(encoding="utf-8")
    return [set(re.findall(r"'([a-z_]+)'", found)) for found in re.findall(r"outcome in \(([^)]+)\)", text)]


# The two kinds themselves are never raised; who the caller is or what it may do is always said more closely.
REFUSALS = codes(tree(NotAuthenticated) | tree(NotAuthorized)) - codes({NotAuthenticated, NotAuthorized})
# What OAuth calls server_error is nothing that a caller or a customer can mend; of tokens, no business of checks is.
OF_CHECKS = {ApplicationGrantsInvalid, RowsRefused}
FAULTS = codes({kind for kind in tree() if kind.error == "server_error"} - OF_CHECKS)


@pytest.mark.parametrize(
    ("query", "looked_for"),
    [
        ("denied-burst", [REFUSALS]),
        ("misconfigured", [FAULTS, set(UNDONE - {TRANSIENT, CARRIED_OVER})]),
        ("proof-missing", [set(WORKED)]),
    ],
)
def test_a_query_looks_for_every_outcome_of_its_kind_and_no_other(query: str, looked_for: list[set[str]]) -> None:
    assert lists(query) == looked_for
