"""Names that others wrote, as an answer may repeat them: few, short, and printable."""

from collections.abc import Sequence

MOST_NAMES, LONGEST_NAME = 3, 40


def quoted(names: Sequence[str]) -> str:
    """The first three, each cut to 40 characters, and how many more there are; what cannot be printed is a `?`."""
    shown = ", ".join(f"'{_printable(name[:LONGEST_NAME])}'" for name in names[:MOST_NAMES])
    more = len(names) - MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def _printable(name: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in name)
