"""The commands of a page in bash and in PowerShell, with `az`, `azd` and others that only note what they are given."""

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.clients.powershell.pwsh import machine
from tests.documents.watched_shell import FIELD, RECORD, prepared

URL = "https://broker.example"
# What a deployment gives out, for azd and, with the names as Azure returns them, for az.
OUTPUTS = {
    "AZURE_RESOURCE_GROUP": "rg-broker-prod",
    "BROKER_URL": URL,
    "BROKER_APP_NAME": "func-broker",
    "BROKER_AUDIENCE": "api://tenant/consent-broker-broker-prod",
    "BROKER_CLIENT_ID": "broker-client",
    "PARTNER_CLIENT_ID": "partner-client",
    "BROKER_IDENTITY_ID": "identity",
    "TOKEN_VAULT_NAME": "kv-token-x",
    "POLICY_VAULT_NAME": "kv-policy-x",
}
VALUES = "".join(f'{name}="{value}"\n' for name, value in OUTPUTS.items())
RETURNED = {name[:4].lower() + name[4:]: {"type": "String", "value": value} for name, value in OUTPUTS.items()}
NOTING = ("az", "azd", "curl", "git")
# A file that is named by `@` is noted by what is in it, as the program would read it.
STAND_IN = """#!/bin/sh
name=${0##*/}
{
    printf '%s' "$name"
    for word; do
        case "$word" in @?*.json) printf '\\037%s' "$(cat "${word#@}")" ;; *) printf '\\037%s' "$word" ;; esac
    done
    printf '\\036'
} >> "$NOTES"
case "$name $* " in
    "git clone "*) mkdir -p consent-broker ;;
    "azd env get-values "*) printf '%s' "$VALUES" ;;
    "az deployment sub show "*) printf '%s' "$RETURNED" ;;
    "curl "*" --header @- "*) cat > /dev/null; echo '{"access_token": "x", "expires_in": 4521}' ;;
    "az "*" --query "*) echo answered ;;
esac
"""
# Commands of the module are tried with the module; here they are only there.
POWERSHELL = """
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $true
Set-StrictMode -Version Latest
function Import-Module { }
function Get-PartnerToken { }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What the programs of a script were given, and what was printed last."""

    calls: list[list[str]]
    printed: str
    complaint: str
    outcome: int


def bash(scripts: Sequence[str], folder: Path) -> Ran:
    """Run them one after the other; the first failure ends it."""
    return _run(["bash", "-euc", prepared("\n".join(scripts))], folder)


def powershell(scripts: Sequence[str], folder: Path) -> Ran:
    """The same in PowerShell."""
    text = prepared("\n".join([POWERSHELL, *scripts]))
    return _run(["pwsh", "-NoProfile", "-NonInteractive", "-Command", text], folder)


def unread_by_powershell(scripts: Sequence[str], folder: Path) -> list[str]:
    """What PowerShell's parser says of scripts that it cannot read, each with the script's number."""
    (folder / "scripts.json").write_text(json.dumps([prepared(script) for script in scripts]))
    asked = """
        $number = 0
        foreach ($script in (Get-Content -Raw scripts.json | ConvertFrom-Json)) {
            $errors = $null
            [void] [System.Management.Automation.Language.Parser]::ParseInput($script, [ref] $null, [ref] $errors)
            $errors | ForEach-Object { "$number $($_.Message)" }
            $number++
        }
    """
    return _run(["pwsh", "-NoProfile", "-NonInteractive", "-Command", asked], folder).printed.splitlines()


def _run(command: list[str], folder: Path) -> Ran:
    programs, notes = folder / "bin", folder / "notes"
    programs.mkdir(exist_ok=True)
    for name in NOTING:
        (programs / name).write_text(STAND_IN)
        (programs / name).chmod(0o755)
    environment = {
        # PowerShell would look for its modules anew in a home that it does not know, for ten seconds.
        **machine(),
        "PATH": f"{programs}:{os.environ['PATH']}",
        "TMPDIR": str(folder),
        "NOTES": str(notes),
        "VALUES": VALUES,
        "RETURNED": json.dumps(RETURNED),
    }
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    records = notes.read_text().split(RECORD) if notes.exists() else []
    return Ran(
        calls=[_words(record.split(FIELD)) for record in records if record],
        printed=done.stdout,
        complaint=done.stderr,
        outcome=done.returncode,
    )


def _words(words: list[str]) -> list[str]:
    """With a body of JSON in one form."""
    return [json.dumps(json.loads(word), sort_keys=True) if word.startswith("{") else word for word in words]
