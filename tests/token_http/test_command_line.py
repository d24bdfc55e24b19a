"""The policy on files: what the two commands print, and the exit codes that a pipeline goes by."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.token_http.samples import CALLER_ID, CONTOSO_ID, HOME_ID, OTHER_ID, document, row
from token_http.__main__ import main

ROOT = Path(__file__).resolve().parents[2]
CLEAN, WRONG_CALL, FINDINGS = 0, 2, 1


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "token_http", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / f"{name}.json"
    file.write_text(text, "utf-8")
    return file


@pytest.fixture
def places(clean: Path, tmp_path: Path) -> dict[str, Path]:
    """What the words in capitals stand for."""
    (tmp_path / "other").mkdir()
    twin = written(tmp_path / "other", "policy-1", document(row(tenants=["*"])))
    binary = tmp_path / "policy-5.json"
    binary.write_bytes(b"\xff\xfe\x00")
    return {"FILE": clean, "TWIN": twin, "BROKEN": written(tmp_path, "policy-4", "{"), "BINARY": binary}


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    return written(tmp_path, "policy-1", document(row(name="reports"), row(caller=None, role="Billing")))


def asked(**changed: str) -> list[str]:
    usual = {"home": HOME_ID, "caller": CALLER_ID, "tenant": "contoso", "resource": "graph"}
    return [part for name, value in {**usual, **changed}.items() for part in (f"--{name}", value)]


def test_a_clean_policy_is_linted_without_a_word(clean: Path) -> None:
    done = run("lint", clean, "--home", HOME_ID.upper())
    assert (done.returncode, done.stdout, done.stderr) == (CLEAN, "", "")


def test_advice_is_told_and_fails_no_pipeline(tmp_path: Path) -> None:
    wide = written(tmp_path, "policy-1", document(row(resources=["https://*.sharepoint.com"])))
    done = run("lint", wide, "--home", HOME_ID)
    assert (done.returncode, done.stdout.partition(": ")[2][:8]) == (CLEAN, "advice: ")


def test_every_finding_is_a_line_that_names_its_document_as_the_vault_will(clean: Path, tmp_path: Path) -> None:
    more = written(tmp_path, "policy-2", document(row(tenants=["*"], name="all"), row(consents=["bakcup"])))
    broken = written(tmp_path, "policy-3", '{"permissions": [], "permissions": []}')
    done = run("lint", clean, more, broken, "--home", HOME_ID, "--consents", "partner, backup")
    assert (done.returncode, done.stderr) == (FINDINGS, "")
    assert [": ".join(line.split(": ")[:2]) for line in done.stdout.splitlines()] == [
        "policy-3: invalid",
        "policy-1[0] reports: shadowed",
        "policy-2[0] all: too wide",
        "policy-2[1]: unknown",
    ]
    assert "field twice" in done.stdout.splitlines()[0]
    assert "no consent bakcup" in done.stdout.splitlines()[3]


def check(*arguments: str | Path) -> tuple[int, Any]:
    done = run("check", *arguments)
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def test_what_would_be_allowed_is_said_with_its_row(clean: Path) -> None:
    told = {"allowed": True, "as": "user", "permission": "policy-1[0] reports", "tenant_id": CONTOSO_ID}
    assert check(clean, *asked(tenant=CONTOSO_ID.upper(), caller=CALLER_ID.upper())) == (CLEAN, told)


@pytest.mark.parametrize("changed", [{"caller": OTHER_ID}, {"consent": "backup"}], ids=str)
def test_what_would_be_refused_is_said_and_fails_a_pipeline(clean: Path, changed: dict[str, str]) -> None:
    assert check(clean, *asked(**changed)) == (
        FINDINGS,
        {"allowed": False, "as": "user", "permission": None, "tenant_id": None},
    )


def test_roles_may_be_several_and_a_cloud_has_its_own_resources(clean: Path) -> None:
    roles = ["--role", "Other", "--role", "Billing"]
    assert check(clean, *asked(caller=OTHER_ID), *roles)[1]["permission"] == "policy-1[1]"
    government = [*asked(resource="https://graph.microsoft.us"), "--cloud", "AzureUSGovernment"]
    assert check(clean, *government)[0] == CLEAN
    assert check(clean, *asked(resource="https://graph.microsoft.us"))[0] == FINDINGS


WRONG_CALLS: list[tuple[list[str], str]] = [
    ([], "required"),
    (["drop"], "invalid choice"),
    (["lint", "--home", HOME_ID], "files"),
    (["lint", "FILE"], "--home"),
    # Without a home that can be compared, `*` would seem to allow it.
    (["lint", "FILE", "--home", "fabrikam.example"], "--home"),
    (["check", "FILE", *asked(home="")], "--home"),
    (["lint", "FILE", "--home", HOME_ID, "--cloud", "AzureGermanCloud"], "--cloud"),
    (["lint", "no-such-file.json", "--home", HOME_ID], "no-such-file.json"),
    (["lint", "FILE", "TWIN", "--home", HOME_ID], "Two files of one name"),
    (["lint", "BINARY", "--home", HOME_ID], "error: "),
    (["check", "BROKEN", *asked()], "policy-4 is not JSON"),
    (["check", "FILE", *asked(caller="reports")], "error: caller: the object id"),
    (["check", "FILE", *asked(resource="grpah")], "error: resource:"),
    (["check", "FILE", *asked(tenant="")], "error: tenant:"),
    (["check", "FILE", "--home", HOME_ID], "--caller"),
]


@pytest.mark.parametrize(("arguments", "named"), WRONG_CALLS, ids=[" ".join(call)[:60] for call, _ in WRONG_CALLS])
def test_a_call_that_is_wrong_says_so_and_is_no_finding(
    places: dict[str, Path], capsys: pytest.CaptureFixture[str], arguments: list[str], named: str
) -> None:
    """A pipeline must tell a policy that was looked at from one that was not."""
    # In this process, for there are many; what the shell sees of one is tried below.
    try:
        code: object = main([str(places.get(part, part)) for part in arguments])
    except SystemExit as end:
        code = end.code
    told = capsys.readouterr()
    assert (code, told.out) == (WRONG_CALL, "")
    assert named in told.err


@pytest.mark.parametrize("arguments", [["drop"], ["lint", "no-such-file.json", "--home", HOME_ID]], ids=str)
def test_the_shell_sees_of_a_wrong_call_its_code_and_a_sentence(arguments: list[str]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (WRONG_CALL, "")
    assert "error: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["lint", "--help"], ["check", "--help"]], ids=str)
def test_help_tells_how_it_is_called(arguments: list[str]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stderr) == (CLEAN, "")
    assert "usage: python -m token_http" in done.stdout
    if arguments == ["--help"]:
        assert "exit codes: 0 clean or allowed, 1 findings or refused, 2 the call is wrong" in done.stdout
        assert {"lint", "check"} <= set(done.stdout.split())
    else:
        assert "--home" in done.stdout
