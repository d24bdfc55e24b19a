"""The keys of a host. Core Tools skips every key unless it is started with --enableAuth, as here."""

import pytest

from local.host.keys import Keys
from tests.contract.host.hosts import Host


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


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/admin/functions/nightly"), ("GET", "/admin/host/status"), ("GET", "/admin/functions")],
)
def test_the_admin_routes_want_the_master_key(host: Host, method: str, path: str) -> None:
    assert host.client.request(method, path).status_code == 401
    key = {"x-functions-key": Keys(master=host.state.control_secret).default}
    assert host.client.request(method, path, headers=key).status_code == 403


def test_an_admin_route_that_there_is_not_is_404_without_any_key(host: Host) -> None:
    assert host.client.get("/admin/none").status_code == 404
