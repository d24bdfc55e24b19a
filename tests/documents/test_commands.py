"""Commands and addresses in the documents against the programs: options, parameters, routes, links and anchors."""

import io
import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.state import StackState
from local.workload import Workload
from local.world import ADMIN, PARTNER_APPLICATION
from partner_token import broker_command, token_command
from tests.clients.python.people import command
from tests.conftest import StackMaker
from tests.documents.pages import DOCUMENTS, ROOT, anchors, blocks, name_of, rows, section
from tests.local_control import Controls
from token_http.modules import TAKES_NO_TOKEN

DONE, NEEDS_A_PERSON, WRONG_USE = 0, 1, 2
PROGRAMS: dict[str, Callable[[list[str]], int]] = {
    "partner-token": token_command.main,
    "partner-broker": broker_command.main,
}
OWN = [
    file
    for file in DOCUMENTS
    if file.parent == ROOT / "docs" / "systems" or file.stem in {"migrate", "troubleshooting", "glossary"}
]
POWERSHELL = ROOT / "clients" / "powershell" / "PartnerToken" / "Public"
ROUTES = json.loads((ROOT / "token_http" / "openapi.json").read_text())["paths"]
METHODS = ("GET", "POST", "PUT", "DELETE")
OLD_TOKEN = {"user": ADMIN.object_id, "client": PARTNER_APPLICATION, "scope": "openid profile offline_access"}


