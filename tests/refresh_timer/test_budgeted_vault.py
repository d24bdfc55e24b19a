"""The vault within a budget: new versions count apart from all else, and a listing counts by its pages."""

import pytest

from refresh_timer.budgeted_vault import PAGE, BudgetedVault
from shared.budget import Budget
from shared.vault import Secret
from tests.fakes.memory_vault import MemoryVault


class Counting(Budget):
    """A budget that nobody exceeds; says how often it was spent."""

    def __init__(self) -> None:
        super().__init__(1, seconds=1)
        self.spent = 0

    def spend(self) -> None:
        self.spent += 1


@pytest.mark.parametrize(("secrets", "pages"), [(0, 1), (1, 1), (PAGE, 2), (PAGE + 1, 2), (4 * PAGE + 3, 5)])
def test_a_listing_costs_an_operation_a_page(secrets: int, pages: int) -> None:
    """One more than there are pages where the last is full: whether another follows is only known by asking."""
    vault, creates, operations = MemoryVault(), Counting(), Counting()
    for number in range(secrets):
        vault.put(f"s{number}", "x", tags={})
    budgeted = BudgetedVault(vault, creates=creates, operations=operations)
    assert len(list(budgeted.list_latest())) == secrets
    assert (creates.spent, operations.spent) == (0, pages)


def test_each_operation_is_counted_where_key_vault_counts_it() -> None:
    creates, operations = Counting(), Counting()
    vault = BudgetedVault(MemoryVault(), creates=creates, operations=operations)
    version = vault.put("s", "one", tags={"a": "b"})
    assert (creates.spent, operations.spent) == (1, 0)
    found = vault.get("s")
    assert isinstance(found, Secret)
    vault.patch("s", version.version, tags={"a": "c"})
    assert [each.tags for each in vault.list_versions("s")] == [{"a": "c"}]
    assert (creates.spent, operations.spent) == (1, 3)
