"""The PowerShell module by its syntax tree: what would be found out by running it, as far as a tree can show it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tree_sitter import Node

from tests.clients.powershell.contracts import contracts
from tests.clients.powershell.syntax import (
    CLIENT,
    FILES,
    MODULE,
    Parameter,
    commands,
    descendants,
    errors,
    functions,
    help_of,
    name_of,
    parameters,
    text,
    tree,
    value,
)
from token_http.message import FIELDS, MAX_MIN_LIFETIME
from token_http.modules import MODULES

PRIVATE, PUBLIC = functions(MODULE / "Private"), functions(MODULE / "Public")
OWN = PRIVATE | PUBLIC
SCRIPTS = [file for file in FILES if MODULE in file.parents and file.suffix != ".psd1"]
# In Windows PowerShell 5.1 and PowerShell 7 alike; the last ones are Az.Accounts' and are looked for before.
BUILT_IN = {
    "&",
    ".",
    "Add-Type",
    "ConvertFrom-Json",
    "ConvertTo-Json",
    "Export-ModuleMember",
    "ForEach-Object",
    "Get-ChildItem",
    "Get-Command",
    "Join-Path",
    "Select-Object",
    "Set-StrictMode",
    "Sort-Object",
    "Start-Sleep",
    "Test-Path",
    "Where-Object",
    "Write-Verbose",
    "Write-Warning",
    "Get-AzAccessToken",
    "Get-AzContext",
}
AUTOMATIC = {"_", "true", "false", "null", "matches", "psboundparameters", "pscmdlet", "psscriptroot", "psversiontable"}
# What sentences for people are made of, to the last variable; none of them ever holds a token.
MAY_BE_WRITTEN = {
    "answer.status",
    "audience",
    "code",
    "correlation",
    "folder",
    "gallery",
    "identity",
    "message.requesturi",
    "missing",
    "name",
    "reason.gettype",
    "reason.message",
    "resources",
    "resources.count",
    "script:mosttries",
    "script:retiredreasons",
    "sentence",
    "try",
    "wait",
}

# learn.microsoft.com, partnercenterps-3.0, New-PartnerAccessToken: parameter -> type, aliases, accepted values.
RETIRED = {
    "AccessToken": ("string", set(), set()),
    "ApplicationId": ("string", {"ClientId"}, set()),
    "CertificateThumbprint": ("string", set(), set()),
    "Credential": ("pscredential", set(), set()),
    "Environment": (
        "string",
        {"EnvironmentName"},
        {"AzureCloud", "AzureChinaCloud", "AzureGermanCloud", "AzurePPE", "AzureUSGovernment"},
    ),
    "Module": ("string", {"ModuleName"}, {"ExchangeOnline"}),
    "RefreshToken": ("string", set(), set()),
    "Scopes": ("string[]", set(), set()),
    "ServicePrincipal": ("switch", set(), set()),
    "Tenant": ("string", {"Domain", "TenantId"}, set()),
    "UseAuthorizationCode": ("switch", {"AuthCode"}, set()),
    "UseDeviceAuthentication": ("switch", {"DeviceCode", "DeviceAuth", "Device"}, set()),
}
# Its AuthResult.
RETIRED_RESULT = {
    "AccessToken",
    "IsExtendedLifeTimeToken",
    "UniqueId",
    "ExpiresOn",
    "ExtendedExpiresOn",
    "TenantId",
    "Account",
    "IdToken",
    "Scopes",
    "CorrelationId",
    "RefreshToken",
}


def manifest() -> dict[str, object]:
    table = next(descendants(tree(MODULE / "PartnerToken.psd1"), "hash_literal_expression"))
    content = value(table, {})
    assert isinstance(content, dict)
    return content


def script_table(file: str, variable: str) -> dict[str, object]:
    """A table that a script assigns to one of the module's variables."""
    for assignment in descendants(tree(MODULE / "Private" / file), "assignment_expression"):
        if name_of(assignment.children[0]) == f"script:{variable.lower()}":
            content = value(next(descendants(assignment, "hash_literal_expression")), {})
            assert isinstance(content, dict)
            return content
    raise LookupError(variable)


