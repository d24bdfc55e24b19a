"""The threads in which consent does what blocks."""

from dataclasses import dataclass, field

from shared.pool import Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pools:
    """Each kind of work has its threads, by whom it may wait for.

    What takes something away (`emergency`) waits behind nobody who is slow or unknown.
    """

    emergency: Pool = field(default_factory=lambda: Pool("emergency", threads=4))
    # Operators who look, and make links: the vault alone.
    operators: Pool = field(default_factory=lambda: Pool("consent", threads=4))
    # A link's page and its button: anybody.
    pages: Pool = field(default_factory=lambda: Pool("pages", threads=4))
    # Sign-ins that come back, and operators' acts: the authority too.
    redirect: Pool = field(default_factory=lambda: Pool("redirect", threads=8))
    acts: Pool = field(default_factory=lambda: Pool("acts", threads=8))
