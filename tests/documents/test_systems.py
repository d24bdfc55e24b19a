"""The page of each system: every request on it is sent to a running broker, and answered as the page says."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.demo import claims_of
from local.entra.issuance import BACKDATED
from local.person import Person
from local.stack import running_stack
from local.state import StackState
from local.workload import Workload, fire_timer
from local.world import (
    ADMIN,
    CONTOSO,
    DEFAULT_WORLD,
    DEVOPS,
    GRAPH,
    PARTNER_APPLICATION,
    PARTNER_TENANT,
    POWER_BI,
    SHAREPOINT,
    TEAMS,
)
from shared.entra.authority_errors import ErrorAnswer, judge
from shared.entra.place import Place
from tests.clients.python.people import command
from tests.documents.pages import (
    FENCE,
    ROOT,
    SYSTEMS,
    Exchange,
    blocks,
    differences,
    exchanges,
    headings,
    matches,
    rows,
    section,
)
from tests.local_control import Controls
from tests.token_http.over_http import send, write_policy
from token_http.module_table import MODULES

INDEX = ROOT / "docs" / "systems" / "README.md"
FORM = [
    "The token",
    "In the customer's tenant",
    "Commands",
    "The request",
    "Retired",
    "Errors",
    "Sources",
]
CALLER = "33333333-3333-3333-3333-333333333333"
ONE_HOUR, AN_HOUR_AND_A_HALF = 3600, 5400
# One page for what needs a few words alone, a section each.
MORE = ROOT / "docs" / "systems" / "more.md"
# And one for tokens of the application itself, which have no delegated permissions to tell.
APPLICATION = ROOT / "docs" / "systems" / "application.md"
LONG_PAGES = [page for page in SYSTEMS if page not in {MORE, APPLICATION}]
MOST_WORDS = 150
EXCHANGES = [(page, exchange) for page in SYSTEMS for exchange in exchanges(page.read_text())]
PAGES = pytest.mark.parametrize("page", SYSTEMS, ids=lambda page: page.stem)
# What the pages need in the customer's tenant, and the stand-in's world has not by itself.
GRANTS = (
    (GRAPH, re.findall(r"`([A-Z][A-Za-z.]+)`", "".join(row[3] for row in rows(MORE.read_text(), 4)))),
    (TEAMS, ["user_impersonation"]),
    (POWER_BI, ["Tenant.Read.All"]),
    (DEVOPS, ["user_impersonation"]),
    (SHAREPOINT, ["AllSites.FullControl"]),
)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackState]:
    """A stack with a consent and the very policies of the index and of the application's page, for this caller."""
    quiet = {f"AzureWebJobs.{timer}.Disabled": "true" for timer in ("refresh", "check_customers")}
    with running_stack(tmp_path_factory.mktemp("systems") / "state", settings=quiet) as started:
        for number, page in enumerate((INDEX, APPLICATION)):
            (policy,) = blocks(page.read_text(), "json")
            document = json.loads(policy.replace(CALLER, DEFAULT_WORLD.identity("reports").object_id))
            write_policy(started, f"policy-{number}", document)
        entra = Controls(started, started.entra)
        for resource, scopes in GRANTS:
            grant = {"client": PARTNER_APPLICATION, "resource": resource, "scopes": ["Directory.Read.All", *scopes]}
            entra.post("consents", {"tenant": CONTOSO, **grant})
        with Person() as person:
            told = person.consent(Workload(state=started, name="operator").link(), ADMIN)
        assert "Your consent is stored" in told.text
        # It keeps what Partner Center calls the customers.
        assert fire_timer(started, function="check_customers") == "Success"
        yield started


@pytest.fixture
def reports(state: StackState) -> Workload:
    return Workload(state=state, name="reports")


def sent(caller: Workload, exchange: Exchange) -> httpx.Response:
    """The request as the page writes it, with the caller's own token where the page has a place for it."""
    request = exchange.request
    headers = {
        name: re.sub(r"<[^>]+>", caller.assertion(), value) if "<" in value else value
        for name, value in request.headers.items()
    }
    path = request.path.removeprefix("/api/")
    return send(caller.state, request.method, path, headers=headers, body=request.body.encode())


def tokens_of(content: dict[str, Any]) -> list[str]:
    values = [one for value in content.values() for one in (value if isinstance(value, list) else [value])]
    return [one for one in values if isinstance(one, str) and one.count(".") == 2 and len(one) > 200]


def test_the_index_lists_every_page() -> None:
    listed = {row[0] for row in rows(INDEX.read_text(), 3)}
    assert {f"[{page.read_text().splitlines()[0].removeprefix('# ')}]({page.name})" for page in SYSTEMS} <= listed


@pytest.mark.parametrize("page", LONG_PAGES, ids=lambda page: page.stem)
def test_every_page_has_the_same_form(page: Path) -> None:
    titles = headings(page.read_text())
    assert titles[1:] == FORM, "a reader finds the same thing in the same place"
    assert "60 to 90 minutes" in section(page.read_text(), "The token")
    assert len(re.findall(r"\(https://", section(page.read_text(), "Sources"))) >= 2


@pytest.mark.parametrize("title", headings(MORE.read_text())[1:])
def test_a_system_of_the_page_of_many_has_its_tokens_a_request_a_source_and_few_words(title: str) -> None:
    text = section(MORE.read_text(), title)
    assert rows(text, 4)
    assert exchanges(text)
    assert re.search(r"^Sources?: .*\(https://", text, re.MULTILINE)
    words = re.sub(r"\(https://[^)]+\)", "", FENCE.sub("", text)).replace("|", " ").split()
    assert len(words) <= MOST_WORDS


