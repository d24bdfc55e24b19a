"""Checkov, a scanner that others wrote: what it finds is mended, or has its reason here."""

import json
import os
import shutil
import subprocess
import venv
from pathlib import Path
from typing import Any

import pytest

from tests.infra.project import ROOT

ENVIRONMENT = ROOT / ".venv" / "checkov"
# Checkov asks for an older parser, which knows no extensions.
PACKAGES = ("checkov==3.3.30", "pycep-parser==0.7.1")
# What has to be found in order: by name, so that a scanner that sees nothing does not count as content.
HELD = {
    "CKV_AZURE_3": "storage takes https alone",
    "CKV_AZURE_14": "the app takes https alone",
    "CKV_AZURE_34": "the container is private",
    "CKV_AZURE_39": "no custom role owns the subscription",
    "CKV_AZURE_42": "vaults are recoverable",
    "CKV_AZURE_44": "storage takes TLS 1.2 and newer",
    "CKV_AZURE_59": "no blob is public",
    "CKV_AZURE_70": "the app takes https alone, as a function app",
    "CKV_AZURE_71": "the app has a managed identity",
    "CKV_AZURE_72": "nobody debugs from afar",
    "CKV_AZURE_78": "no FTP",
    "CKV_AZURE_110": "vaults are protected from purging",
    "CKV_AZURE_111": "what is deleted can be restored",
    "CKV_AZURE_145": "the app takes TLS 1.2 and newer",
}
SEES_CONFIG_AS_SITE = "it takes the resource of app settings for a web app's configuration"
ACCEPTED = {
    "CKV_AZURE_13": "App Service authentication is not used: docs/decisions/no-easy-auth.md",
    "CKV_AZURE_17": "callers and browsers have no client certificates; assertions are verified in code",
    "CKV_AZURE_35": "closed with vnetEnabled alone, for Flex Consumption has no fixed outbound address; no keys",
    "CKV_AZURE_63": "HTTP logs would hold authorization codes",
    "CKV_AZURE_65": "detailed error pages would hold authorization codes",
    "CKV_AZURE_66": "request tracing would hold authorization codes",
    "CKV_AZURE_80": SEES_CONFIG_AS_SITE,
    "CKV_AZURE_88": SEES_CONFIG_AS_SITE,
    "CKV_AZURE_109": "as storage: the firewall is closed with vnetEnabled",
    "CKV_AZURE_206": "the storage account holds the package and a lease, both made anew by a deployment",
    "CKV_AZURE_212": "Flex Consumption scales from none",
    "CKV_AZURE_213": "Flex Consumption has no health check; an availability test asks from outside",
    "CKV_AZURE_222": "browsers and Entra ID's redirect have to reach the app",
    "CKV_AZURE_225": "zone redundancy is for those who need it: it keeps instances running",
}


@pytest.fixture(scope="module")
def checkov() -> str:
    """The scanner of this machine; in CI one of its own, for it has some 100 packages and no place in ours."""
    folder = ENVIRONMENT / "bin"
    found = shutil.which("checkov") or shutil.which("checkov", path=folder)
    if found is None and os.environ.get("CI"):
        venv.create(ENVIRONMENT, with_pip=True)
        for package, *options in ((PACKAGES[0],), (PACKAGES[1], "--no-deps")):
            command = [str(folder / "python"), "-m", "pip", "install", "-q", *options, package]
            subprocess.run(command, check=True)  # noqa: S603
        found = shutil.which("checkov", path=folder)
        assert found is not None
    if found is None:
        pytest.skip("no checkov on the PATH: the scanner is not tried here")
    return found


def scanned(checkov: str, folder: Path) -> dict[str, Any]:
    command = [checkov, "--framework", "bicep", "--directory", str(folder), "--skip-download", "--compact"]
    done = subprocess.run([*command, "--output", "json"], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.stdout, done.stderr
    return dict(json.loads(done.stdout)["results"])


def ids(results: dict[str, Any], outcome: str) -> set[str]:
    return {found["check_id"] for found in results[f"{outcome}_checks"]}


def test_everything_it_finds_is_mended_or_has_its_reason(checkov: str) -> None:
    results = scanned(checkov, ROOT / "infra")
    assert not results["parsing_errors"]
    assert ids(results, "failed") == ACCEPTED.keys()
    assert ids(results, "passed") - ids(results, "failed") >= HELD.keys()


def test_it_would_notice(checkov: str, tmp_path: Path) -> None:
    copy = tmp_path / "infra"
    shutil.copytree(ROOT / "infra", copy)
    vault = copy / "app/vault.bicep"
    text = vault.read_text(encoding="utf-8")
    vault.write_text(text.replace("enablePurgeProtection: true", "enablePurgeProtection: false"), encoding="utf-8")
    assert ids(scanned(checkov, copy), "failed") >= {"CKV_AZURE_110"}
