"""The Functions host: what Azure's host does with an app over HTTP and by the clock, this one does too."""

import json
import multiprocessing
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.clock import write_offset
from local.host import run
from local.host.configuration import load_settings
from local.host.errors import StartError
from local.host.keys import Keys
from local.host.routes import compile_route
from local.host.schedule import Schedule
from local.state import StackState

APP = Path(__file__).parent / "host_app"
SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host being served: how to reach it, its state, and what its timers noted."""

    client: httpx.Client
    state: StackState
    process: multiprocessing.process.BaseProcess

    @property
    def master(self) -> dict[str, str]:
        return {"x-functions-key": self.state.control_secret}

    def log(self) -> str:
        return self.state.log_file("host").read_text()

    def notes(self, timer: str) -> list[dict[str, Any]]:
        file = self.state.folder / "notes"
        lines = map(json.loads, file.read_text().splitlines()) if file.exists() else ()
        return [line for line in lines if line["timer"] == timer]

    def move_clock_to(self, moment: datetime) -> None:
        write_offset(self.state.clock_file, moment - datetime.now(UTC))

    def run_timer(self, name: str, *, wait: int = 5) -> httpx.Response:
        headers = {**self.master, "prefer": f"wait={wait}"}
        return self.client.post(f"/admin/functions/{name}", headers=headers, json={"input": ""})


def settings(state: StackState) -> dict[str, str]:
    return {
        "NIGHTLY": "0 30 2 * * *",
        "NOTES_FILE": str(state.folder / "notes"),
        "YEARLY_SECONDS": "0",
        "AzureWebJobs.switched_off.Disabled": "true",
        "AzureWebJobs.switched_off_timer.Disabled": "1",
        "PYTHON_THREADPOOL_THREAD_COUNT": "16",
    }


def make_state(folder: Path) -> StackState:
    nowhere = "https://localhost:1"
    return StackState(
        folder=folder,
        host=nowhere,
        entra=nowhere,
        entra_browser=nowhere,
        token_vault=nowhere,
        policy_vault=nowhere,
        managed_identity=nowhere,
    )


@contextmanager
def serving(state: StackState, folder: Path = APP, **changed: str) -> Iterator[Host]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        process = SPAWN.Process(
            target=run,
            args=(state, {"host": listening}),
            kwargs={"folder": folder, "environment": {**settings(state), **changed}},
        )
        process.start()
        base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    try:
        with httpx.Client(base_url=base_url, timeout=20) as client:
            yield Host(client=client, state=state, process=process)
    finally:
        process.terminate()
        process.join(20)
        process.close()


def eventually(true: Callable[[], object], *, seconds: float = 5) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with serving(make_state(tmp_path_factory.mktemp("stack"))) as served:
        yield served


# Requests


def test_a_handler_sees_the_request_as_azure_passes_it(host: Host) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    headers = [("X-Twice", "one"), ("x-twice", "two"), ("traceparent", parent)]
    response = host.client.post("/api/echo/a%20b?q=1&Q=2&none=&state=x%2By", headers=headers, content=b"hello")
    seen = response.json()
    assert response.headers["content-type"] == "application/json"
    assert seen["method"] == "POST"
    assert seen["url"] == f"{host.client.base_url}/api/echo/a%20b?q=1&Q=2&none=&state=x%2By"
    assert seen["query"] == {"q": "1,2", "state": "x+y"}
    assert seen["headers"]["x-twice"] == "one,two"
    assert seen["route"] == {"first": "a b"}
    assert seen["body"] == "hello"
    assert seen["trace_parent"] == parent


def test_the_invocation_id_reaches_handlers_of_both_kinds_anew(host: Host) -> None:
    plain, asynchronous = (host.client.get(path).json()["invocation"] for path in ("/api/echo/a", "/api/who"))
    assert plain
    assert asynchronous
    assert plain != asynchronous


def test_a_line_logged_where_no_invocation_can_be_found_is_lost_as_in_azure(host: Host) -> None:
    """A handler's own task, the tasks it begins and the thread of a plain handler are known; no other thread is."""
    assert host.client.get("/api/logs").is_success
    assert host.client.get("/api/logs-plainly").is_success
    log = host.state.log_file("host").read_text()
    kept = [line for line in ("own task", "child task", "pool thread", "plain handler", "other thread") if line in log]
    assert kept == ["own task", "child task", "plain handler"]


