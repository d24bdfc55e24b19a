"""The wire: what is sent once more and what never, how long an answer may take, and how much of it is read."""

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import requests
from azure.core.exceptions import AzureError, HttpResponseError
from azure.core.pipeline import Pipeline
from azure.core.pipeline.policies import RetryPolicy
from azure.core.rest import HttpRequest
from hypothesis import given, settings
from hypothesis import strategies as st

import shared.one_answer
from local.certificates import write_certificates
from shared.connections import KEEPALIVE, Lifetimes
from shared.outbound import LONGEST_ANSWER, LONGEST_PAGE, AnswerTooLong, Outbound
from shared.sdk_transport import sdk_transport
from tests.rough_server import (
    Act,
    RoughServer,
    answer,
    close,
    drip,
    flood,
    if_used,
    reset,
    rough_server,
    serve,
    silence,
    then,
)

SOON = Lifetimes(answer=0.4)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a throw-away authority and a certificate for loopback."""
    folder = tmp_path_factory.mktemp("certificates")
    write_certificates(ca=folder / "ca.pem", certificate=folder / "server.pem", key=folder / "server.key")
    return folder


@pytest.fixture(params=["plain", "tls"])
def server(request: pytest.FixtureRequest, certificates: Path) -> Iterator[RoughServer]:
    """The wire is rough over TLS as it is without."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
    with rough_server(context if request.param == "tls" else None) as made:
        yield made


@pytest.fixture
def outbound(certificates: Path) -> Iterator[Outbound]:
    with closing(Outbound(trusted_ca_file=str(certificates / "ca.pem"), threads=16)) as made:
        yield made


@pytest.fixture
def hasty(certificates: Path) -> Iterator[Outbound]:
    """A client that gives an answer little time, for tests whose answers never come."""
    with closing(Outbound(trusted_ca_file=str(certificates / "ca.pem"), threads=16, lifetimes=SOON)) as made:
        yield made


@pytest.mark.parametrize("act", [reset, close])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_used_connection_that_turns_out_dead_is_replaced_by_a_new_one(
    server: RoughServer, outbound: Outbound, act: Act, method: str
) -> None:
    outbound.get(server.url)
    server.act = if_used(act)
    assert outbound.request(method, server.url, data=b"body" if method == "POST" else None).json() == {}
    assert (server.connections, len(server.requests)) == (2, 3)


def test_the_body_goes_with_the_second_try(server: RoughServer, outbound: Outbound) -> None:
    outbound.get(server.url)
    server.act = if_used(reset)
    outbound.post(server.url, data={"grant_type": "refresh_token"})
    assert [request.endswith(b"grant_type=refresh_token") for request in server.requests] == [False, True, True]


@pytest.mark.parametrize("act", [reset, close])
def test_a_new_connection_that_fails_is_not_tried_again(server: RoughServer, outbound: Outbound, act: Act) -> None:
    server.act = act
    with pytest.raises(requests.ConnectionError):
        outbound.get(server.url)
    assert len(server.requests) == 1


@pytest.mark.parametrize("first", [b"H", b"HTTP/1.1 200 OK\r\nContent-Le", HEAD])
@pytest.mark.parametrize("end", [reset, close])
def test_nothing_is_sent_again_once_a_byte_of_an_answer_has_come(
    server: RoughServer, outbound: Outbound, first: bytes, end: Act
) -> None:
    def answers_in_part(connection: socket.socket, count: int) -> None:
        connection.sendall(first)
        time.sleep(0.05)  # a reset would overtake the bytes
        end(connection, count)

    outbound.get(server.url)
    server.act = if_used(answers_in_part)
    with pytest.raises(requests.RequestException):
        outbound.get(server.url)
    assert len(server.requests) == 2


def test_nothing_is_sent_again_after_a_time_out(server: RoughServer, certificates: Path) -> None:
    lifetimes = Lifetimes(answer=2.0)
    with closing(Outbound(trusted_ca_file=str(certificates / "ca.pem"), threads=1, lifetimes=lifetimes)) as client:
        client.get(server.url)
        server.act = silence
        with pytest.raises(requests.RequestException):
            client.get(server.url)
    assert len(server.requests) == 2


