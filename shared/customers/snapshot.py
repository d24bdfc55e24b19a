"""How all customers stood at one moment, small enough that ten thousand of them are two rows.

`as_of` is the moment up to which nothing is missing in it: what changed later may be in it or not.
"""

import base64
import json
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shared.customers.customer import tenant_id_of
from shared.customers.result import Standing
from shared.rows import LONGEST_TEXT

# What a snapshot of some hundred thousand rows comes to; more is none of ours.
MOST_BYTES = 2**26
# A column for each, not a list for each customer: ten thousand small lists are what takes time to read.
COLUMNS = ("consent", "tenant", "customer", "resource", "outcome", "since", "silent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """`consents` are those of which all is in it; another one's customers have to be looked up."""

    as_of: datetime
    consents: frozenset[str]
    standings: Sequence[Standing]

    def to_texts(self) -> list[str]:
        """Texts, none longer than a field can be."""
        consents, resources = _numbers(), _numbers()
        outcomes: dict[tuple[str, str], int] = _numbers()
        columns = {
            "consent": [consents[one.consent] for one in self.standings],
            "tenant": [one.tenant_id for one in self.standings],
            "customer": [one.customer for one in self.standings],
            "resource": [resources[one.resource] for one in self.standings],
            "outcome": [outcomes[one.outcome, one.whose] for one in self.standings],
            "since": [int(one.since.timestamp()) for one in self.standings],
            "silent": [int(one.unanswered_since.timestamp()) if one.unanswered_since else 0 for one in self.standings],
        }
        content = {
            "as_of": self.as_of.timestamp(),
            "all_of": sorted(self.consents),
            "consents": list(consents),
            "resources": list(resources),
            "outcomes": list(outcomes),
            **columns,
        }
        text = base64.b64encode(zlib.compress(json.dumps(content, separators=(",", ":")).encode())).decode()
        return [text[at : at + LONGEST_TEXT] for at in range(0, len(text), LONGEST_TEXT)]

    @classmethod
    def from_texts(cls, texts: Iterable[str]) -> "Snapshot":
        """What was written; raises ValueError for what is cut short, or not of this version of the broker."""
        try:
            content = json.loads(_inflated(base64.b64decode("".join(texts), validate=True)))
            return cls(
                as_of=_moment(content["as_of"]),
                consents=frozenset(map(str, content["all_of"])),
                standings=_standings(content),
            )
        except (zlib.error, LookupError, TypeError, OverflowError, OSError, RecursionError) as error:
            raise ValueError("this is no snapshot") from error


def _standings(content: Any) -> list[Standing]:  # noqa: ANN401 - JSON
    consents, resources = [str(one) for one in content["consents"]], [str(one) for one in content["resources"]]
    outcomes = [(str(outcome), str(whose)) for outcome, whose in content["outcomes"]]
    moments = _remembered(_moment)
    return [
        Standing(
            consent=consents[consent],
            tenant_id=tenant_id_of(tenant),
            resource=resources[resource],
            customer=str(customer),
            outcome=outcomes[outcome][0],
            whose=outcomes[outcome][1],
            since=moments(since),
            unanswered_since=moments(silent) if silent else None,
        )
        for consent, tenant, customer, resource, outcome, since, silent in zip(
            *(content[name] for name in COLUMNS), strict=True
        )
    ]


def _numbers() -> Any:  # noqa: ANN401 - keys of any kind
    """Gives each new key the next number."""
    numbers: defaultdict[Any, int] = defaultdict(lambda: len(numbers))
    return numbers


def _remembered(read: Callable[[float], datetime]) -> Callable[[float], datetime]:
    """Most customers stand as they do since one of a few runs."""
    known: dict[float, datetime] = {}

    def moment(seconds: float) -> datetime:
        found = known.get(seconds)
        if found is None:
            found = known[seconds] = read(seconds)
        return found

    return moment


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _inflated(data: bytes) -> bytes:
    inflating = zlib.decompressobj()
    content = inflating.decompress(data, MOST_BYTES)
    if not inflating.eof:
        raise ValueError("a snapshot that is cut short, or longer than any")
    return content