def shell_commands() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every use of our own commands in a shell block or between backticks: where, and its words."""
    for file in DOCUMENTS:
        text = without_placeholders(file.read_text())
        spoken = re.findall(r"`(partner-(?:token|broker) [^`]+)`", text)
        # Up to what ends a command in a shell: a bracket, a pipe, a comment, a redirection.
        written = re.findall(r"partner-(?:token|broker) [^)|#<\n]+", "\n".join(blocks(text, "sh", "console")))
        for words in {*spoken, *written}:
            yield name_of(file), tuple(shlex.split(words))


def without_placeholders(text: str) -> str:
    """The text with a word in place of each `<...>`; a redirection has a space behind its bracket."""
    return re.sub(r"<\S[^>\n]*>", "_", text)


COMMANDS = sorted(set(shell_commands()))


def test_the_documents_show_both_commands() -> None:
    assert {words[0] for _, words in COMMANDS} == set(PROGRAMS)


@pytest.mark.parametrize(("file", "words"), COMMANDS, ids=[f"{file}: {' '.join(words)}" for file, words in COMMANDS])
def test_a_command_of_a_document_is_understood(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], file: str, words: tuple[str, ...]
) -> None:
    """It gets as far as asking which broker: an unknown option or action ends earlier."""
    for variable in ("BROKER_URL", "BROKER_AUDIENCE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO("contoso graph\n"))
    program, *arguments = words
    outcome, told = PROGRAMS[program](arguments), capsys.readouterr()
    if arguments[0] == "completion":
        assert (outcome, bool(told.out)) == (DONE, True)
    else:
        assert "say which broker" in told.err, file
        assert outcome == (NEEDS_A_PERSON if arguments[0] == "doctor" else WRONG_USE)


def parameters_of(function: str) -> set[str]:
    """The parameters of a command of the PowerShell module, aliases included."""
    text = (POWERSHELL / f"{function}.ps1").read_text()
    block = text[text.index("    param(") : text.index("\n    )\n")]
    names = re.findall(r"\]\s+\$(\w+)", block)
    aliases = re.findall(r"'(\w+)'", " ".join(re.findall(r"\[Alias\(([^)]*)\)\]", block)))
    common = ("ErrorVariable", *(("WhatIf", "Confirm") if "SupportsShouldProcess" in text else ()))
    return {name.lower() for name in (*names, *aliases, *common)}


def powershell_calls() -> Iterator[tuple[str, str, str]]:
    # The longest names first: one may begin with another.
    functions = "|".join(sorted((file.stem for file in POWERSHELL.glob("*.ps1")), key=len, reverse=True))
    for file in [*DOCUMENTS, ROOT / "clients" / "powershell" / "README.md"]:
        text = file.read_text()
        spoken = re.findall(rf"`((?:{functions}) -[^`]+)`", text)
        for line in [*"\n".join(blocks(text, "powershell")).splitlines(), *spoken]:
            for function, arguments in re.findall(rf"({functions})([^|)]*)", line):
                yield name_of(file), function, re.sub(r"@\{.*?\}|'[^']*'|#.*", "_", arguments)


CALLS = sorted(set(powershell_calls()))


def test_the_documents_show_every_command_of_the_module() -> None:
    assert {function for _, function, _ in CALLS} == {file.stem for file in POWERSHELL.glob("*.ps1")}


@pytest.mark.parametrize(("file", "function", "arguments"), CALLS, ids=[" ".join(call) for call in CALLS])
def test_a_call_of_the_module_has_parameters_that_it_takes(file: str, function: str, arguments: str) -> None:
    given = {name.lower() for name in re.findall(r"(?<!\S)-([A-Za-z]\w*)", arguments)}
    assert given <= parameters_of(function), file


def test_the_modules_that_documents_connect_are_those_that_the_command_knows() -> None:
    known = re.search(
        r"ValidateSet\(([^)]*)\)\]\s+\[string\] \$Module", (POWERSHELL / "Connect-Partner.ps1").read_text()
    )
    assert known
    named = {module for file in DOCUMENTS for module in re.findall(r"Connect-Partner -Module (\w+)", file.read_text())}
    assert named == set(re.findall(r"'(\w+)'", known[1])) - set(TAKES_NO_TOKEN)


def routes_of(text: str) -> Iterator[tuple[str, str]]:
    """Method and path of each request: in `http` blocks, between backticks, and of curl and az rest."""
    text = without_placeholders(text)
    yield from re.findall(rf"\b({'|'.join(METHODS)}) (/api/[^\s?`]+)", text)
    for line in "\n".join(blocks(text, "sh", "console")).replace("\\\n", " ").splitlines():
        for path in re.findall(r"\$BROKER_URL(/api/[^\s\"?]+)", line):
            method = re.search(r"(?:--method|--request) (\w+)", line)
            yield (method[1].upper() if method else "POST" if "--data" in line else "GET"), path


def is_route(method: str, path: str) -> bool:
    """Whether the broker has such a route; a document writes a placeholder where the route has one, or an example."""
    asked = path.rstrip(".,;)").split("/")
    return any(
        method.lower() in operations
        and len(parts) == len(asked)
        and all(part == word or part.startswith("{") for part, word in zip(parts, asked, strict=True))
        for parts, operations in ((route.split("/"), operations) for route, operations in ROUTES.items())
    )


@pytest.mark.parametrize("file", DOCUMENTS, ids=name_of)
def test_every_request_of_a_document_is_one_that_the_broker_answers(file: Path) -> None:
    unknown = {
        (method, path)
        for method, path in routes_of(file.read_text())
        if "..." not in path and not path.startswith("/api/msi/") and not is_route(method, path)
    }
    assert unknown == set()


@pytest.mark.parametrize("file", DOCUMENTS, ids=name_of)
def test_links_lead_to_headings_that_are_there(file: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#([^)]+)\)", file.read_text()):
        if not target.startswith("https://"):
            page = (file.parent / target).resolve() if target else file
            assert anchor in anchors(page.read_text()), f"{target}#{anchor}"


@pytest.mark.parametrize("file", OWN, ids=name_of)
def test_every_code_that_a_page_names_is_in_the_list_of_errors(file: Path) -> None:
    errors = (ROOT / "docs" / "errors.md").read_text()
    told = [cell for cell in re.findall(r"\| `([a-z]+(?:_[a-z]+)+)` \|", file.read_text()) if cell not in FIELDS]
    assert [code for code in told if f"`{code}`" not in errors] == []


def test_cmdlets_of_partner_center_are_replaced_and_none_is_hidden_by_a_command_of_that_name() -> None:
    text = section((ROOT / "docs" / "migrate.md").read_text(), "From Partner Center's cmdlets")
    replaced = {name for name, _ in rows(text, 2) for name in re.findall(r"`(\w+-Partner\w+)`", name)}
    asked = {"", "Subscription", "User", "SubscribedSku"}
    assert replaced == {f"Get-PartnerCustomer{one}" for one in asked} | {"New-PartnerCustomerApplicationConsent"}
    own = {file.stem for file in POWERSHELL.glob("*.ps1")}
    assert not own & replaced
    named = {name for _, instead in rows(text, 2) for name in re.findall(r"`(\w+-Partner\w+)", instead)}
    assert named <= own


# Cells in backticks that are no codes.
FIELDS = frozenset({"user_impersonation"})


REPLACEMENTS = rows(section((ROOT / "docs" / "migrate.md").read_text(), "The line that replaces yours"), 3)


@pytest.mark.parametrize("row", REPLACEMENTS, ids=lambda row: row[0][:40])
def test_what_replaces_a_line_needs_no_secret_and_says_where_more_is(row: list[str]) -> None:
    old, new, more = row
    assert not re.search(r"-RefreshToken|-Credential|-AccessToken|client_secret", new)
    assert "](" in more or new.startswith("keep it") or (old, new) == ("you have", "instead")


def test_the_import_of_an_old_refresh_token_works_as_the_page_on_migration_has_it(make_stack: StackMaker) -> None:
    """With the very words of the page; and the old token stays good, so both systems can run for a while."""
    text = (ROOT / "docs" / "migrate.md").read_text()
    found = re.search(r"partner-broker (import \w+) --login-hint \S+ < ", text)
    assert found
    with make_stack() as state:
        old = Controls(state, state.entra).post("refresh_tokens", OLD_TOKEN).json()["refresh_token"]
        for _ in range(2):
            _imported(state, found[1].split(), old)
        issued = Workload(state=state, name="reports").token("contoso", "graph")
        assert issued.is_success, issued.text


def _imported(state: StackState, words: list[str], token: str) -> None:
    done = command(state, "operator", "partner-broker", *words, "--login-hint", ADMIN.username, stdin=f"{token}\n")
    assert done.returncode == 0, done.stderr
    assert ADMIN.username in done.stdout
    assert token not in done.stdout + done.stderr
