"""The module's own Pester tests, by the newest Pester that is installed."""

import json
from pathlib import Path

import pytest

from tests.clients.powershell.pwsh import CLIENT, needs_pwsh, powershell

TESTS = CLIENT / "tests"
RUNNER = Path(__file__).with_name("pester.ps1")


@needs_pwsh
@pytest.mark.timeout(1200)
def test_every_pester_test_passes(tmp_path: Path) -> None:
    """One process for all of them; a file of which no test ran is missed."""
    file = tmp_path / "told.json"
    done = powershell("-File", str(RUNNER), str(TESTS), str(file))
    assert done.returncode == 0, done.stderr
    told = json.loads(file.read_text())
    failed = [
        f"{test['name']}: {test['result']} {test['error']}" for test in told["tests"] if test["result"] != "Passed"
    ]
    assert told["broken"] + failed == [], "\n".join(told["broken"] + failed)
    ran = {Path(test["file"]).name for test in told["tests"]}
    assert ran
    assert ran == {each.name for each in TESTS.glob("*.Tests.ps1")}
