"""What leaves a host when a function has answered, and what stays in its log."""

import pytest

from tests.contract.host.hosts import Host, eventually


def test_several_cookies_leave_as_aspnet_writes_them(host: Host) -> None:
    """An absent Domain or Path leaves as an empty one, which browsers ignore (RFC 6265 section 5.2)."""
    response = host.client.get("/api/cookies")
    assert response.status_code == 201
    assert response.headers.get_list("set-cookie") == [
        "__Host-flow=a%3Db%3D%3D; max-age=600; domain=; path=/; secure; samesite=lax; httponly",
        "old=; expires=Thu, 01 Jan 2026 00:00:00 GMT; domain=; path=",
    ]


def test_custom_headers_are_added_unless_the_function_set_them(host: Host) -> None:
    assert host.client.get("/api/nothing").headers["x-content-type-options"] == "nosniff"
    assert host.client.get("/api/empty").headers["cache-control"] == "no-cache"
    assert host.client.get("/api/cookies").headers["cache-control"] == "no-store"


def test_an_answer_is_sent_in_chunks_and_never_says_its_length(host: Host) -> None:
    headers = host.client.get("/api/echo/a").headers
    assert headers["transfer-encoding"] == "chunked"
    assert "content-length" not in headers


def test_a_response_without_content_has_none(host: Host) -> None:
    response = host.client.get("/api/empty")
    assert (response.status_code, response.content) == (204, b"")
    assert "transfer-encoding" not in response.headers


def test_an_exception_is_500_with_an_empty_body_and_its_trace_in_the_log_alone(host: Host) -> None:
    response = host.client.get("/api/broken?code=an-authorization-code")
    assert (response.status_code, response.content) == (500, b"")
    eventually(lambda: "RuntimeError: the reason that only the log knows" in host.log())
    assert "an-authorization-code" not in host.log()


def test_a_line_logged_where_no_invocation_can_be_found_is_lost(host: Host) -> None:
    """A handler's own task, the tasks it begins and the thread of a plain handler are known; no other thread is."""
    assert host.client.get("/api/logs").is_success
    assert host.client.get("/api/logs-plainly").is_success
    lines = ("own task", "child task", "pool thread", "plain handler", "other thread")
    eventually(lambda: "plain handler" in host.log())
    assert [line for line in lines if line in host.log()] == ["own task", "child task", "plain handler"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_root_is_a_page_of_the_host(host: Host, method: str) -> None:
    response = host.client.request(method, "/")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
