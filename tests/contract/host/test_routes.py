"""Which function a request is for."""

import pytest

from local.host.routes import compile_route
from tests.contract.host.hosts import Host


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/api/things/17", "number 17"),
        ("/api/things/list", "rest list"),
        ("/API/Things/LIST/", "rest LIST/"),
        ("/api/things/Other", "rest Other"),
        ("/api/things/a/b", "rest a/b"),
    ],
)
def test_of_routes_that_match_the_one_whose_function_has_the_first_name_wins(host: Host, path: str, said: str) -> None:
    """`numbered`, `rest`, `thing`, `things`: not the more literal route, as in ASP.NET, and whatever the case."""
    assert host.client.get(path).text == said


def test_a_route_that_lacks_the_method_leaves_the_request_to_the_next(host: Host) -> None:
    assert host.client.post("/api/things/list").text == "thing list"


def test_an_encoded_slash_does_not_part_segments(host: Host) -> None:
    assert host.client.get("/api/echo/a%2Fb/c").json()["route"] == {"first": "a%2Fb", "second": "c"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/who"),
        ("HEAD", "/api/who"),
        ("OPTIONS", "/api/who"),
        ("TRACE", "/api/who"),
        ("GET", "/who"),
        ("GET", "/api/echo"),
        ("GET", "/api/echo/a/b/c"),
        ("GET", "/api"),
        ("GET", "/admin"),
    ],
)
def test_a_wrong_method_and_a_wrong_path_are_both_404_without_a_body(host: Host, method: str, path: str) -> None:
    response = host.client.request(method, path)
    assert (response.status_code, response.content) == (404, b"")


@pytest.mark.parametrize("method", ["PATCH", "TRACE", "PURGE"])
def test_a_function_that_names_no_methods_takes_every_one(host: Host, method: str) -> None:
    assert host.client.request(method, "/api/echo/a").json()["method"] == method


def test_a_disabled_function_is_404_but_for_the_master_key(host: Host) -> None:
    assert host.client.get("/api/switched_off").status_code == 404
    assert host.client.get("/api/switched_off", headers=host.master).text == "on"


@pytest.mark.parametrize("template", ["a/{b:regex(x)}", "{a=1}", "{a}.{b?}", "a/{", "{a}/{a}"])
def test_a_template_that_our_host_does_not_know_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match="the route"):
        compile_route(template)