def test_a_chunked_body_arrives_empty(host: Host) -> None:
    assert host.client.post("/api/echo/a", content=iter([b"hel", b"lo"])).json()["body"] == ""


def test_an_encoded_slash_does_not_part_segments(host: Host) -> None:
    assert host.client.get("/api/echo/a%2Fb/c").json()["route"] == {"first": "a%2Fb", "second": "c"}


@pytest.mark.parametrize(
    ("target", "status"),
    [
        pytest.param("/api/echo/" + "a" * 8200, 414, id="URL"),
        pytest.param("/api/echo/a?q=" + "a" * 4100, 404, id="query"),
        pytest.param("/api/echo/a?q=" + "a" * 4000, 200, id="neither"),
    ],
)
def test_a_url_has_the_platforms_limits(host: Host, target: str, status: int) -> None:
    assert host.client.get(target).status_code == status


def test_a_body_beyond_210_mb_is_refused_before_it_is_sent(host: Host) -> None:
    with socket.create_connection((host.client.base_url.host, host.client.base_url.port or 0)) as connection:
        connection.sendall(b"POST /api/echo/a HTTP/1.1\r\nHost: localhost:1\r\nContent-Length: 210000001\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


# Responses


def test_several_cookies_leave_as_aspnet_writes_them(host: Host) -> None:
    response = host.client.get("/api/cookies")
    assert response.status_code == 201
    assert response.headers.get_list("set-cookie") == [
        "__Host-flow=a%3Db%3D%3D; max-age=600; path=/; secure; samesite=lax; httponly",
        "old=; expires=Thu, 01 Jan 2026 00:00:00 GMT",
    ]


def test_custom_headers_are_added_unless_the_function_set_them(host: Host) -> None:
    assert host.client.get("/api/nothing").headers["x-content-type-options"] == "nosniff"
    assert host.client.get("/api/empty").headers["cache-control"] == "no-cache"
    assert host.client.get("/api/cookies").headers["cache-control"] == "no-store"


def test_a_response_without_content_has_none(host: Host) -> None:
    response = host.client.get("/api/empty")
    assert (response.status_code, response.content) == (204, b"")


def test_an_exception_is_500_with_an_empty_body_and_its_trace_in_the_log_alone(host: Host) -> None:
    response = host.client.get("/api/broken?code=an-authorization-code")
    assert (response.status_code, response.content) == (500, b"")
    log = host.log()
    assert "RuntimeError: the reason that only the log knows" in log
    assert "broken failed, invocation" in log
    assert "an-authorization-code" not in log


# Routes


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/api/things/list", "list"),
        ("/API/Things/LIST/", "list"),
        ("/api/things/17", "number 17"),
        ("/api/things/Other", "thing Other"),
        ("/api/things/a/b", "rest a/b"),
    ],
)
def test_the_more_literal_route_wins_whatever_the_case(host: Host, path: str, said: str) -> None:
    assert host.client.get(path).text == said


def test_a_route_that_lacks_the_method_leaves_the_request_to_the_next(host: Host) -> None:
    assert host.client.post("/api/things/list").text == "thing list"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/who"),
        ("HEAD", "/api/who"),
        ("OPTIONS", "/api/who"),
        ("GET", "/who"),
        ("GET", "/api/echo"),
        ("GET", "/api/echo/a/b/c"),
        ("GET", "/"),
    ],
)
def test_a_wrong_method_and_a_wrong_path_are_both_404(host: Host, method: str, path: str) -> None:
    assert host.client.request(method, path).status_code == 404


def test_a_disabled_function_is_404_but_for_the_master_key(host: Host) -> None:
    assert host.client.get("/api/switched_off").status_code == 404
    assert host.client.get("/api/switched_off", headers=host.master).text == "on"


@pytest.mark.parametrize("template", ["a/{b:regex(x)}", "{a=1}", "{a}.{b?}", "a/{", "{a}/{a}"])
def test_a_template_this_host_does_not_know_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match="the route"):
        compile_route(template)


# Keys


