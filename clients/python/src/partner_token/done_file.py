"""The file of --resume: which customers are done, so that a cut run carries on where it was."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import click


@dataclass(frozen=True, slots=True, kw_only=True)
class DoneFile:
    """Outcomes by tenant of one kind of work, `what`; nothing is kept where no file is named."""

    file: Path | None
    what: str
    outcomes: dict[str, str] = field(default_factory=dict)

    @classmethod
    def at(cls, file: Path | None, *, what: str) -> Self:
        """What the file holds, or will.

        Raises UsageError for one that --resume has not written for the same work, or that cannot be written.
        """
        if file is None:
            return cls(file=None, what=what)
        done = cls(file=file, what=what, outcomes=_outcomes(file, what) if file.exists() else {})
        # Before the first customer is changed, since what is done and not kept would be done again.
        try:
            done._write(file)
        except OSError as error:
            raise click.UsageError(f"{file} cannot be written ({error.strerror})") from error
        return done

    def keep(self, tenant: str, outcome: str) -> None:
        """One more is done."""
        self.outcomes[tenant] = outcome
        if self.file is not None:
            self._write(self.file)

    def _write(self, file: Path) -> None:
        # Whole or not at all: a cut must not lose what was done before.
        partial = file.with_name(f"{file.name}.new")
        partial.write_text(json.dumps({"what": self.what, "done": self.outcomes}, indent=2), "utf-8")
        partial.replace(file)


def _outcomes(file: Path, what: str) -> dict[str, str]:
    try:
        content = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise click.UsageError(f"{file} is not a file that --resume has written") from error
    if not isinstance(content, dict) or not isinstance(content.get("done"), dict):
        raise click.UsageError(f"{file} is not a file that --resume has written")
    if content.get("what") != what:
        raise click.UsageError(f"{file} is of other work: {content.get('what')}, and this is {what}")
    outcomes: dict[str, str] = content["done"]
    return outcomes
