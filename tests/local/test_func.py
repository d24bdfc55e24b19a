"""The real Functions host as a part of the stack: what is said when it cannot start, and what it is given."""

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from local.clock import write_offset
from local.func.folder import link_app
from local.func.log import NO_FUNCTIONS, end_of_run, why_not_started
from local.func.settings import func_environment
from local.func.worker_clock import moved_python
from local.processes import StackFailed
from local.stack import running_stack
from tests.contract.host.hosts import make_state
from tests.local.test_stack import command
from tests.programs import require

PATIENCE = 60.0
BEGUN = "[2026-11-28T22:34:44.653Z] Executing 'Functions.{}' (Reason='{}', Id={})\n"
ENDED = "[2026-11-28T22:34:44.668Z] Executed 'Functions.{}' ({}, Id={}, Duration=17ms)\n"
BY_HAND = "This function was programmatically called via the host APIs."


@pytest.mark.parametrize("act", [("run", "--host", "func"), ("demo", "--host", "func")])
@pytest.mark.parametrize("there", [(), ("func",), ("azurite",)], ids=["neither", "func alone", "azurite alone"])
def test_a_program_that_is_missing_is_named(tmp_path: Path, act: tuple[str, ...], there: tuple[str, ...]) -> None:
    for name in there:
        (tmp_path / name).symlink_to(sys.executable)
    folder = ("--state", str(tmp_path / "state")) if act[0] == "run" else ()
    with command(*act, *folder, environment={"PATH": str(tmp_path)}) as process:
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert said.startswith("error: ")
    assert "Traceback" not in said
    missing = {"func", "azurite"} - set(there)
    assert {name for name in ("func", "azurite") if f"{name} is not on PATH" in said} == missing


def test_the_host_is_not_told_of_azure(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONTAINER_NAME", "WEBSITE_SITE_NAME", "ELSE"):
        monkeypatch.setenv(name, "x")
    given = func_environment({"PUBLIC_URL": "http://localhost:1"}, storage="the storage", worker=Path("/a/python"))
    assert not [name for name in given if name == "CONTAINER_NAME" or name.startswith("WEBSITE_")]
    assert given["ELSE"] == "x"
    assert given["PUBLIC_URL"] == "http://localhost:1"
    assert given["AzureWebJobsStorage"] == "the storage"
    for separator in (":", "__"):
        assert given[separator.join(("languageWorkers", "python", "defaultExecutablePath"))] == "/a/python"
    assert given["AzureFunctionsJobHost__logging__logLevel__Function"] == "Information"
    assert given["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)


def test_nobodys_own_settings_get_among_those_of_the_stack(tmp_path: Path) -> None:
    app, folder = tmp_path / "app", tmp_path / "linked"
    app.mkdir()
    for name in ("function_app.py", "host.json", "local.settings.json", ".env"):
        (app / name).write_text(name)
    for _ in range(2):
        assert sorted(entry.name for entry in link_app(app, folder).iterdir()) == ["function_app.py", "host.json"]
    assert (folder / "host.json").read_text() == "host.json"


def test_the_python_of_the_worker_lives_at_the_stacks_time_and_is_a_python_to_whoever_asks(tmp_path: Path) -> None:
    state = make_state(tmp_path)
    write_offset(state.clock_file, timedelta(days=80))
    script = tmp_path / "script.py"
    script.write_text("import sys, time; print(time.time(), *sys.argv[1:])")
    python = str(moved_python(state))
    told, *arguments = said_by(python, str(script), "--host", "here").split()
    assert round((float(told) - time.time()) / 86_400) == 80
    assert arguments == ["--host", "here"]
    assert said_by(python, "--version").startswith("Python 3.")


def said_by(*run: str) -> str:
    return subprocess.run(run, capture_output=True, text=True, check=True, timeout=PATIENCE).stdout  # noqa: S603


def test_the_run_that_was_asked_for_is_told_from_others(tmp_path: Path) -> None:
    log = tmp_path / "host.log"
    before = BEGUN.format("refresh", BY_HAND, "11") + ENDED.format("refresh", "Succeeded", "11")
    after = BEGUN.format("refresh", "Timer fired at 22:17", "22") + BEGUN.format("refresh", BY_HAND, "33")
    log.write_text(
        before + after + ENDED.format("refresh", "Succeeded", "22") + ENDED.format("refresh", "Failed", "33")
    )
    assert end_of_run(log, since=0, function="refresh", seconds=1) == "Success"
    assert end_of_run(log, since=len(before), function="refresh", seconds=1) == "Failure"


def test_a_run_that_does_not_end_is_not_waited_for_without_end(tmp_path: Path) -> None:
    log = tmp_path / "host.log"
    log.write_text(BEGUN.format("refresh", BY_HAND, "11"))
    with pytest.raises(StackFailed, match="refresh has not ended"):
        end_of_run(log, since=0, function="refresh", seconds=0.2)


def test_why_an_app_does_not_load_is_read_from_what_this_start_wrote(tmp_path: Path) -> None:
    log = tmp_path / "host.log"
    old = f"[t] Exception: ValueError: long ago\n[t] {NO_FUNCTIONS}\n"
    log.write_text(old + "[t] Exception: ValueError: now\n[t] Exception: ValueError: now\n")
    assert why_not_started(log, since=len(old)) is None
    with log.open("a") as opened:
        opened.write(f"[t] {NO_FUNCTIONS} Try ...\n")
    assert why_not_started(log, since=len(old)) == ["ValueError: now"]


def test_an_app_that_does_not_load_on_the_real_host_says_why(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    require("func", "azurite")
    with (
        pytest.raises(StackFailed, match="host ended with code 1"),
        running_stack(tmp_path / "state", on_func=True, settings={"PARTNER_TENANT_ID": "not-a-guid"}),
    ):
        pass
    assert "PARTNER_TENANT_ID is malformed" in capfd.readouterr().err