def test_an_anonymous_function_receives_an_oauth_code(host: Host) -> None:
    response = host.client.get("/api/echo/redirect?code=0.AXoA&state=s", headers={"x-functions-key": "nonsense"})
    assert response.json()["query"] == {"code": "0.AXoA", "state": "s"}


def test_a_keyed_function_takes_an_oauth_code_for_a_wrong_key(host: Host) -> None:
    response = host.client.get("/api/unnamed?code=0.AXoA&state=s")
    assert (response.status_code, response.content) == (401, b"")


def test_levels_open_to_their_keys_by_header_or_first_code(host: Host) -> None:
    keys = Keys(master=host.state.control_secret)
    default = {"x-functions-key": keys.default}
    assert host.client.get("/api/unnamed").status_code == 401
    assert host.client.get("/api/unnamed", headers=default).text == "no code"
    assert host.client.get("/api/unnamed", params={"code": keys.default}).text == keys.default
    assert host.client.get("/api/unnamed", params=[("code", "other"), ("code", keys.default)]).status_code == 401
    assert host.client.get("/api/unnamed", headers={b"x-functions-key": "ключ".encode()}).status_code == 401
    assert host.client.get("/api/unnamed", headers=host.master).status_code == 200
    assert host.client.get("/api/owner", headers=default).status_code == 401
    assert host.client.get("/api/owner", headers=host.master).text == "owner"


# Concurrency


def test_handlers_of_both_kinds_run_side_by_side(host: Host) -> None:
    paths = ["/api/slow", "/api/slow-async"] * 6
    began = time.monotonic()
    with ThreadPoolExecutor(len(paths)) as pool:
        answers = list(pool.map(lambda path: host.client.get(path, params={"seconds": "0.3"}).text, paths))
    assert answers == ["slept"] * len(paths)
    assert time.monotonic() - began < 1.5


# Admin


def test_the_admin_routes_want_the_master_key(host: Host) -> None:
    for method, path in (("POST", "/admin/functions/nightly"), ("GET", "/admin/host/status"), ("GET", "/admin/none")):
        assert host.client.request(method, path).status_code == 401
        key = {"x-functions-key": Keys(master=host.state.control_secret).default}
        assert host.client.request(method, path, headers=key).status_code == 401


def test_the_state_and_the_functions_are_told(host: Host) -> None:
    assert host.client.get("/admin/host/status", headers=host.master).json()["state"] == "Running"
    functions = {one["name"]: one for one in host.client.get("/admin/functions", headers=host.master).json()}
    assert functions["numbered"]["invoke_url_template"] == f"{host.client.base_url}/api/things/{{number:int}}"
    assert functions["numbered"]["config"]["bindings"][0]["type"] == "httpTrigger"
    assert functions["nightly"]["invoke_url_template"] is None
    assert functions["nightly"]["config"]["bindings"][0]["type"] == "timerTrigger"
    assert functions["switched_off_timer"]["isDisabled"] is True


def test_a_timer_is_invoked_in_the_background(host: Host) -> None:
    before = len(host.notes("yearly"))
    response = host.client.post("/admin/functions/YEARLY", headers=host.master, json={"input": ""})
    assert (response.status_code, response.content) == (202, b"")
    eventually(lambda: len(host.notes("yearly")) > before)


def test_a_caller_may_wait_for_how_the_run_ended(host: Host) -> None:
    for name, status in (("switched_off_timer", "Success"), ("failing", "Failure")):
        response = host.run_timer(name)
        assert (response.status_code, response.json()) == (200, {"status": status})
        assert response.headers["preference-applied"] == "wait=5"


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("unknown", b'{"input": ""}', 404),
        ("nightly", b"null", 400),
        ("nightly", b"", 400),
        ("nightly", b"{", 400),
        ("echo", b'{"input": ""}', 400),
    ],
)
def test_what_cannot_be_invoked_is_refused(host: Host, name: str, content: bytes, status: int) -> None:
    response = host.client.post(f"/admin/functions/{name}", headers=host.master, content=content)
    assert response.status_code == status


# Timers