def test_what_must_happen_once_is_sent_once_and_on_a_connection_nothing_can_have_forgotten(
    server: RoughServer, outbound: Outbound
) -> None:
    for _ in range(2):
        outbound.request("POST", server.url, once=True)
    server.act = if_used(reset)
    outbound.request("POST", server.url, once=True)
    assert server.connections == 3
    server.act = reset
    with pytest.raises(requests.ConnectionError):
        outbound.request("POST", server.url, once=True)
    assert len(server.requests) == 4


def test_all_idle_connections_that_a_nat_forgot_cost_no_request(server: RoughServer, outbound: Outbound) -> None:
    """After a quiet hour every pooled connection is dead at once, and each thread meets another."""
    together = threading.Barrier(12)

    def held(connection: socket.socket, _count: int) -> None:
        together.wait(5)
        connection.sendall(answer())

    with ThreadPoolExecutor(12) as threads:
        server.act = held
        assert all(done.ok for done in threads.map(outbound.get, [server.url] * 12))
        assert server.connections == 12
        server.act = if_used(reset)
        assert all(done.ok for done in threads.map(outbound.get, [server.url] * 48))


@pytest.mark.parametrize("lifetimes", [Lifetimes(idle=0.05), Lifetimes(age=0.05)], ids=["idle", "old"])
def test_a_connection_is_retired_before_somebody_forgets_it(
    server: RoughServer, certificates: Path, lifetimes: Lifetimes
) -> None:
    with closing(Outbound(trusted_ca_file=str(certificates / "ca.pem"), threads=1, lifetimes=lifetimes)) as outbound:
        outbound.get(server.url)
        time.sleep(0.1)
        outbound.get(server.url)
        assert server.connections == 2


def test_idle_connections_are_kept_alive_within_the_time_a_nat_remembers() -> None:
    told = {(level, name): value for level, name, value in KEEPALIVE}
    assert told[socket.SOL_SOCKET, socket.SO_KEEPALIVE] == 1
    idle = getattr(socket, "TCP_KEEPIDLE", None) or getattr(socket, "TCP_KEEPALIVE")  # noqa: B009 - macOS's name
    assert told[socket.IPPROTO_TCP, idle] < 240
    assert Lifetimes().idle < 240


DRIPS = {
    "status": drip(answer(), every=0.05),
    "headers": then(b"HTTP/1.1 200 OK\r\nX: ", drip(b"x" * 1000, every=0.05)),
    "body": then(HEAD, drip(b"x" * 100, every=0.05)),
    "silence": silence,
    "silence after headers": then(HEAD, silence),
}


@pytest.mark.parametrize("act", DRIPS.values(), ids=DRIPS)
def test_an_answer_has_until_its_deadline_and_no_longer(server: RoughServer, hasty: Outbound, act: Act) -> None:
    server.act = act
    began = time.monotonic()
    with pytest.raises(requests.RequestException):
        hasty.get(server.url)
    assert time.monotonic() - began >= SOON.answer, "it was given its time"
    assert len(server.requests) == 1


def test_a_late_answer_does_not_shorten_the_next_ones_time(server: RoughServer, certificates: Path) -> None:
    patient = Lifetimes(answer=20.0)
    with closing(Outbound(trusted_ca_file=str(certificates / "ca.pem"), threads=1, lifetimes=patient)) as outbound:
        server.act = drip(answer(), every=0.003)
        for _ in range(3):
            assert outbound.get(server.url).ok
        assert server.connections == 1


@pytest.mark.parametrize("compressed", [False, True])
def test_an_answer_is_read_up_to_its_limit_once_it_is_decompressed(
    server: RoughServer, outbound: Outbound, *, compressed: bool
) -> None:
    server.act = flood(LONGEST_ANSWER, compressed=compressed)
    assert len(outbound.get(server.url).content) == LONGEST_ANSWER
    server.act = flood(LONGEST_ANSWER + 1, compressed=compressed)
    with pytest.raises(AnswerTooLong):
        outbound.get(server.url)
    assert len(outbound.get(server.url, longest=LONGEST_PAGE).content) == LONGEST_ANSWER + 1


