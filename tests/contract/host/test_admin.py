"""The admin routes: what the host tells of itself, and functions that are run through it."""

import pytest

from local.workload import fire_timer
from tests.contract.host.hosts import Host, eventually


def test_the_state_and_the_functions_are_told(host: Host) -> None:
    assert host.client.get("/admin/host/status", headers=host.master).json()["state"] == "Running"
    functions = {one["name"]: one for one in host.client.get("/admin/functions", headers=host.master).json()}
    assert functions["numbered"]["invoke_url_template"].endswith("/api/things/{number:int}")
    assert functions["numbered"]["config"]["bindings"][0]["type"] == "httpTrigger"
    assert functions["nightly"]["invoke_url_template"] is None
    assert functions["nightly"]["config"]["bindings"][0]["type"] == "timerTrigger"
    assert functions["switched_off_timer"]["isDisabled"] is True


def test_a_timer_is_invoked_in_the_background(host: Host) -> None:
    before = len(host.notes("yearly"))
    response = host.client.post("/admin/functions/YEARLY", headers=host.master, json={"input": ""})
    assert (response.status_code, response.content) == (202, b"")
    eventually(lambda: len(host.notes("yearly")) > before)


def test_how_a_run_ended_is_found_out_on_either_host(host: Host) -> None:
    for name, status in (("switched_off_timer", "Success"), ("failing", "Failure"), ("failing", "Failure")):
        assert fire_timer(host.state, function=name, wait_seconds=20) == status


def test_a_caller_of_our_host_may_wait_for_how_the_run_ended(local_host: Host) -> None:
    for name, status in (("switched_off_timer", "Success"), ("failing", "Failure")):
        response = local_host.run_timer(name)
        assert (response.status_code, response.json()) == (200, {"status": status})
        assert response.headers["preference-applied"] == "wait=5"


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("unknown", b'{"input": ""}', 404),
        ("nightly", b"null", 400),
        ("nightly", b"", 400),
        ("nightly", b"{", 400),
        ("nightly", b"[]", 400),
    ],
)
def test_what_cannot_be_invoked_is_refused_without_a_word(host: Host, name: str, content: bytes, status: int) -> None:
    headers = {**host.master, "content-type": "application/json"}
    response = host.client.post(f"/admin/functions/{name}", headers=headers, content=content)
    assert (response.status_code, response.content) == (status, b"")


@pytest.mark.parametrize("headers", [{}, {"content-type": "text/plain"}])
def test_an_invocation_is_asked_for_in_json(host: Host, headers: dict[str, str]) -> None:
    headers = {**host.master, **headers}
    response = host.client.post("/admin/functions/nightly", headers=headers, content=b'{"input": ""}')
    assert (response.status_code, response.content) == (415, b"")


def test_a_function_of_http_is_accepted_and_then_fails(host: Host) -> None:
    response = host.client.post("/admin/functions/who", headers=host.master, json={"input": ""})
    assert (response.status_code, response.content) == (202, b"")
    eventually(lambda: any("who" in line and "ailed" in line for line in host.log().splitlines()))
