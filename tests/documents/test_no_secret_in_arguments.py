"""Commands of the documents, run: no program is given a secret as an argument, and nothing asks to type one.

Every process of a machine can read the arguments of every other one, and a shell writes what is typed into its history.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.guide import told
from tests.documents.pages import DOCUMENTS, FENCE, ROOT, blocks, name_of
from tests.documents.watched_shell import SECRET, SECRET_PLACE, watch

PAGES = [
    *DOCUMENTS,
    *(ROOT / name for name in ("CONTRIBUTING.md",)),
    *sorted(ROOT.glob("clients/*/README.md")),
]
PIPELINES = [
    ROOT / "azure-pipelines.yml",
    *sorted(ROOT.glob("clients/pipelines/*.yml")),
    *sorted(ROOT.glob(".github/workflows/*.yml")),
]
SHELLS, POWERSHELL = ("sh", "console", "bash"), ("powershell", "pwsh")
SPOKEN = re.compile(r"`((?:az|azd|curl|eval|partner-token|partner-broker|git|pip|\.venv/bin/python|python) [^`\n]+)`")
EXTERNAL = re.compile(r"(?:^|[|;&(=]\s*)(?:az|azd|curl(?:\.exe)?|git|pwsh|powershell|python3?|partner-\w+)\s[^|;\n]*")


def guide() -> str:
    """What `make run` prints, as far as it is commands."""
    text = told(
        host="http://localhost",
        link="_",
        people="",
        operators="",
        command=".venv/bin/python -m local",
        here="",
        log="_",
    )
    return "\n".join(line for line in text.splitlines() if re.match(r"  +(?!or with|Logs)\S", line))


def usage() -> str:
    """The examples that partner-token.sh itself gives."""
    script = ROOT / "clients" / "bash" / "partner-token.sh"
    done = subprocess.run(["bash", str(script), "--help"], capture_output=True, text=True, check=True)  # noqa: S603, S607
    examples = done.stdout.partition("examples:\n")[2]
    assert examples
    return examples.replace("partner-token.sh ", "./partner-token.sh ")


def steps(found: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - YAML
    """Every step with a script of its own, wherever it is."""
    if isinstance(found, dict):
        if script := found.get("run") or found.get("bash") or found.get("script") or found.get("inlineScript"):
            yield {"script": script}
        found = list(found.values())
    for inner in found if isinstance(found, list) else ():
        yield from steps(inner)


def scripts() -> Iterator[tuple[str, str]]:
    """Where a script stands, and the script."""
    for file in PAGES:
        text = file.read_text()
        for number, block in enumerate(blocks(text, *SHELLS), 1):
            yield f"{name_of(file)} block {number}", block
        for number, words in enumerate(SPOKEN.findall(FENCE.sub("", text)), 1):
            yield f"{name_of(file)} line {number}", words
    for file in PIPELINES:
        for number, step in enumerate(steps(yaml.safe_load(file.read_text())), 1):
            yield f"{name_of(file)} step {number}", step["script"]
    yield "make run", guide()
    yield "partner-token.sh --help", usage()


SCRIPTS = dict(scripts())


@pytest.mark.parametrize("where", SCRIPTS)
def test_no_program_is_given_a_secret_as_an_argument(where: str, tmp_path: Path) -> None:
    watched = watch(SCRIPTS[where], tmp_path)
    assert watched.betrayed() == []
    assert "syntax error" not in watched.complaint
    assert "command not found" not in watched.complaint
    # What a sentence names stands without the pipe before it.
    for line in filter(None, watched.told.splitlines() if " line " not in where else ()):
        assert line in {
            f"Authorization: Bearer {SECRET}",
            f"Authorization=Bearer {SECRET}",
            f"X-IDENTITY-HEADER: {SECRET}",
            f'header = "Authorization: Bearer {SECRET}"',
        }


BETRAYING = {
    "from a command": 'curl --header "Authorization: Bearer $(partner-token contoso graph)" https://graph.example',
    "from a variable": 'token=$(partner-token contoso graph)\ncurl -H "Authorization: Bearer $token" https://graph.example',
    "from a file": 'az login --service-principal --password "$(cat secret.txt)"',
    "typed": "az login --service-principal --password <the client secret>",
    "in a shell within": "sh -c 'curl -H \"Authorization: Bearer '\"$TOKEN\"'\" https://graph.example'",
    "by xargs": "partner-token contoso graph | xargs -I_ curl -H 'Authorization: Bearer '_ https://graph.example",
    "in a body": 'curl --data "refresh_token=$(az keyvault secret show --name old --query value)" https://login.example',
}


@pytest.mark.parametrize("way", BETRAYING)
def test_every_way_to_give_a_secret_away_is_seen(way: str, tmp_path: Path) -> None:
    assert watch(BETRAYING[way], tmp_path).betrayed()


@pytest.mark.parametrize("file", PAGES, ids=name_of)
def test_no_block_asks_to_type_a_secret(file: Path) -> None:
    """A builtin's words are no process's arguments, and go into the history all the same."""
    for block in blocks(file.read_text(), *SHELLS, *POWERSHELL):
        assert not SECRET_PLACE.search(block)
        assert "eyJ" not in block


@pytest.mark.parametrize("file", PAGES, ids=name_of)
def test_a_powershell_block_gives_no_program_a_secret(file: Path) -> None:
    """Commands of PowerShell run in its own process; programs do not."""
    for block in blocks(file.read_text(), *POWERSHELL):
        for call in EXTERNAL.findall(block):
            assert not re.search(r"\$\(|\$\w*(?:token|secret|password|mine|assertion)", call, re.IGNORECASE), call


def test_commands_that_need_a_token_get_one_by_a_pipe(tmp_path: Path) -> None:
    """Otherwise the test above could hold because nothing needed one."""
    piped = [where for where in SCRIPTS if watch(SCRIPTS[where], _own(tmp_path, where)).told]
    assert len(piped) >= 8


def _own(folder: Path, where: str) -> Path:
    own = folder / re.sub(r"\W+", "-", where)
    own.mkdir()
    return own
