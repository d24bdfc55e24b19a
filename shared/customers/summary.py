"""The summary of a run as the text of one field: it fits, however many customers it names and whatever their names."""

import json
from collections.abc import Mapping
from typing import Any

from shared.rows import LONGEST_TEXT


def summary_text(report: Mapping[str, Any]) -> str:
    """The report as JSON in ASCII; while that is too long for a row, its longest list loses the second half.

    A name in another script is six times as long in it as on a screen.
    """
    content = dict(report)
    while len(text := json.dumps(content)) > LONGEST_TEXT:
        lengths = {name: len(json.dumps(value)) for name, value in content.items() if isinstance(value, list) and value}
        longest = max(lengths, key=lambda name: lengths[name])
        content[longest] = content[longest][: len(content[longest]) // 2]
    return text


def summary_of(unverified_text: str) -> Mapping[str, Any] | None:
    """The report in a field; None for what is none."""
    try:
        content = json.loads(unverified_text)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None
