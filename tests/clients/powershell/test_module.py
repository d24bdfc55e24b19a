"""The PowerShell module's words against the broker's, and its files against the oldest PowerShell."""

import re
from pathlib import Path
from typing import Any

import pytest

from customers_http.check import MOST_PAIRS
from shared.acts import ACTS
from tests.clients.powershell.pwsh import CLIENT, MODULE, Session, needs_pwsh, powershell
from token_http.message import FIELDS, MAX_MIN_LIFETIME
from token_http.module_table import MODULES
from token_http.modules import TAKES_NO_TOKEN

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
    known = {module.name for module in MODULES.values()}
    assert set(attribute(shell, "Connect-Partner", "Module", "ValidValues")) == known | set(TAKES_NO_TOKEN)
    assert set(shell.run("& (Get-Module PartnerToken) { $script:TakesNoToken.Keys }").output) == set(TAKES_NO_TOKEN)
    commands = shell.run("& (Get-Module PartnerToken) { $script:ConnectCommands }").output
    assert commands == [{module.name: module.command for module in MODULES.values()}]


@needs_pwsh
def test_the_fields_and_bounds_are_the_brokers(shell: Session) -> None:
    assert set(shell.run("& (Get-Module PartnerToken) { $script:TokenFields.Values }").output) == set(FIELDS)
    assert attribute(shell, "Get-PartnerToken", "MinLifetime", "MaxRange") == [MAX_MIN_LIFETIME]


@needs_pwsh
def test_every_act_of_the_brokers_has_words_with_parameters_that_it_may_have(shell: Session) -> None:
    (sentences,) = shell.run("& (Get-Module PartnerToken) { $script:ActSentences }").output
    assert set(sentences) == set(ACTS)
    for name, sentence in sentences.items():
        assert set(re.findall(r"\{(\w+)\}", sentence)) <= set(ACTS[name].parameters), name


@needs_pwsh
def test_a_check_takes_as_many_pairs_as_the_broker(shell: Session) -> None:
    assert shell.run("& (Get-Module PartnerToken) { $script:PairsOfARequest }").output == [MOST_PAIRS]


@needs_pwsh
def test_it_is_published_to_a_folder_and_saved_from_there_whole(tmp_path: Path) -> None:
    """With a home of its own, where no repository is registered before or after."""
    folders = {name: tmp_path / name for name in ("home", "feed", "saved")}
    for folder in folders.values():
        folder.mkdir()
    script = f"""
    $ErrorActionPreference = 'Stop'
    Register-PSResourceRepository -Name folder -Uri '{folders["feed"]}' -Trusted
    Publish-PSResource -Path '{MODULE}' -Repository folder
    Save-PSResource -Name PartnerToken -Repository folder -Path '{folders["saved"]}' -TrustRepository
    Import-Module '{folders["saved"]}/PartnerToken'
    (Get-Command -Module PartnerToken).Name -join ' '
    """
    home = {name: str(folders["home"]) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    done = powershell("-Command", script, variables=home)
    assert done.returncode == 0, done.stderr
    exported = {file.stem for file in (MODULE / "Public").glob("*.ps1")}
    assert set(done.stdout.split()) == exported
    (saved,) = (folders["saved"] / "PartnerToken").iterdir()
    ours = {file.relative_to(MODULE) for file in MODULE.rglob("*") if file.is_file()}
    assert ours <= {file.relative_to(saved) for file in saved.rglob("*")}
