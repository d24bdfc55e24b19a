"""How far long work is, on a terminal alone: stderr, so that what is piped stays what was asked for."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import click


class Step(Protocol):
    """Says that one more (or so many) is done."""

    def __call__(self, count: int = 1) -> None:
        """Go on by so many."""


@contextmanager
def progress(total: int, label: str) -> Iterator[Step]:
    """A bar for work of more than one step; nothing where nobody looks."""
    hidden = total <= 1 or not sys.stderr.isatty()
    with click.progressbar(length=total, label=label, file=sys.stderr, hidden=hidden, show_pos=True) as bar:
        yield lambda count=1: bar.update(count)
