"""Rows that never decide, because another row allows all that they allow: found at a cost that grows with the text.

For each thing that a row can name there is one number, whose bits say which rows name it. The rows that cover a row are
the bits that are left of all the numbers of what it names, so no row is compared with any other.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence

from shared.entra.wildcard import wildcard_over
from token_http.message import HOME
from token_http.permission import Permission

type Rows = int  # bit n stands for row n


def shadowed(rows: Sequence[Permission]) -> Iterator[tuple[Permission, Permission]]:
    """Each row that is shadowed, with the first row that does it; of rows that say the same the first one stays."""
    coverings = list(_coverings(rows))
    for number, covering in enumerate(coverings):
        earlier = covering & _before(number)
        other = _lowest(earlier) if earlier else _first_wider(number, coverings)
        if other is not None:
            yield rows[number], rows[other]


def _first_wider(number: int, coverings: Sequence[Rows]) -> int | None:
    """The first later row that allows more than this one; one that says the same is itself the one too many."""
    later = coverings[number]
    while later:
        other = _lowest(later)
        if not coverings[other] >> number & 1:
            return other
        later &= later - 1
    return None


def _coverings(rows: Sequence[Permission]) -> Iterator[Rows]:
    """For each row, the others that allow all that it allows."""
    callers = _naming(rows, lambda row: [(row.caller, row.role)])
    consents = _naming(rows, lambda row: row.consents)
    resources = _naming(rows, lambda row: row.resources)
    tenants = _naming(rows, _tenants)
    any_customer = sum(1 << number for number, row in enumerate(rows) if row.any_customer)
    for number, row in enumerate(rows):
        # Beside `*`, ids say nothing new; home does.
        wide = any_customer & _all(tenants, [HOME] if row.home else [])
        named = 0 if row.any_customer else ~any_customer & _all(tenants, _tenants(row))
        same = callers[row.caller, row.role] & _all(consents, row.consents) & _giving(resources, row.resources)
        yield same & (wide | named) & ~(1 << number)


def _tenants(row: Permission) -> set[str]:
    """The tenants of a row by their ids, and home, which means another one with each consent."""
    return {*row.tenants.values(), *([HOME] if row.home else [])}


def _naming(rows: Sequence[Permission], named: Callable[[Permission], Iterable[Hashable]]) -> Mapping[Hashable, Rows]:
    found: dict[Hashable, Rows] = defaultdict(int)
    for number, row in enumerate(rows):
        for thing in named(row):
            found[thing] |= 1 << number
    return found


def _all(naming: Mapping[Hashable, Rows], things: Iterable[Hashable]) -> Rows:
    """The rows that name every one of these."""
    rows = -1
    for thing in things:
        rows &= naming[thing]
    return rows


def _giving(naming: Mapping[Hashable, Rows], resources: Iterable[str]) -> Rows:
    """The rows that name every one of these resources, or the wildcard over it."""
    rows = -1
    for resource in resources:
        rows &= naming[resource] | naming[wildcard_over(resource)]
    return rows


def _before(number: int) -> Rows:
    return (1 << number) - 1


def _lowest(rows: Rows) -> int:
    return (rows & -rows).bit_length() - 1