def assigned(node: Node) -> Iterator[str]:
    """The variables that come into being in the node."""
    for one in descendants(node, "left_assignment_expression"):
        yield from (name_of(variable) for variable in descendants(one, "variable"))
    for one in descendants(node, "foreach_statement"):
        yield next(name_of(child) for child in one.children if child.type == "variable")
    for one in descendants(node, "script_parameter"):
        yield next(name_of(child) for child in one.children if child.type == "variable")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_file_is_powershell_that_windows_powershell_knows_too(file: Path) -> None:
    """The grammar knows neither `?:` nor `??` nor `?.`; chains of pipelines it does."""
    assert errors(file) == []
    assert [text(one) for one in descendants(tree(file), "pipeline_chain_tail")] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_file_is_ascii(file: Path) -> None:
    """Windows PowerShell takes a file without a byte order mark for one in the machine's own code page."""
    assert file.read_bytes().isascii()


def test_no_function_is_left_over() -> None:
    called = {one.name for file in SCRIPTS for one in commands(tree(file))}
    assert set(PRIVATE) <= called


def test_the_manifest_exports_the_public_functions_and_the_module_does_too() -> None:
    described = manifest()
    exported = next(
        one.text for one in commands(tree(MODULE / "PartnerToken.psm1")) if one.name == "Export-ModuleMember"
    )
    assert described["FunctionsToExport"] == sorted(PUBLIC) == re.findall(r"'([\w-]+)'", exported)
    assert (described["RootModule"], described["PowerShellVersion"]) == ("PartnerToken.psm1", "5.1")
    assert described["CompatiblePSEditions"] == ["Desktop", "Core"]
    assert (described["CmdletsToExport"], described["VariablesToExport"], described["AliasesToExport"]) == ([], [], [])


def test_each_public_function_is_a_file_of_its_name() -> None:
    assert {file.stem for file in (MODULE / "Public").iterdir()} == set(PUBLIC)


@pytest.mark.parametrize("name", PUBLIC)
def test_help_explains_every_parameter_and_shows_examples(name: str) -> None:
    sections, declared = help_of(PUBLIC[name]), parameters(PUBLIC[name])
    assert all(sections.get(keyword, [""])[0] for keyword in ("SYNOPSIS", "DESCRIPTION", "OUTPUTS", "LINK"))
    described = dict(section.split(maxsplit=1) for section in sections["PARAMETER"])
    assert list(described) == list(declared)
    assert len(sections["EXAMPLE"]) >= 2
    assert all(name in example for example in sections["EXAMPLE"])


@pytest.mark.parametrize("name", PUBLIC)
def test_examples_use_parameters_that_exist(name: str) -> None:
    for example in help_of(PUBLIC[name])["EXAMPLE"]:
        calls = re.findall(rf"{name} (.*)", example)
        used = {parameter for call in calls for parameter in re.findall(r"(?<!\S)-(\w+)", call)}
        assert used <= set(parameters(PUBLIC[name])), example


def test_the_retired_commands_parameters_are_there_and_no_others() -> None:
    found = {
        one.name: (one.type, set(one.aliases), set(one.values))
        for one in parameters(PUBLIC["New-PartnerAccessToken"]).values()
    }
    assert found == RETIRED


def test_the_retired_commands_result_has_its_properties() -> None:
    (table,) = descendants(PRIVATE["Read-RetiredResult"], "hash_literal_expression")
    keys = {text(entry.named_children[0]) for body in table.named_children for entry in body.named_children}
    assert keys == {*RETIRED_RESULT, "PSTypeName"}


def test_every_parameter_that_help_calls_refused_has_a_reason_and_no_other() -> None:
    described = dict(section.split(maxsplit=1) for section in help_of(PUBLIC["New-PartnerAccessToken"])["PARAMETER"])
    refused = {name for name, sentence in described.items() if "refused" in sentence.lower()}
    assert refused == set(script_table("RetiredParameters.ps1", "RetiredReasons"))


def test_no_parameter_prompts_in_the_drop_in() -> None:
    """A prompt in an unattended job is a job that hangs."""
    assert "Mandatory" not in text(next(descendants(PUBLIC["New-PartnerAccessToken"], "param_block")))


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: file.name)
def test_only_commands_that_exist_everywhere_are_called(file: Path) -> None:
    assert {one.name for one in commands(tree(file))} <= BUILT_IN | set(OWN)


@pytest.mark.parametrize("name", OWN)
def test_the_modules_functions_are_called_with_parameters_that_they_have(name: str) -> None:
    for one in commands(OWN[name]):
        if one.name in OWN:
            declared = parameters(OWN[one.name]) if any(descendants(OWN[one.name], "script_parameter")) else {}
            assert one.parameters <= set(declared), one.text
            assert {each.name for each in declared.values() if each.mandatory} <= one.parameters, one.text