@PAGES
def test_every_page_has_a_request(page: Path) -> None:
    assert page in {one for one, _ in EXCHANGES}


@pytest.mark.parametrize(
    ("page", "exchange"), EXCHANGES, ids=[f"{page.stem} {exchange.request.path}" for page, exchange in EXCHANGES]
)
def test_a_request_is_answered_as_its_page_says(reports: Workload, page: Path, exchange: Exchange) -> None:
    answer = sent(reports, exchange)
    assert answer.status_code == exchange.answer.status, f"{page.name}: {answer.text}"
    assert list(differences(exchange.answer.content, answer.json())) == []
    for name, value in exchange.answer.headers.items():
        assert matches(value, answer.headers.get(name, "")), name
    if "Warning" not in exchange.answer.headers:
        assert "warning" not in answer.headers, "what is retired is said on its page"


@pytest.mark.parametrize(
    ("title", "audiences"),
    [
        ("Microsoft Graph", ["https://graph.microsoft.com"]),
        ("Exchange Online", ["https://outlook.office365.com"]),
        ("SharePoint", ["https://contoso.sharepoint.com"]),
        ("Microsoft Teams", ["https://graph.microsoft.com", TEAMS]),
        ("Azure Resource Manager", ["https://management.azure.com/", "https://graph.microsoft.com"]),
    ],
)
def test_the_tokens_of_the_applications_page_are_its_own(reports: Workload, title: str, audiences: list[str]) -> None:
    assert title in headings(APPLICATION.read_text())
    (exchange,) = exchanges(section(APPLICATION.read_text(), title))
    claims = [claims_of(token) for token in tokens_of(sent(reports, exchange).json())]
    assert [token["aud"] for token in claims] == audiences
    assert {(token["tid"], token["idtyp"], token["appid"]) for token in claims} == {
        (CONTOSO, "app", PARTNER_APPLICATION)
    }
    assert not any("scp" in token for token in claims)


@pytest.mark.parametrize("page", [*LONG_PAGES, MORE], ids=lambda page: page.stem)
def test_the_tokens_of_a_page_are_those_of_its_table(reports: Workload, page: Path) -> None:
    """Audience and permissions, both ways: no token that the table lacks, no row that no request shows."""
    text = page.read_text()
    asked = [exchange for exchange in exchanges(text) if exchange.answer.status == httpx.codes.OK]
    claims = [claims_of(token) for exchange in asked for token in tokens_of(sent(reports, exchange).json())]
    wanted = [
        (audience.strip("`"), set(re.findall(r"`([^`]+)`", permission)))
        for _, _, audience, permission in rows(text if page == MORE else section(text, "The token"), 4)
        if audience.startswith("`")
    ]
    fits = [
        {index for index, (audience, permissions) in enumerate(wanted) if _fits(token, audience, permissions)}
        for token in claims
    ]
    assert all(fits), "a token that is not in the table"
    assert set().union(*fits) == set(range(len(wanted))), "a row that no request shows"
    home = PARTNER_TENANT if page.stem == "partner-center" else CONTOSO
    assert {token["tid"] for token in claims} == {home}
    assert all(ONE_HOUR <= token["exp"] - token["iat"] - BACKDATED <= AN_HOUR_AND_A_HALF for token in claims)


def _fits(token: dict[str, Any], audience: str, permissions: set[str]) -> bool:
    return token["aud"] == audience and permissions <= set(token["scp"].split())


def test_every_module_that_the_broker_connects_is_connected_on_a_page() -> None:
    shown = {
        exchange.request.path.partition("?")[0].removeprefix("/api/connect/").lower()
        for _, exchange in EXCHANGES
        if exchange.request.path.startswith("/api/connect/")
    }
    assert shown == set(MODULES)


@pytest.mark.parametrize("page", [INDEX, *SYSTEMS], ids=lambda page: page.stem)
def test_the_codes_of_entra_ids_errors_are_the_brokers(page: Path) -> None:
    told = [row for row in rows(page.read_text(), 3) if row[0].startswith("AADSTS")]
    assert told or page in {MORE, APPLICATION}, "each page says what goes wrong"
    for numbers, code, _remedy in told:
        for number in re.findall(r"AADSTS(\d+)", numbers):
            answer = ErrorAnswer(tenant_id=CONTOSO, error="invalid_grant", codes=(int(number),))
            found = judge(answer, Place.HOME if page.stem == "partner-center" else Place.CUSTOMER)
            assert f"`{found.code}`" == code, number


def shell_tokens() -> list[tuple[str, ...]]:
    """Every `partner-token` of these pages, once."""
    found = {
        tuple(shlex.split(words))
        for page in [INDEX, *SYSTEMS]
        for block in blocks(page.read_text(), "sh")
        for words in re.findall(r"(?<=\()partner-token [^)]+|^partner-token [^|]+", block, re.MULTILINE)
    }
    return sorted(found)


@pytest.mark.parametrize("words", shell_tokens(), ids=" ".join)
def test_a_command_of_a_page_prints_a_token_for_what_it_names(state: StackState, words: tuple[str, ...]) -> None:
    done = command(state, "reports", *words)
    assert done.returncode == 0, done.stderr
    audience = claims_of(done.stdout.strip().removeprefix("Authorization: Bearer "))["aud"]
    asked = Workload(state=state, name="reports").token(words[1], words[2]).json()
    assert audience == asked["resource"]
