"""A person consents in a real browser to the broker on the real host: over http, and over https as in Azure."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.parts import Parts
from local.ports import port_of
from local.stack import running_stack
from local.state import StackState
from local.world import ADMIN
from tests.browser.conftest import ContextMaker
from tests.browser.steps import STORED, consent, expect_title
from tests.consent_http.browser import new_name, operator_of, stored
from tests.end_to_end.real_host.tls_front import tls_front
from tests.programs import require


@pytest.fixture(params=["local", "func"])
def https(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StackState]:
    """A stack whose public address is https: on our host, and on the real one."""
    on_func = request.param == "func"
    if on_func:
        require("func", "azurite")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        settings = {"PUBLIC_URL": f"https://localhost:{port_of(listening)}", "AzureWebJobs.refresh.Disabled": "true"}
        with running_stack(tmp_path / "state", on_func=on_func, settings=settings) as state:
            port = int(state.host.rpartition(":")[2])
            with tls_front(listening, port=port, certificate=state.certificate_file, key=state.certificate_key_file):
                yield state


def test_a_person_consents_over_http(real: Parts, new_context: ContextMaker) -> None:
    tab, name = new_context().new_page(), new_name()
    consent(tab, operator_of(real.state).link(name), ADMIN)
    expect_title(tab, STORED)
    (cookie,) = tab.context.cookies(real.state.host)
    assert cookie["name"].startswith("consent-")
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (False, True, "Lax")
    assert (stored(real.state, name) or {})["person"] == ADMIN.object_id


def test_a_person_consents_over_https_with_a_cookie_that_no_other_host_can_set(
    https: StackState, new_context: ContextMaker
) -> None:
    tab, name = new_context(ignore_https_errors=True).new_page(), new_name()
    link = operator_of(https).link(name)
    consent(tab, link, ADMIN)
    expect_title(tab, STORED)
    assert tab.url.startswith("https://localhost:")
    (cookie,) = tab.context.cookies(link)
    assert cookie["name"].startswith("__Host-consent-")
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Lax")
    assert (stored(https, name) or {})["person"] == ADMIN.object_id
