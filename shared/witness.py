"""Who makes a request, as far as it was verified, for the record of its refusal."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from shared.audit import Field
from shared.bursts import Bursts
from shared.errors import BrokerError


@dataclass(slots=True, kw_only=True)
class Witness:
    """Filled in by the operator check while a request is served; the refusal of any other is not told here."""

    who: Mapping[str, Field] = field(default_factory=dict)
    asked: Mapping[str, Field] = field(default_factory=dict)
    bursts: Bursts | None = None

    def refused(self, error: Exception, *, route: str, correlation: str) -> None:
        """Put the refusal on record; what nobody foresaw counts as the broker's own failure."""
        if self.bursts is None:
            return
        known = error if isinstance(error, BrokerError) else BrokerError()
        self.bursts.tell(
            "operator.refused",
            who=self.who,
            kind={"route": route, "outcome": known.code},
            asked={"authority_code": known.authority_code, **self.asked},
            latest={"correlation_id": correlation},
        )


_witness: ContextVar[Witness | None] = ContextVar("broker_witness", default=None)


def witness() -> Witness:
    """The one of the request that is being served by this task; one of its own where none is."""
    return _witness.get() or Witness()


@contextmanager
def witnessed() -> Iterator[Witness]:
    """A witness of what is served inside, whose task may fill it in."""
    made = Witness()
    token = _witness.set(made)
    try:
        yield made
    finally:
        _witness.reset(token)