@pytest.mark.parametrize("name", OWN)
def test_every_variable_was_given_something_before(name: str) -> None:
    """In strict mode the first use of another one would be an error."""
    kept = {one for file in SCRIPTS for one in assigned(tree(file)) if one.startswith("script:")}
    used = {name_of(one) for one in descendants(OWN[name], "variable")}
    known = set(assigned(OWN[name])) | AUTOMATIC | kept
    assert {one for one in used if not one.startswith("env:")} <= known


def written(file: Path) -> Iterator[tuple[str, str]]:
    """(what is written, where) for each variable in a stream's or an error's sentence; its member with it."""
    for one in descendants(tree(file), "command"):
        name = text(one.children[0])
        if name == "Get-Failure" or (name.startswith("Write-") and name not in OWN):
            for variable in descendants(one, "variable"):
                around = variable.parent
                is_part = around is not None and around.type in {"member_access", "invokation_expression"}
                what = text(around).partition("(")[0] if around and is_part else text(variable)
                yield what.strip("${}").lower(), text(one)


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: file.name)
def test_no_stream_and_no_error_is_told_a_secret(file: Path) -> None:
    assert [(what, where) for what, where in written(file) if what not in MAY_BE_WRITTEN] == []


def test_secrets_become_text_where_they_go_over_the_wire_and_nowhere_else() -> None:
    users = {file.name for file in SCRIPTS for one in commands(tree(file)) if one.name == "Unprotect-Text"}
    assert users == {"Exchange.ps1"}


def test_every_part_of_a_request_is_sent() -> None:
    written = {
        key
        for name, node in PRIVATE.items()
        if name in {contract.function for contract in contracts()}
        for key in re.findall(r"^        (\w+) +=", text(node), re.MULTILINE)
    }
    read = set(re.findall(r"\$Request\['(\w+)'\]", (MODULE / "Private" / "Exchange.ps1").read_text())) | {
        "Bearer",
        "Basic",
    }
    assert written == read


def test_the_connect_commands_are_the_brokers() -> None:
    described = {module.name: module.command for module in MODULES.values()}
    assert script_table("ConnectCommand.ps1", "ConnectCommands") == described
    assert parameters(PUBLIC["Connect-Partner"])["Module"].values == set(described)


def test_the_fields_and_bounds_are_the_brokers() -> None:
    assert set(script_table("PartnerToken.ps1", "TokenFields").values()) == set(FIELDS)
    assert f"[ValidateRange(0, {MAX_MIN_LIFETIME})]" in text(PUBLIC["Get-PartnerToken"])


def test_every_identity_that_can_be_chosen_is_asked_for_and_found() -> None:
    chosen: Parameter = parameters(PUBLIC["Get-PartnerToken"])["Identity"]
    assert parameters(PUBLIC["Connect-Partner"])["Identity"] == chosen
    asked = set(re.findall(r"^        '(\w+)' \{", text(PRIVATE["Request-OwnToken"]), re.MULTILINE))
    found = set(re.findall(r"'(\w+)'", text(PRIVATE["Find-OwnIdentity"])))
    assert asked == found == chosen.values - {"Auto"}


def test_a_recorded_warning_is_read_sentence_by_sentence() -> None:
    pattern = re.search(r"Matches\(\[string\] \$Header, '(.+)'\)", text(PRIVATE["Get-WarningText"]))
    assert pattern is not None
    recorded = [one.answer["headers"]["warning"] for one in contracts() if "warning" in one.answer["headers"]]
    read = [re.findall(pattern[1], header) for header in recorded]
    assert len(read) >= 4
    assert all(len(sentences) == header.count("299 - ") for sentences, header in zip(read, recorded, strict=True))
    assert ["AzureRM is retired: use Az."] in [sentences[:1] for sentences in read]


def test_the_readme_says_what_was_not_run() -> None:
    assert "not executed here" in (CLIENT / "README.md").read_text()


def test_the_shipped_tests_name_recordings_that_exist() -> None:
    named = set(
        re.findall(r"Get-RecordedAnswer -Name '([^']+)'", (CLIENT / "tests" / "Commands.Tests.ps1").read_text())
    )
    assert named
    assert named <= {one.name for one in contracts()}
