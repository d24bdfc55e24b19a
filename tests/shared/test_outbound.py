"""The one HTTP client: trust of its own, no redirect followed, no answer asked for twice, limits nobody can lift."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter

from local.state import StackState
from shared.outbound import CONNECT_SECONDS, READ_SECONDS, Outbound
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


def test_a_request_whose_answer_is_lost_is_not_repeated(
    outbound: Outbound, stack: StackState, entra_controls: Controls
) -> None:
    for send in (outbound.get, outbound.post):
        entra_controls.clear("requests")
        entra_controls.post("faults", {"path": PATH, "drop": "after"})
        with pytest.raises(requests.ConnectionError):
            send(f"{stack.entra}{PATH}")
        assert sum(entra_controls.requests().values()) == 1


class Noting(BaseAdapter):
    """An adapter that sends nothing and keeps what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[dict[str, Any]] = []

    def send(self, request: requests.PreparedRequest, **told: Any) -> requests.Response:  # type: ignore[override]  # noqa: ANN401, ARG002
        """Note the limits."""
        self.told.append(told)
        response = requests.Response()
        response.status_code = 200
        return response

    def close(self) -> None:
        """Nothing to close."""


def test_the_limits_are_on_every_request_and_no_caller_lifts_them() -> None:
    client, noting = Outbound(trusted_ca_file="/ca.pem", threads=1), Noting()
    client._session.mount("https://", noting)
    client.get("https://a.example")
    client.post("https://a.example", data={}, timeout=None, verify=False)
    limits = [(told["timeout"], told["verify"]) for told in noting.told]
    assert limits == [((CONNECT_SECONDS, READ_SECONDS), "/ca.pem")] * 2
