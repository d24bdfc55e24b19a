"""What a function sees of a request: on the real host, and on ours."""

import re
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

from local import host as local_host_part
from local.host.configuration import CHUNKED_BODIES_ARRIVE
from tests.contract.host.hosts import Host, serving, wait_until_up

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_handler_sees_the_request_as_azure_passes_it(host: Host) -> None:
    headers = [("X-Twice", "one"), ("x-twice", "two"), ("X-Empty", ""), ("Cookie", "a=b; c=d")]
    response = host.client.post("/api/echo/a%20b?q=1&Q=2&none=&state=x%2By", headers=headers, content=b"hello")
    seen = response.json()
    assert response.headers["content-type"] == "application/json"
    assert seen["method"] == "POST"
    assert seen["url"] == f"{host.client.base_url}/api/echo/a%20b?q=1&Q=2&none=&state=x%2By"
    assert seen["query"] == {"Q": "1,2", "state": "x+y"}
    assert {name: seen["headers"][name] for name in ("x-twice", "x-empty", "cookie", "content-length")} == {
        "x-twice": "one,two",
        "x-empty": "",
        "cookie": "a=b; c=d",
        "content-length": "5",
    }
    assert seen["route"] == {"first": "a b"}
    assert seen["body"] == "hello"


def test_a_handler_belongs_to_the_callers_trace_with_a_span_of_the_host(host: Host) -> None:
    traced, untraced = (
        host.client.get("/api/echo/a", headers=headers).json()["trace_parent"]
        for headers in ({"traceparent": PARENT}, {})
    )
    assert re.fullmatch("00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01", traced)
    assert traced != PARENT
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-00", untraced)


def test_the_invocation_id_reaches_handlers_of_both_kinds_anew(host: Host) -> None:
    plain, asynchronous = (host.client.get(path).json()["invocation"] for path in ("/api/echo/a", "/api/who"))
    assert plain
    assert asynchronous
    assert plain != asynchronous


@pytest.mark.parametrize("path", ["/api/slow", "/api/slow-async"])
def test_handlers_of_both_kinds_run_side_by_side(host: Host, path: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(host.client.get, path, params={"seconds": "1"}) for _ in range(4)]
        spans = sorted(request.result().json() for request in asked)
    assert any(later_begun < ended for (_, ended), (later_begun, _) in pairwise(spans))


@pytest.mark.parametrize("content", [b"\x00\xff\xfe\x80", b"\xef\xbb\xbfabc", b"%41+b"])
@pytest.mark.parametrize("kind", ["application/octet-stream", "application/json", "text/plain", ""])
def test_a_body_arrives_as_it_was_sent_whatever_it_is_said_to_be(host: Host, content: bytes, kind: str) -> None:
    response = host.client.post("/api/bytes", content=content, headers={"content-type": kind} if kind else {})
    assert response.content == content


@pytest.mark.parametrize("length", [100_000, 1_000_000, 10_000_000])
def test_a_large_body_arrives_whole(host: Host, length: int) -> None:
    assert host.client.post("/api/size", content=b"a" * length).text == str(length)


def test_a_chunked_body_arrives_empty_and_its_header_is_handed_on(host: Host) -> None:
    seen = host.client.post("/api/echo/a", content=iter([b"hel", b"lo"])).json()
    assert seen["body"] == ""
    assert seen["headers"]["transfer-encoding"] == "chunked"
    assert "content-length" not in seen["headers"]


def test_a_switch_lets_a_chunked_body_arrive(tmp_path: Path) -> None:
    """Public reports disagree on what Azure does, so the product is held to both."""
    with serving(local_host_part.run, tmp_path, changed={CHUNKED_BODIES_ARRIVE: "true"}) as host:
        wait_until_up(host)
        seen = host.client.post("/api/echo/a", content=iter([b"hel", b"lo"])).json()
    assert seen["body"] == "hello"
    assert seen["headers"]["transfer-encoding"] == "chunked"


@pytest.mark.parametrize(("method", "longest"), [("GET", 8177), ("DELETE", 8174)])
def test_the_first_line_of_a_request_has_8192_bytes_at_most(host: Host, method: str, longest: int) -> None:
    for length, status in ((longest, 200), (longest + 1, 414)):
        target = "/api/echo/a?q=".ljust(length, "a")
        assert len(f"{method} {target} HTTP/1.1\r\n") == 8192 + length - longest
        assert host.client.request(method, target).status_code == status


def test_header_lines_have_32_kib_at_most(host: Host) -> None:
    assert host.client.get("/api/who", headers={"x-long": "a" * 32_000}).status_code == 200
    assert host.client.get("/api/who", headers={"x-long": "a" * 32_768}).status_code == 431


def test_a_body_beyond_100_mib_is_an_error_before_it_is_sent(host: Host) -> None:
    answer = host.sends("POST /api/size HTTP/1.1\r\nHost: localhost:1\r\nContent-Length: 104857601\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 500 ")