@pytest.mark.parametrize(
    "act", [then(HEAD + b"short", close), serve(b"plain", headers=b"Content-Encoding: gzip\r\n")], ids=["cut", "mess"]
)
def test_an_answer_that_is_not_whole_is_none(server: RoughServer, outbound: Outbound, act: Act) -> None:
    server.act = act
    with pytest.raises(requests.RequestException):
        outbound.get(server.url)


def test_cookies_are_neither_kept_nor_sent(server: RoughServer, outbound: Outbound) -> None:
    server.act = serve(headers=b"Set-Cookie: a=b; Path=/\r\n")
    for _ in range(2):
        outbound.get(server.url)
    assert not [request for request in server.requests if b"cookie" in request.lower()]


def test_netrc_is_not_read_and_proxies_are(
    server: RoughServer, outbound: Outbound, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("default login somebody password else\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    outbound.get(server.url, headers={"Authorization": "Bearer ours"})
    assert b"Authorization: Bearer ours" in server.requests[0]
    monkeypatch.setenv("HTTP_PROXY", server.url)
    monkeypatch.setenv("NO_PROXY", "")
    if server.context is None:
        outbound.get("http://authority.invalid/keys")
        assert server.requests[1].startswith(b"GET http://authority.invalid/keys ")


@contextmanager
def tunnels() -> Iterator[tuple[str, list[bytes]]]:
    """A proxy that connects to where it is told; its address, and the first line of each request."""
    asked: list[bytes] = []

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while some := source.recv(65_536):
                target.sendall(some)
            target.shutdown(socket.SHUT_WR)

    def connect(connection: socket.socket, _count: int) -> None:
        asked.append(proxy.requests[-1].splitlines()[0])
        host, port = asked[-1].split()[1].decode().split(":")
        with socket.create_connection((host, int(port))) as beyond:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            threading.Thread(target=pump, args=(beyond, connection), daemon=True).start()
            pump(connection, beyond)

    with rough_server() as proxy:
        proxy.act = connect
        yield proxy.url, asked


def test_a_proxy_of_the_environment_connects_to_a_server_of_tls(
    server: RoughServer, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = str(certificates / "ca.pem")
    with tunnels() as (proxy, asked), closing(Outbound(trusted_ca_file=trusted, threads=1)) as outbound:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        monkeypatch.setenv("NO_PROXY", "")
        for once in (False, False, True, True):
            assert outbound.request("POST", server.url, once=once).ok
    assert asked == ([b"CONNECT 127.0.0.1:%d HTTP/1.1" % server.port] * 3 if server.context else [])


def test_a_proxy_that_does_not_connect_has_no_more_time_than_a_server(
    server: RoughServer, outbound: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    with rough_server() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "")
        proxy.act = drip(answer(), every=0.05)
        if server.context is not None:
            with pytest.raises(requests.RequestException):
                outbound.get(server.url)
            assert not server.requests


EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"


def test_an_answer_before_the_answer_is_passed_over(server: RoughServer, outbound: Outbound) -> None:
    """RFC 9110 section 15.2. Taken for the answer, it would leave the real one to whoever asks next."""
    server.act = then(EARLY + b"HTTP/1.1 100 Continue\r\n\r\n", serve(b'{"of": 1}'))
    assert outbound.get(server.url).json() == {"of": 1}
    server.act = lambda connection, _count: connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
    with pytest.raises(requests.RequestException):
        outbound.get(server.url)


@pytest.mark.parametrize("size", [100, 8192, 12_000])
def test_what_comes_after_an_answer_is_never_the_next_ones(server: RoughServer, outbound: Outbound, size: int) -> None:
    """The bytes may lie in the kernel, in TLS, or with the reader of the answer before."""
    whole = answer(b"x" * (size - len(answer(b"x" * size)) + size))
    assert len(whole) in {size, size - 1}
    server.act = lambda connection, _count: connection.sendall(whole + answer(b'{"of": "nobody"}'))
    outbound.get(server.url)
    server.act = serve(b'{"of": 2}')
    assert outbound.get(server.url).json() == {"of": 2}
    assert server.connections == 2


REDIRECTS = [b"http://[", b"http://\xff/", b"http://elsewhere.invalid/", b"//[::1"]


@pytest.mark.parametrize("location", REDIRECTS)
def test_a_redirect_is_an_answer_as_any_other(
    server: RoughServer, outbound: Outbound, certificates: Path, location: bytes
) -> None:
    """Where it leads is not even read, and its body neither, beyond the limit."""
    content = gzip.compress(b"x" * (LONGEST_ANSWER + 1))
    head = b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: %d\r\n" % (location, len(content))
    server.act = lambda connection, _count: connection.sendall(
        b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 2\r\n\r\n{}" % location
    )
    assert (outbound.get(server.url).status_code, outbound.get(server.url).content) == (302, b"{}")
    assert sdk(certificates, tries=0)("GET", server.url) == 302
    server.act = lambda connection, _count: connection.sendall(head + b"Content-Encoding: gzip\r\n\r\n" + content)
    with (
        patch.object(requests.Response, "content", property(lambda _answer: pytest.fail("read without a limit"))),
        pytest.raises(AnswerTooLong),
    ):
        outbound.get(server.url)


@pytest.mark.parametrize("size", [b"-1", b"-8000000"])
def test_no_answer_is_longer_on_the_wire_than_the_longest_page(
    server: RoughServer, outbound: Outbound, size: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chunk of less than nothing is read to the end of the connection, in one piece (urllib3 2.8)."""
    monkeypatch.setattr(shared.one_answer, "LONGEST_ON_THE_WIRE", 100_000)
    sent = 0

    def endless(connection: socket.socket, _count: int) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\n" % size)
        while sent < 50_000_000:
            connection.sendall(b"x" * 10_000)
            sent += 10_000

    server.act = endless
    with pytest.raises(requests.RequestException):
        outbound.get(server.url)
    assert sent < 20_000_000


type Send = Callable[[str, str], int]


def sdk(ca: Path, *, single: bool = False, tries: int = 2, lifetimes: Lifetimes | None = None) -> Send:
    retries: RetryPolicy[Any, Any] = RetryPolicy(retry_total=tries, retry_backoff_factor=0)
    pipeline: Pipeline[Any, Any] = Pipeline(
        sdk_transport(verify=str(ca / "ca.pem"), single=single, lifetimes=lifetimes), [retries]
    )

    def send(method: str, url: str) -> int:
        status: int = pipeline.run(HttpRequest(method, url)).http_response.status_code
        return status

    return send


def test_an_sdks_own_tries_find_a_new_connection_and_nothing_multiplies(
    server: RoughServer, certificates: Path
) -> None:
    send = sdk(certificates)
    send("GET", server.url)
    server.act = if_used(reset)
    assert send("GET", server.url) == 200
    assert len(server.requests) == 3
    server.act = reset
    server.requests.clear()
    with pytest.raises(AzureError):
        send("GET", server.url)
    assert len(server.requests) == 3, "its own three tries"


def test_an_sdk_is_held_to_the_same_time_and_size(server: RoughServer, certificates: Path) -> None:
    send = sdk(certificates, tries=0, lifetimes=SOON)
    server.act = then(HEAD, drip(b"x" * 100, every=0.05))
    with pytest.raises(AzureError):
        send("GET", server.url)
    send = sdk(certificates, tries=0)
    server.act = flood(LONGEST_ANSWER + 1, compressed=True)
    with pytest.raises((AzureError, HttpResponseError)):
        send("GET", server.url)


def test_what_an_sdk_must_send_once_goes_over_a_new_connection(server: RoughServer, certificates: Path) -> None:
    send = sdk(certificates, single=True, tries=0)
    for _ in range(3):
        send("PUT", server.url)
    assert (server.connections, len(server.requests)) == (3, 3)


ACTS = {"serve": serve(), "reset": reset, "close": close, "used reset": if_used(reset), "used close": if_used(close)}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(ACTS)), st.booleans()), max_size=12))
def test_whatever_the_wire_does_no_request_is_sent_more_than_twice_and_none_of_once_more_than_once(
    steps: list[tuple[str, bool]],
) -> None:
    with rough_server() as server, closing(Outbound(trusted_ca_file=None, threads=2)) as outbound:
        for act, once in steps:
            server.act, before = ACTS[act], len(server.requests)
            try:
                done = outbound.request("POST", server.url, once=once).ok
            except requests.ConnectionError:
                done = False
            sent = len(server.requests) - before
            assert done is (act not in {"reset", "close"})
            assert 1 <= sent <= (1 if once else 2)
