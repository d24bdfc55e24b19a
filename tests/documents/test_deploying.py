"""The page on deploying, run from the clone to the first token in bash and in PowerShell; and every block's syntax."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Protocol

import pytest

from tests.documents.both_shells import OUTPUTS, URL, Ran, bash, powershell, unread_by_powershell
from tests.documents.pages import DOCUMENTS, FENCE, ROOT, blocks, name_of, section
from tests.documents.watched_shell import prepared

TEXT = (ROOT / "docs" / "deploy.md").read_text()
PAGES = [*DOCUMENTS, ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("clients/*/README.md"))]
STEPS = ("1. Get it and sign in", "2. Choose", "3. Deploy", "4. Operate", "5. Consent", "6. Customers")
LAST = ("7. The check that proves it", "Callers")
WITHOUT_AZD = "\n### Without azd\n"
SHELLS = {"sh": bash, "powershell": powershell}
# bash asks for the caller's token and the broker's by hand, where PowerShell has a command for both.
BY_HAND = (["az", "account", "get-access-token"], ["curl", "--silent"])

needs_pwsh = pytest.mark.skipif(shutil.which("pwsh") is None, reason="pwsh is not on PATH")
both_shells = pytest.mark.parametrize("shell", ["sh", pytest.param("powershell", marks=needs_pwsh)])
both_ways = pytest.mark.parametrize("azd", [True, False], ids=["with azd", "without azd"])


def commands(text: str, shell: str) -> Iterator[str]:
    """The blocks for a shell: its own, and those in `sh` that no block of PowerShell follows."""
    found = [(match["language"], match["text"]) for match in FENCE.finditer(text)]
    for (language, block), (following, _) in zip(found, [*found[1:], ("", "")], strict=True):
        has_twin = language == "sh" and following == "powershell"
        if language == shell or (language == "sh" and not has_twin):
            yield block


def path(shell: str, *, azd: bool) -> list[str]:
    """Every block of the way that a reader takes, in order."""
    parts = []
    for title in (*STEPS, *LAST):
        if title == "2. Choose" and not azd:
            continue
        text = section(TEXT, title)
        if title == "3. Deploy":
            text, without = text.split(WITHOUT_AZD)
            text = text if azd else without
        parts += list(commands(text, shell))
    # In another program, to which only what is exported goes.
    return [*parts, "printenv BROKER_URL"]


class Walk(Protocol):
    """What came of a way in a shell."""

    def __call__(self, shell: str, *, azd: bool) -> Ran: ...


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """Each way in each shell, run once."""

    @cache
    def ran(shell: str, *, azd: bool) -> Ran:
        done = SHELLS[shell](path(shell, azd=azd), tmp_path_factory.mktemp(shell))
        assert (done.outcome, done.complaint) == (0, "")
        return done

    return ran


@both_ways
@both_shells
def test_the_page_leads_from_the_clone_to_the_first_token(walk: Walk, shell: str, *, azd: bool) -> None:
    done = walk(shell, azd=azd)
    assert done.printed.splitlines()[-1] == URL
    rest = [call for call in done.calls if call[:2] == ["az", "rest"]]
    assert [call[call.index("--url") + 1].removeprefix(URL) for call in rest] == [
        "/api/consents",
        "/api/consents/partner/link",
        "/api/customers/_/consent?dry_run=true",
        "/api/customers/_/consent?dry_run=false",
        "/api/consents/partner/check",
        "https://graph.microsoft.com/v1.0/servicePrincipals/answered/appRoleAssignedTo",
    ]
    assert all(OUTPUTS["BROKER_AUDIENCE"] in call for call in rest[:-1])
    # The broker was looked at before, and the caller signed in after.
    assert next(call for call in done.calls if call[0] == "curl") == ["curl", f"{URL}/api/health"]
    assert ["az", "login", "--service-principal"] in [call[:3] for call in done.calls]


@needs_pwsh
@both_ways
def test_both_shells_give_the_programs_the_same_words(walk: Walk, *, azd: bool) -> None:
    given = [
        [call for call in walk(shell, azd=azd).calls if not any(call[: len(start)] == start for start in BY_HAND)]
        for shell in SHELLS
    ]
    assert given[0] == given[1]


def test_without_azd_the_template_gets_what_it_takes_and_the_package_has_what_is_deployed(walk: Walk) -> None:
    calls = walk("sh", azd=False).calls
    assert not [call for call in calls if call[0] == "azd" and call[1] != "auth"]
    declared = json.loads((ROOT / "infra/main.json").read_text())["parameters"]
    for call in (call for call in calls if call[1:3] == ["deployment", "sub"] and "--template-file" in call):
        assert (ROOT / call[call.index("--template-file") + 1]).is_file()
        given = {word.partition("=")[0] for word in call[call.index("--parameters") + 1 :]}
        assert {name for name, one in declared.items() if "defaultValue" not in one} <= given <= declared.keys()
    (archive,) = [call for call in calls if call[:2] == ["git", "archive"]]
    assert set(archive[archive.index("HEAD") + 1 :]) == deployed()


def deployed() -> set[str]:
    """What azd puts there: what is under version control and not in .funcignore."""
    ignored = {line.rstrip("/") for line in (ROOT / ".funcignore").read_text().split()}
    kept = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()  # noqa: S607
    names = {name.partition("/")[0] for name in kept}
    return {name for name in names - ignored if not name.startswith(".git") and not name.endswith(".md")} - {
        ".funcignore",
        "LICENSE",
        "local.settings.sample.json",
    }


@pytest.mark.parametrize("file", PAGES, ids=name_of)
def test_bash_can_read_every_block_of_a_page(file: Path) -> None:
    for block in blocks(file.read_text(), "sh", "bash", "console"):
        done = subprocess.run(["bash", "-n"], input=prepared(block), capture_output=True, text=True, check=False)  # noqa: S607
        assert done.returncode == 0, f"{block}\n{done.stderr}"


@needs_pwsh
def test_powershell_can_read_every_block_of_every_page(tmp_path: Path) -> None:
    scripts = [block for file in PAGES for block in blocks(file.read_text(), "powershell", "pwsh")]
    scripts += [block for azd in (True, False) for block in path("powershell", azd=azd)]
    assert [f"{found}: {scripts[int(found.split()[0])]}" for found in unread_by_powershell(scripts, tmp_path)] == []


def test_the_roles_that_the_page_asks_for_and_the_cost_are_told_once_each() -> None:
    assert re.findall(r"^## (Who does what|What it costs)$", TEXT, re.MULTILINE) == ["Who does what", "What it costs"]
    scale = (ROOT / "docs" / "scale.md").read_text()
    told = re.findall(r"\d+\.\d\d", section(TEXT, "What it costs"))
    assert told
    assert all(f"**{price}**" in scale for price in told)
