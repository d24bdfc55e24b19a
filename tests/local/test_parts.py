"""Parts of a stack that are killed and started again: what goes on, what comes back, and what is left behind."""

import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from local.parts import Parts
from local.person import Person
from local.ports import listen, port_of
from local.processes import answers
from local.stack import running_parts
from local.state import StackState
from local.workload import Workload
from local.world import ADMIN, PARTNER_APPLICATION
from tests.local_control import Controls

# Each part, and the fields of the state that hold its addresses.
DOORS = {
    "host": ("host",),
    "entra": ("entra", "entra_browser"),
    "key_vault": ("token_vault", "policy_vault"),
    "managed_identity": ("managed_identity",),
    "partner_center": ("partner_center", "graph"),
}


@contextmanager
def stack_of_parts(folder: Path) -> Iterator[Parts]:
    with running_parts(folder, settings={"AzureWebJobs.refresh.Disabled": "true"}) as parts:
        yield parts


def is_refused(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port(url))) != 0


def port(url: str) -> int:
    return int(url.rpartition(":")[2])


def status(state: StackState, url: str) -> int:
    trust = ssl.create_default_context(cafile=state.ca_file)
    return httpx.get(f"{url}/nothing-here", verify=trust, trust_env=False, timeout=30).status_code


def test_every_part_of_two_stacks_is_killed_and_comes_back_where_it_was(tmp_path: Path) -> None:
    with stack_of_parts(tmp_path / "one") as one, stack_of_parts(tmp_path / "two") as two:
        for part, doors in DOORS.items():
            for killed, other in ((one, two), (two, one)):
                urls = [getattr(killed.state, door) for door in doors]
                killed.kill(part)
                assert all(is_refused(url) for url in urls), part
                assert status(other.state, getattr(other.state, doors[0])) in {401, 404}, "the other stack goes on"
                killed.start(part)
                assert {status(killed.state, url) for url in urls} <= {401, 404}, part


def test_a_stack_whose_parts_were_all_killed_serves_the_consent_it_had(tmp_path: Path) -> None:
    with stack_of_parts(tmp_path / "state") as parts, Person() as person:
        assert person.consent(Workload(state=parts.state, name="operator").link(), ADMIN).is_success
        for part in reversed(DOORS):
            parts.kill(part)
        for part in reversed(DOORS):
            parts.start(part)
        assert Workload(state=parts.state, name="reports").token("contoso", "graph").is_success


def test_a_killed_host_leaves_its_port_free_and_nobody_else_takes_it(tmp_path: Path) -> None:
    with stack_of_parts(tmp_path / "state") as parts:
        with httpx.Client(trust_env=False) as open_connection:
            assert open_connection.get(f"{parts.state.host}/api/openapi.json", timeout=30).is_success
            parts.kill("host")
        with socket.create_server(("127.0.0.1", port(parts.state.host))):
            assert not is_refused(parts.state.host)
        others = listen(["a", "b", "c"])
        taken = {port_of(listening) for listening in others.values()}
        for listening in others.values():
            listening.close()
        assert port(parts.state.host) not in taken
        with pytest.raises(KeyError):
            parts.kill("host")
    assert not answers(parts.state)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no second socket can hold a port")
def test_the_port_of_a_host_that_died_is_never_free_for_another_stack(tmp_path: Path) -> None:
    with stack_of_parts(tmp_path / "state") as parts:
        process = parts._processes["host"]
        process.kill()
        process.join()
        with ExitStack() as others:
            taken = {port_of(others.enter_context(listening)) for listening in listen("abc").values()}
        assert port(parts.state.host) not in taken
        assert is_refused(parts.state.host)


def test_what_a_part_keeps_in_memory_begins_anew_and_its_files_go_on(tmp_path: Path) -> None:
    with stack_of_parts(tmp_path / "state") as parts:
        entra = Controls(parts.state, parts.state.entra)
        order = {
            "user": ADMIN.object_id,
            "client": PARTNER_APPLICATION,
            "scope": "https://graph.microsoft.com/.default",
        }
        kept = entra.post("refresh_tokens", order).json()["refresh_token"]
        entra.post("credentials", {"client": PARTNER_APPLICATION, "secret": "short-lived"})
        form = {"grant_type": "refresh_token", "refresh_token": kept, "client_id": PARTNER_APPLICATION}
        assert redeemed(parts.state, form | {"client_secret": "short-lived"}) == []
        parts.kill("entra")
        parts.start("entra")
        assert redeemed(parts.state, form | {"client_secret": "short-lived"}) == [7000215]
        secret = "partner-application-secret-of-the-local-stack"
        assert redeemed(parts.state, form | {"client_secret": secret}) == []


def test_partner_center_says_so_while_entra_id_is_gone(tmp_path: Path) -> None:
    with stack_of_parts(tmp_path / "state") as parts:
        state, entra = parts.state, Controls(parts.state, parts.state.entra)
        scope = "https://api.partnercenter.microsoft.com/.default"
        order = {"user": ADMIN.object_id, "client": PARTNER_APPLICATION, "scope": scope}
        kept = entra.post("refresh_tokens", order).json()["refresh_token"]
        form = {"grant_type": "refresh_token", "refresh_token": kept, "client_id": PARTNER_APPLICATION}
        secret = "partner-application-secret-of-the-local-stack"
        token = asked(state, form | {"client_secret": secret}).json()["access_token"]
        trust = ssl.create_default_context(cafile=state.ca_file)
        bearer = {"Authorization": f"Bearer {token}"}
        customers = f"{state.partner_center}/v1/customers"
        with httpx.Client(verify=trust, trust_env=False, timeout=30, headers=bearer) as http:
            parts.kill("entra")
            first = http.get(customers).json()["items"][0]["id"]
            consent = f"{customers}/{first}/applicationconsents/{PARTNER_APPLICATION}"
            assert http.delete(consent).status_code == 503
            parts.start("entra")
            assert http.delete(consent).status_code == 204


def asked(state: StackState, form: dict[str, str]) -> httpx.Response:
    trust = ssl.create_default_context(cafile=state.ca_file)
    return httpx.post(
        f"{state.entra}/fabrikam.example/oauth2/v2.0/token", data=form, verify=trust, trust_env=False, timeout=30
    )


def redeemed(state: StackState, form: dict[str, str]) -> list[int]:
    """The codes of the refusal; none when there is a token."""
    codes: list[int] = asked(state, form).json().get("error_codes", [])
    return codes
