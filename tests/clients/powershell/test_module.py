"""The PowerShell module's words against the broker's, and its files against the oldest PowerShell."""

from pathlib import Path
from typing import Any

import pytest

from tests.clients.powershell.pwsh import CLIENT, Session, needs_pwsh
from token_http.message import FIELDS, MAX_MIN_LIFETIME
from token_http.modules import MODULES

FILES = sorted(file for file in CLIENT.rglob("*") if file.suffix in {".ps1", ".psm1", ".psd1"})


def attribute(shell: Session, command: str, parameter: str, name: str) -> list[Any]:
    """What the attribute that has this property says of a command's parameter."""
    attributes = f"(Get-Command {command}).Parameters['{parameter}'].Attributes"
    return shell.run(f"{attributes}.Where({{ $_.PSObject.Properties['{name}'] }}).{name}").output


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_file_is_ascii(file: Path) -> None:
    """Windows PowerShell takes a file without a byte order mark for one in the machine's own code page."""
    assert file.read_bytes().isascii()


@needs_pwsh
def test_the_modules_that_can_be_connected_are_the_brokers(shell: Session) -> None:
    assert set(attribute(shell, "Connect-Partner", "Module", "ValidValues")) == {
        module.name for module in MODULES.values()
    }
    commands = shell.run("& (Get-Module PartnerToken) { $script:ConnectCommands }").output
    assert commands == [{module.name: module.command for module in MODULES.values()}]


@needs_pwsh
def test_the_fields_and_bounds_are_the_brokers(shell: Session) -> None:
    assert set(shell.run("& (Get-Module PartnerToken) { $script:TokenFields.Values }").output) == set(FIELDS)
    assert attribute(shell, "Get-PartnerToken", "MinLifetime", "MaxRange") == [MAX_MIN_LIFETIME]
