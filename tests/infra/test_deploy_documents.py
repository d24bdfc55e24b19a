"""The administrators' documents: variables, routes, records and sums are what infrastructure and code have."""

import ast
import re
from itertools import chain

import pytest

from tests.infra.project import ROOT
from tests.infra.test_azd import variables
from tests.infra.test_queries import Query, unknown

DEPLOY, OPERATE, INCIDENT, SCALE = (
    (ROOT / f"docs/{name}.md").read_text(encoding="utf-8") for name in ("deploy", "operate", "incident", "scale")
)
ALERTS = len(list((ROOT / "infra/app/queries").glob("*.kql")))
CONSENTS, TOKENS_A_DAY, DAYS = (1, 100, 10_000), 20, 30
# Seconds that a run of the timer takes with as many consents: estimates.
RUN_SECONDS = {1: 2, 100: 4, 10_000: 120}


def routes() -> set[tuple[str, str]]:
    """Method and path of every route that the code declares."""
    found = set()
    for file in chain.from_iterable(
        (ROOT / name).glob("*.py") for name in ("consent_http", "customers_http", "token_http")
    ):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call) or not call.args or not isinstance(call.args[0], ast.Constant):
                continue
            declared = re.fullmatch(r"routes\.(get|post|put|delete)", ast.unparse(call.func))
            if declared:
                found.add((declared[1].upper(), f"/api/{call.args[0].value!s}"))
    return found


def asked_routes() -> set[tuple[str, str]]:
    """Method and path of every request to the broker in a command, its query left out."""
    asked = set()
    for text in (DEPLOY, OPERATE, INCIDENT):
        for method, path in re.findall(r'az rest --method (\w+) --url "\$BROKER_URL(/api/[^"?]*)', text):
            asked.add((method.upper(), path))
        asked |= {("GET", path) for path in re.findall(r'curl (?:--fail )?"\$BROKER_URL(/api/[^"?]*)"', text)}
        asked |= {("POST", path) for path in re.findall(r'curl --silent "\$BROKER_URL(/api/[^"?]*)"', text)}
    return asked


def fits(path: str, route: str) -> bool:
    return re.fullmatch(re.sub(r"\{[a-z]+\}", "[^/]+", route), path) is not None


def test_every_variable_is_explained_with_its_default() -> None:
    rows = [line.strip("| ").split(" | ") for line in DEPLOY.splitlines() if line.startswith("| `BROKER_")]
    told = {row[0].strip("`"): row[1].strip("`") for row in rows}
    taken = {variable: default for variable, default in variables().values() if variable.startswith("BROKER_")}
    by_name = {"BROKER_CLIENT_ID", "BROKER_AUDIENCE"}
    assert told.keys() == taken.keys() - by_name
    for name, default in told.items():
        assert default == taken[name] or not taken[name], name
    assert all(name in DEPLOY for name in by_name)


def test_every_request_to_the_broker_is_one_it_answers() -> None:
    asked = asked_routes()
    assert len(asked) >= 8
    for method, path in asked:
        assert [route for verb, route in routes() if verb == method and fits(path, route)], f"{method} {path}"


def test_queries_in_commands_ask_for_what_is_written() -> None:
    queries = re.findall(r'--analytics-query "(AppTraces[^"]*)"', INCIDENT + OPERATE + DEPLOY)
    assert len(queries) >= 4
    for text in queries:
        # A query that names no event asks for fields that some record has.
        events = re.findall(r"record\.event == '([a-z.]+)'", text) or [
            "token.issued",
            "token.refused",
            "consent.stored",
        ]
        names = ", ".join(f"'{event}'" for event in events)
        assert not unknown(Query("document", f"event in ({names}) {text}")), text


def test_every_alert_is_in_the_table_of_what_tells_people() -> None:
    table = OPERATE.split("## What tells you")[1].split("## ")[0]
    named = re.findall(r"\[([a-z-]+)\]\(troubleshooting\.md#\1\)", table)
    queries = [file.stem for file in (ROOT / "infra/app/queries").glob("*.kql")]
    assert sorted(named) == sorted([*queries, "near-expiry", "down"])


def test_incidents_are_those_that_can_happen_and_begin_with_the_great_stop() -> None:
    headings = re.findall(r"^## (.+)$", INCIDENT, re.MULTILINE)
    assert headings == ["Stop everything", "A token", "A link", "A caller", "An operator", "The broker", "Afterwards"]


def row(consents: int) -> str:
    """The line of the table of costs that the counts and prices of docs/scale.md come to."""
    tokens = consents * TOKENS_A_DAY * DAYS
    half_minutes, tests = 2 * 60 * 24 * DAYS, 3 * 96 * DAYS
    pages = -(-(2 * consents + 1) // 25)
    operations = (
        consents * DAYS * 16 / 7 + 24 * DAYS * pages + 2 * tests + min(2 * tokens, 2 * half_minutes) + 2 * tokens
    )
    vault = operations / 10_000 * 0.03
    seconds = 24 * DAYS * RUN_SECONDS[consents] + tests + min(tokens, 86_400 * DAYS)
    executions = 24 * DAYS + tests + tokens
    functions = max(0, 2 * seconds - 100_000) * 0.000026 + max(0, executions - 250_000) / 1e6 * 0.40
    gigabytes = (5_500 * (tokens + tests) + 2_000 * (consents * DAYS + operations)) / 1e9
    logs = max(0, gigabytes - 5) * 2.30
    watching = ALERTS * 0.50 + 0.10 + tests * 0.0005
    parts = " | ".join(f"{part:.2f}" if part else "0" for part in (vault, functions, logs, watching))
    return f"| {consents:,} | {tokens:,} | {parts} | **{vault + functions + logs + watching:.2f}** |"


@pytest.mark.parametrize("consents", CONSENTS)
def test_the_cost_is_what_counts_and_prices_come_to(consents: int) -> None:
    assert row(consents) in SCALE