def test_a_timer_fires_when_the_clock_reaches_it_and_once_when_it_jumps_past_or_the_host_was_down(
    tmp_path: Path,
) -> None:
    state = make_state(tmp_path)
    due = Schedule(settings(state)["NIGHTLY"]).after(datetime.now(UTC))
    with serving(state) as host:
        host.client.get("/api/who")
        host.move_clock_to(due - timedelta(seconds=0.7))
        eventually(lambda: host.notes("nightly"))
        host.move_clock_to(due + timedelta(days=3, hours=1))
        eventually(lambda: len(host.notes("nightly")) == 2)
    with serving(state) as host:
        host.move_clock_to(due + timedelta(days=9, hours=1))
        host.client.get("/api/who")
        eventually(lambda: len(host.notes("nightly")) == 3)
        host.move_clock_to(due + timedelta(days=4, hours=1))
        time.sleep(0.5)
        host.move_clock_to(due + timedelta(days=5, hours=1))
        eventually(lambda: len(host.notes("nightly")) == 4)
        time.sleep(0.5)
        notes = host.notes("nightly")
        assert not host.notes("switched_off_timer")
    assert [note["past_due"] for note in notes] == [False, True, True, True]
    first, second, third, _ = (note["status"] for note in notes)
    assert first["Last"] == "0001-01-01T00:00:00+00:00"
    assert first["Next"] == due.isoformat()
    assert second["Last"].startswith(due.isoformat()[:19])
    assert third["Next"] == (due + timedelta(days=4)).isoformat()
    assert json.loads((tmp_path / "schedule-nightly.json").read_text()).keys() == {"Last", "Next", "LastUpdated"}
    assert not (tmp_path / "schedule-yearly.json").exists()


def test_a_timer_may_run_when_the_host_starts(host: Host) -> None:
    eventually(lambda: host.notes("at_start"))
    assert host.notes("at_start") == [{"timer": "at_start", "past_due": False, "status": {}}]


def test_a_stopping_host_lets_a_run_finish(tmp_path: Path) -> None:
    with serving(make_state(tmp_path), YEARLY_SECONDS="0.7") as host:
        host.client.post("/admin/functions/yearly", headers=host.master, json={"input": ""})
        host.process.terminate()
        host.process.join(20)
        assert host.process.exitcode == 0
        assert len(host.notes("yearly")) == 1


@pytest.mark.parametrize(
    ("expression", "moment", "due"),
    [
        ("0 0 * * * *", "2026-03-01T10:00:00", "2026-03-01T11:00:00"),
        ("*/5 * * * *", "2026-03-01T10:01:00", "2026-03-01T10:05:00"),
        ("0 0 0 13 * FRI", "2026-03-14T00:00:00", "2026-11-13T00:00:00"),
        ("30 5/20 8-9 * jan,mar 1-5", "2026-03-01T00:00:00", "2026-03-02T08:05:30"),
    ],
)
def test_a_schedule_is_read_as_ncrontab(expression: str, moment: str, due: str) -> None:
    found = Schedule(expression).after(datetime.fromisoformat(moment).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(due).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "* * * *",
        "00:05:00",
        "0 0 0 * * 7",
        "0 0 0 * * 1-7",
        "0 0 0 * * 1/2",
        "0 0 0 L * *",
        "0 0 0 LW * *",
        "0 0 0 * * 5L",
        "0 0 0 * * 5#2",
        "0 0 0 * January *",
        "0 0 5-5/2 * * *",
        "0 0 22-5 * * *",
        "0 60 0 * * *",
        "0 0 0 31 2 1",
    ],
)
def test_a_schedule_that_azure_reads_otherwise_or_not_at_all_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="'"):
        Schedule(expression)


# Starting


def refusal(folder: Path, capfd: pytest.CaptureFixture[str], state: StackState, **changed: str) -> str:
    with serving(state, folder, **changed) as host:
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
    said = refusal(app_folder(tmp_path / "app", source), capfd, make_state(tmp_path)).splitlines()
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
    state = make_state(tmp_path)
    said = refusal(app_folder(tmp_path / "app", source), capfd, state).splitlines()
    assert said[0].endswith("does not start.")
    assert said[1:-1] == lines
    assert "Traceback" in state.log_file("host").read_text()


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
    assert said in refusal(folder, capfd, make_state(tmp_path))


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
