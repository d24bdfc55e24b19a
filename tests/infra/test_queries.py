"""Alerts and workbook ask for what the code really writes, by docs/audit.md and the tree of errors."""

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from shared.audit import record
from tests.infra.project import ROOT
from tests.infra.test_query_codes import codes, tree

AUDIT = ROOT / "docs/audit.md"
QUERIES = ROOT / "infra/app/queries"
WORKBOOK = ROOT / "infra/app/workbook.json"
# Where a query ends up: `record` is the whole line, and these two of its fields have names of their own.
AUDIT_LINES = """AppTraces
| where Message startswith '{' and Message has '"event"'
| extend record = parse_json(Message)
| extend event = tostring(record.event), outcome = tostring(record.outcome)
"""


@dataclass(frozen=True, slots=True)
class Query:
    """One query with the place it stands in."""

    place: str
    text: str

    @property
    def events(self) -> set[str]:
        lists = re.findall(r"\bevent (?:==|!=|in) (\([^)]*\)|'[^']*')", self.text)
        return {name for found in lists for name in re.findall(r"'([^']+)'", found)}

    @property
    def fields(self) -> set[str]:
        asked = self.text.replace(AUDIT_LINES, "")
        named = {"outcome"} if re.search(r"(?<![.'])\boutcome\b", asked) else set()
        return named | set(re.findall(r"\brecord\.([a-z_0-9]+)", asked))

    @property
    def outcomes(self) -> set[str]:
        lists = re.findall(r"\boutcome (?:==|in) (\([^)]*\)|'[^']*')", self.text)
        return {name for found in lists for name in re.findall(r"'([^']+)'", found)}


def workbook_items() -> list[dict[str, object]]:
    return list(json.loads(WORKBOOK.read_text(encoding="utf-8"))["items"])


def queries() -> Iterator[Query]:
    for path in sorted(QUERIES.glob("*.kql")):
        yield Query(path.name, path.read_text(encoding="utf-8"))
    for item in workbook_items():
        content = item["content"]
        if isinstance(content, dict) and "query" in content:
            yield Query(f"workbook: {item['name']}", str(content["query"]))


def audit_rows() -> dict[str, str]:
    """Event -> what docs/audit.md says of its fields."""
    rows = [line.strip("| ").split(" | ") for line in AUDIT.read_text(encoding="utf-8").splitlines()]
    return {row[0].strip("`"): row[2] for row in rows if len(row) == 3 and row[0].startswith("`")}


def fields_of(events: set[str]) -> set[str]:
    return {field for event in events for field in re.findall(r"`([a-z_0-9*]+)`", audit_rows()[event])}


def known_outcomes() -> set[str]:
    """Error codes, and the words that docs/audit.md lists for refresh.consent."""
    (listed,) = re.findall(
        r"^Outcomes of `refresh.consent`:\n\n((?:\* .+\n)+)", AUDIT.read_text(encoding="utf-8"), re.MULTILINE
    )
    return codes(tree()) | set(re.findall(r"`([a-z_]+)`", listed))


ALL = list(queries())
ON_RECORDS = [query for query in ALL if "record" in query.text]


def unknown(query: Query) -> set[str]:
    """What the query asks for and nobody writes: events, fields, outcomes."""
    missing = query.events - audit_rows().keys()
    described = fields_of(query.events - missing) | {"event"}
    # `outcome_*` stands for a count for each outcome.
    counts = {f"outcome_{name}" for name in known_outcomes()} if "outcome_*" in described else set()
    return missing | (query.fields - described - counts) | (query.outcomes - known_outcomes())


@pytest.mark.parametrize("query", ON_RECORDS, ids=lambda query: query.place)
def test_it_asks_for_what_is_written(query: Query) -> None:
    assert query.events
    assert not unknown(query)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("record.caller)", "record.client)"),
        ("record.from_cache", "record.cached"),
        ("'token.issued'", "'token.given'"),
        ("outcome in ('proven', 'recovered')", "outcome in ('proved', 'recovered')"),
        ("record.outcome_proven", "record.outcome_proved"),
        ("record.newly_lost", "record.lost"),
    ],
)
def test_a_name_that_nobody_writes_is_noticed(old: str, new: str) -> None:
    touched = [query for query in ON_RECORDS if old in query.text]
    assert touched
    for query in touched:
        assert unknown(Query(query.place, query.text.replace(old, new)))


@pytest.mark.parametrize("query", ON_RECORDS, ids=lambda query: query.place)
def test_it_reads_audit_lines_as_they_are_written(query: Query) -> None:
    assert AUDIT_LINES in query.text


@pytest.mark.parametrize("query", ALL, ids=lambda query: query.place)
def test_its_brackets_and_quotes_close(query: Query) -> None:
    bare = re.sub(r"'[^'\n]*'", "''", re.sub(r"^//.*$", "", query.text, flags=re.MULTILINE))
    assert bare.replace("''", "").count("'") == 0
    assert [bare.count(sign) for sign in "([{"] == [bare.count(sign) for sign in ")]}"]


def test_the_audit_lines_are_what_the_logger_writes(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "broker.audit"):
        record("token.issued", {"caller": "somebody", "outcome": "issued"})
    (message,) = caplog.messages
    # The two conditions of AUDIT_LINES.
    assert message.startswith("{")
    assert '"event"' in message
    assert json.loads(message)["event"] == "token.issued"


def test_the_workbook_shows_what_operators_have_to_see() -> None:
    shown = {str(item["name"]) for item in workbook_items()}
    assert shown >= {"consents", "runs", "tokens-by-caller", "tokens-by-target", "refusals", "latency", "routes"}
    by_name = {query.place.removeprefix("workbook: "): query for query in ALL}
    assert "DaysLeft" in by_name["consents"].text
    assert {"tenant", "resource"} <= by_name["tokens-by-target"].fields


def test_the_workbook_is_one_that_azure_can_open() -> None:
    """The parts that every gallery template has; each query runs against the workspace and over a time it is given."""
    workbook = json.loads(WORKBOOK.read_text(encoding="utf-8"))
    assert workbook["version"] == "Notebook/1.0"
    (parameters,) = [item["content"] for item in workbook["items"] if item["type"] == 9]
    names = {parameter["name"] for parameter in parameters["parameters"]}
    for item in workbook["items"]:
        if item["type"] == 3:
            content = item["content"]
            assert content["resourceType"] == "microsoft.operationalinsights/workspaces"
            assert content.get("timeContextFromParameter") in names or content["timeContext"]["durationMs"]
    assert len({item["name"] for item in workbook["items"]}) == len(workbook["items"])
