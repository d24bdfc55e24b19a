"""The one HTTP client: trust of its own, no redirect followed, no answer asked for twice, limits nobody can lift."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from local.state import StackState
from shared.outbound import Outbound
from tests.local_control import Controls

PATH = "/common/discovery/instance"


@pytest.fixture
def outbound(stack: StackState) -> Iterator[Outbound]:
    client = Outbound(trusted_ca_file=str(stack.ca_file), threads=2)
    yield client
    client.close()


def test_its_own_authority_is_trusted_whatever_the_environment_says(
    outbound: Outbound, stack: StackState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An administrator's REQUESTS_CA_BUNDLE would override the trust of a session, and is set in many images."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(stack.folder / "stack.json"))
    assert outbound.get(f"{stack.entra}{PATH}").status_code == 200


def test_an_authority_nobody_trusts_is_sent_nothing(stack: StackState, entra_controls: Controls) -> None:
    client = Outbound(trusted_ca_file=None, threads=1)
    with pytest.raises(requests.exceptions.SSLError):
        client.post(f"{stack.entra}{PATH}", data={"client_secret": "x"})
    client.close()
    assert not entra_controls.requests()


def test_no_redirect_is_followed(outbound: Outbound, stack: StackState, entra_controls: Controls) -> None:
    """It would carry a secret to whoever the answer names."""
    elsewhere = {"Location": f"{stack.entra}/elsewhere"}
    for send in (outbound.get, outbound.post):
        for status in (302, 307, 308):
            entra_controls.post("faults", {"path": PATH, "status": status, "headers": elsewhere})
            assert send(f"{stack.entra}{PATH}", allow_redirects=True).status_code == status
    assert {path for _, path in entra_controls.requests()} == {PATH}


@pytest.mark.parametrize(
    "fault", [{"status": 503, "headers": {"Retry-After": "3600"}}, {"status": 429}, {"status": 500}]
)
def test_an_answer_is_an_answer(
    outbound: Outbound, stack: StackState, entra_controls: Controls, fault: dict[str, Any]
) -> None:
    entra_controls.post("faults", {"path": PATH, **fault})
    assert outbound.get(f"{stack.entra}{PATH}").status_code == fault["status"]
    assert sum(entra_controls.requests().values()) == 1


def test_a_request_whose_answer_is_lost_on_a_new_connection_is_not_repeated(
    stack: StackState, entra_controls: Controls
) -> None:
    """On a used one it may never have arrived: tests/shared/test_connections.py."""
    for method in ("GET", "POST"):
        outbound = Outbound(trusted_ca_file=str(stack.ca_file), threads=2)
        entra_controls.clear("requests")
        entra_controls.post("faults", {"path": PATH, "drop": "after"})
        with pytest.raises(requests.ConnectionError):
            outbound.request(method, f"{stack.entra}{PATH}")
        outbound.close()
        assert sum(entra_controls.requests().values()) == 1


def test_no_caller_lifts_the_limits(stack: StackState) -> None:
    client = Outbound(trusted_ca_file=None, threads=1)
    with pytest.raises(requests.exceptions.SSLError):
        client.post(f"{stack.entra}{PATH}", data={}, timeout=None, verify=False)
    client.close()
