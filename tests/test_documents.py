"""The documents against the code: settings, errors, audit fields, commands and links are what they say."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from scripts.tables import TABLE_ROWS, written
from shared.setting_table import TABLE
from shared.settings import SettingsError, read_settings

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")] + sorted(
    ROOT.glob("docs/**/*.md")
)
GUID = "00000000-0000-0000-0000-000000000000"


def table_rows(document: str, columns: int) -> list[list[str]]:
    rows = [
        line.strip("|\n ").split(" | ") for line in (ROOT / document).read_text().splitlines() if line.startswith("| `")
    ]
    return [row for row in rows if len(row) == columns]


def described_audit_fields() -> dict[str, set[str]]:
    """Event -> the fields that docs/audit.md gives it."""
    return {row[0].strip("`"): set(re.findall(r"`([a-z_0-9*]+)`", row[2])) for row in table_rows("docs/audit.md", 3)}


def names_the_code_reads() -> set[str]:
    """Every name that `read_settings` asks the environment for."""
    asked: set[str] = set()

    class Asked(dict[str, str]):
        def get(self, key: str, default: str = "") -> str:  # type: ignore[override]
            asked.add(key)
            return default

    with pytest.raises(SettingsError):
        read_settings(Asked())
    return asked


def test_the_table_of_settings_is_what_the_code_reads() -> None:
    assert {setting.name for setting in TABLE} == names_the_code_reads()


def test_the_sample_explains_every_setting_and_starts_the_app_once_its_places_are_filled() -> None:
    values = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    names = {name for name in values if not name.startswith("//")}
    assert names - {"AzureWebJobsStorage"} == names_the_code_reads()
    assert all(values.get(f"// {name}") for name in names)
    assert read_settings({name: values[name] for name in names}).home_tenant == GUID


def test_the_defaults_in_the_table_are_the_ones_in_the_code() -> None:
    needed = {
        "PUBLIC_URL": "https://broker.example",
        "PARTNER_TENANT_ID": GUID,
        "PARTNER_CLIENT_ID": GUID,
        "BROKER_CLIENT_ID": GUID,
        "TOKEN_VAULT_URL": "https://a.vault.azure.net",
        "POLICY_VAULT_URL": "https://b.vault.azure.net",
        "REFRESH_SCHEDULE": "0 17 * * * *",
        "CHECK_SCHEDULE": "0 47 * * * *",
    }
    rows = {row[0].strip("`"): row[1] for row in table_rows("docs/settings.md", 3)}
    assert {name for name, default in rows.items() if default == "required"} == set(needed)
    told = {
        name: default.strip("`") for name, default in rows.items() if default.startswith("`") and "<" not in default
    }
    assert read_settings({**needed, **told}) == read_settings(needed)


@pytest.mark.parametrize("file", written(), ids=lambda file: file.relative_to(ROOT).as_posix())
def test_what_the_code_knows_is_in_the_documents_as_the_code_has_it(file: Path) -> None:
    assert file.read_text("utf-8") == written()[file], "stale: run `make docs`"


@pytest.mark.parametrize(("name", "tables"), [("errors", 2), ("settings", 1)])
def test_a_page_has_a_place_for_each_of_its_tables(name: str, tables: int) -> None:
    assert len(TABLE_ROWS.findall((ROOT / f"docs/{name}.md").read_text("utf-8"))) == tables


def test_no_two_errors_share_a_code() -> None:
    codes = re.findall(r"^\| \[`(\w+)`\]", (ROOT / "docs/errors.md").read_text(), re.MULTILINE)
    assert len(codes) == len(set(codes)) > 0


def test_every_audit_event_is_described() -> None:
    """That their fields are the ones described is checked where records are made: in the end-to-end run."""
    sources = "".join(
        file.read_text()
        for folder in (
            "consent_http",
            "console_http",
            "customers_http",
            "customers_timer",
            "refresh_timer",
            "shared",
            "token_http",
        )
        for file in (ROOT / folder).rglob("*.py")
    )
    written = set(re.findall(r'(?:_?record|\.tell)\(\s*"([a-z._]+)"', sources))
    assert written == set(described_audit_fields())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text()):
        if not target.startswith("https://"):
            assert (document.parent / target).exists(), target


@pytest.mark.parametrize(
    "file", [*sorted(ROOT.glob("shared/**/*.py")), *sorted(ROOT.glob("*_http/*.py"))], ids=lambda file: file.name
)
def test_documents_that_the_code_names_exist(file: Path) -> None:
    for named in re.findall(r"docs/[a-z/-]+(?:\.md)?", file.read_text()):
        assert (ROOT / named).exists(), named


def test_every_make_target_that_the_readme_names_exists() -> None:
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", "".join(file.read_text() for file in DOCUMENTS), re.MULTILINE))
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"demo", "test", "run"} <= named <= targets


def test_make_help_lists_every_target() -> None:
    told = subprocess.run(
        ["make", "--no-print-directory", "help"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {line.split()[1] for line in told.splitlines()} == targets


def test_nothing_but_the_app_is_deployed() -> None:
    ignored = (ROOT / ".funcignore").read_text().split()
    for name in ("local/", "tests/", "bench/", "docs/", "scripts/", ".venv/", ".local/", "local.settings*.json"):
        assert name in ignored
    # What the page on deploying has its reader write into the clone.
    for name in ("*.pem", "*.zip", "application-grants*.json", "assignment.json", "check.json", "link.json"):
        assert name in ignored
    assert "policy-*.json" in ignored
    # What azd keeps of its environments.
    assert ".azure/" in ignored
    for name in ("function_app.py", "host.json", "requirements.txt", "shared/", "consent_http/"):
        assert name not in ignored
