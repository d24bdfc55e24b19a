"""What the commands import before they are asked for anything: help, version and completion wait for no SDK."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from partner_token import broker_command, token_command
from partner_token.exit_codes import INTERRUPTED
from tests.clients.python.people import SOURCES
from tests.programs import require

HEAVY = ("azure", "msal", "requests", "rich", "cryptography")


def imported(module: str, *arguments: str, **environment: str) -> tuple[str, set[str]]:
    """What a command prints, and the packages that it has imported by its end."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-X", "importtime", "-m", f"partner_token.{module}", *arguments],
        env={"PYTHONPATH": str(SOURCES), "PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    names = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    return done.stdout, {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("module", ["broker_command", "token_command"])
@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("completion", "powershell")], ids=" ".join)
def test_what_needs_no_broker_imports_no_sdk(module: str, arguments: tuple[str, ...]) -> None:
    printed, names = imported(module, *arguments)
    assert printed
    assert "click" in names
    assert names.isdisjoint(HEAVY)


@pytest.mark.parametrize(
    ("module", "variable", "words", "expected"),
    [
        ("broker_command", "_PARTNER_BROKER_COMPLETE", "partner-broker cu", "customers"),
        ("token_command", "_PARTNER_TOKEN_COMPLETE", "partner-token who", "whoami"),
        ("token_command", "_PARTNER_TOKEN_COMPLETE", "partner-token --sc", "--scope"),
    ],
)
def test_a_tab_in_bash_completes_and_imports_no_sdk(module: str, variable: str, words: str, expected: str) -> None:
    printed, names = imported(module, **{variable: "bash_complete", "COMP_WORDS": words, "COMP_CWORD": "1"})
    assert printed.split() == [f"plain,{expected}"]
    assert names.isdisjoint(HEAVY)


def test_a_tab_in_powershell_completes_with_help() -> None:
    asked = {"_PARTNER_BROKER_COMPLETE": "powershell_complete", "COMP_WORDS": "customers\nconsent", "COMP_WORD": "--a"}
    printed, _ = imported("broker_command", **asked)
    assert [line.split("\t")[0] for line in printed.splitlines()] == ["--all", "--apply", "--audience"]
    assert all(line.split("\t")[1] for line in printed.splitlines())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_each_shell_gets_a_script_that_names_the_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert broker_command.main(["completion", shell]) == 0
    assert token_command.main(["completion", shell]) == 0
    told = capsys.readouterr().out
    assert "_PARTNER_BROKER_COMPLETE" in told
    assert "_PARTNER_TOKEN_COMPLETE" in told


@pytest.mark.parametrize("command", ["broker", "token"])
def test_ctrl_c_while_a_command_is_loaded_ends_it_without_a_word(tmp_path: Path, command: str) -> None:
    """The first thing that is imported meets it here."""
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt\n")
    project = tomllib.loads((SOURCES.parent / "pyproject.toml").read_text())
    module, _, function = project["project"]["scripts"][f"partner-{command}"].partition(":")
    script = f"import sys; from {module} import {function}; sys.exit({function}())"
    done = subprocess.run(  # noqa: S603 - as the script is installed
        [sys.executable, "-c", script, "--help"],
        env={"PYTHONPATH": f"{tmp_path}{os.pathsep}{SOURCES}", "PATH": os.environ["PATH"]},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (INTERRUPTED, b"", b"")


@pytest.mark.parametrize("command", ["broker", "token"])
def test_a_command_as_it_is_installed_runs(command: str) -> None:
    script = f"import sys; from partner_token.start import {command}; sys.exit({command}())"
    done = subprocess.run(  # noqa: S603 - as the script is installed
        [sys.executable, "-c", script, "--version"],
        env={"PYTHONPATH": str(SOURCES), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.startswith(f"partner-{command} ")


def test_the_package_has_its_credential_by_its_name() -> None:
    import partner_token  # noqa: PLC0415 - what an attribute of it imports is what is tested

    assert partner_token.BrokerCredential.__name__ == "BrokerCredential"
    assert partner_token.BrokerError.__name__ == "BrokerError"
    with pytest.raises(AttributeError):
        partner_token.Nothing  # noqa: B018


def test_the_version_is_said_once() -> None:
    project = (Path(SOURCES).parent / "pyproject.toml").read_text()
    assert 'dynamic = ["version"]' in project


def test_powershell_completes_as_the_script_has_it(tmp_path: Path) -> None:
    """By PowerShell's own completion, of a command that PATH has."""
    require("pwsh")
    program = tmp_path / "partner-broker"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m partner_token.broker_command "$@"\n')
    program.chmod(0o755)
    script = (
        "partner-broker completion powershell | Out-String | Invoke-Expression\n"
        "$line = 'partner-broker customers '\n"
        "$found = [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null)\n"
        "$found.CompletionMatches.CompletionText -join ' '\n"
    )
    done = subprocess.run(  # noqa: S603 - our own program
        ["pwsh", "-NoProfile", "-NonInteractive", "-Command", script],  # noqa: S607
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(SOURCES), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.split() == ["consent", "exclude", "excluded", "history", "include", "list", "offboard", "remove"]
