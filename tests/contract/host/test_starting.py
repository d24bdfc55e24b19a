"""Apps that our host does not start: it says why, and ends."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from local import host as local_host_part
from local.host.configuration import load_settings
from local.host.errors import StartError
from tests.contract.host.hosts import APP, make_state, serving


def refusal(app: Path, capfd: pytest.CaptureFixture[str], folder: Path) -> str:
    with serving(local_host_part.run, folder, app=app) as host:
        host.process.join(20)
        assert host.process.exitcode == 1
    said = capfd.readouterr().err
    assert "Traceback" not in said
    return said


def app_folder(folder: Path, source: str) -> Path:
    folder.mkdir()
    shutil.copy(APP / "host.json", folder)
    (folder / "function_app.py").write_text(source)
    return folder


def test_a_missing_schedule_setting_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source = (
        "import azure.functions as func\n"
        "app = func.FunctionApp()\n"
        "@app.timer_trigger(arg_name='timer', schedule='%HOURLY%')\n"
        "def hourly(timer: func.TimerRequest) -> None: ...\n"
        "@app.timer_trigger(arg_name='timer', schedule='0 0 0 * * 7')\n"
        "def weekly(timer: func.TimerRequest) -> None: ...\n"
    )
    said = refusal(app_folder(tmp_path / "app", source), capfd, tmp_path).splitlines()
    assert "The timer hourly needs the setting HOURLY, its schedule." in said
    assert any("timer weekly" in line and "Sunday is 0" in line for line in said)


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        pytest.param("import nowhere", ["ModuleNotFoundError: No module named 'nowhere'"], id="import"),
        pytest.param("raise ValueError('TENANT must be a GUID')", ["ValueError: TENANT must be a GUID"], id="value"),
        pytest.param("raise SystemExit('no settings')", ["function_app.py ended the process: no settings"], id="exit"),
        pytest.param(
            "class SettingsError(Exception):\n    problems = ('TENANT is missing.', 'VAULT is not https.')\n"
            "raise SettingsError",
            ["TENANT is missing.", "VAULT is not https."],
            id="problems",
        ),
    ],
)
def test_an_app_that_does_not_load_says_why_and_ends_with_1(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], source: str, lines: list[str]
) -> None:
    said = refusal(app_folder(tmp_path / "app", source), capfd, tmp_path).splitlines()
    assert said[0].endswith("does not start.")
    assert said[1:-1] == lines
    assert "Traceback" in make_state(tmp_path).log_file("host").read_text()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        pytest.param("import azure.functions as func\napp = func.FunctionApp()", "has no functions.", id="empty"),
        pytest.param("import azure.functions as func", "Could not find top level function app", id="no app"),
        pytest.param(None, "has no function_app.py, so it is an app without functions.", id="no file"),
    ],
)
def test_an_app_without_functions_is_not_a_success(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], source: str | None, said: str
) -> None:
    folder = app_folder(tmp_path / "app", source or "")
    if source is None:
        (folder / "function_app.py").unlink()
    assert said in refusal(folder, capfd, tmp_path)


def test_local_settings_never_win_over_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "TENANT", "of the environment")
    values: Mapping[str, object] = {"TENANT": "of the file", "VAULT": "https://vault"}
    (tmp_path / "local.settings.json").write_text(json.dumps({"IsEncrypted": False, "Values": values}))
    assert load_settings(tmp_path) == {"VAULT": "https://vault"}


@pytest.mark.parametrize("content", ["{", "[]", '{"IsEncrypted": true}', '{"Values": {"COUNT": 1}}'])
def test_local_settings_that_are_not_understood_are_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "local.settings.json").write_text(content)
    with pytest.raises(StartError, match=r"local\.settings\.json"):
        load_settings(tmp_path)
