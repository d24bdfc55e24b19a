"""What one setting is: a name in the environment, how its text is read, and what it means."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Setting[T]:
    """`meaning` is Markdown; `sample` is what local.settings.sample.json holds for it, None for the default."""

    name: str
    parse: Callable[[str], T]
    meaning: str
    sample: str | None = None


@dataclass(frozen=True, slots=True)
class Required[T](Setting[T]):
    """A setting without which the app does not start."""


@dataclass(frozen=True, slots=True)
class Optional[T](Setting[T]):
    """A setting that means something by being unset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaulted[T](Setting[T]):
    """A setting with a default, as text; `told` says it in words where the text alone would say little."""

    default: str
    told: str = ""
