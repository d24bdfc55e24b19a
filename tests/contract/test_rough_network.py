"""What a rough network does to a plain client of a stand-in: each mode does what its order says."""

import gzip
import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from local.controls import Controls
from local.rough.by_hand import PARTS
from local.rough.contents import GARBAGE
from local.rough.faults import MODES
from local.rough.manners import NOT_HTTP
from local.rough.oddities import ODDITIES
from local.rough.wire import ENDINGS
from local.signing import SigningKeys
from local.state import StackState
from local.world import PARTNER_TENANT
from tests.contract.conftest_entra import running_entra

PATH = f"/{PARTNER_TENANT}/v2.0/.well-known/openid-configuration"
SHORT = {"status": 200, "body": {"short": 1}}
SHORT_BODY = b'{"short":1}'
A_WHILE, PATIENCE = 0.3, 20.0
PAUSE = 0.01


class Plain:
    """One connection, by hand: what was read is what came over the wire."""

    def __init__(self, opened: socket.socket) -> None:
        self.socket = opened

    def send(self, path: str = PATH) -> None:
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost:1\r\n\r\n".encode())

    def answer(self) -> tuple[int, bytes]:
        answer = http.client.HTTPResponse(self.socket)
        answer.begin()
        return answer.status, answer.read()

    def arrivals(self) -> Iterator[bytes]:
        """What comes, as it comes, to the end of the connection."""
        while arrived := self.socket.recv(1 << 16):
            yield arrived

    def everything(self) -> bytes:
        return b"".join(self.arrivals())

    @property
    def is_quiet(self) -> bool:
        """Whether nothing comes for a while, not even an end."""
        self.socket.settimeout(A_WHILE)
        try:
            self.socket.recv(1)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(PATIENCE)
        return False


@contextmanager
def connected(state: StackState, url: str) -> Iterator[Plain]:
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=PATIENCE) as plain:
        if parts.scheme == "http":
            yield Plain(plain)
            return
        trust = ssl.create_default_context(cafile=state.ca_file)
        with trust.wrap_socket(plain, server_hostname=parts.hostname) as wrapped:
            yield Plain(wrapped)


@contextmanager
def client(state: StackState, url: str, *, patience: float = PATIENCE) -> Iterator[httpx.Client]:
    trust = ssl.create_default_context(cafile=state.ca_file)
    with httpx.Client(base_url=url, verify=trust, trust_env=False, timeout=patience) as opened:
        yield opened


class Served:
    """Entra ID, whatever it is, as something that answers."""

    def __init__(self, state: StackState) -> None:
        self.state = state
        self.controls = Controls(state, state.entra)

    def order(self, **fault: Any) -> None:  # noqa: ANN401 - JSON
        self.controls.post("faults", {"path": PATH, **fault})

    def connected(self) -> Any:  # noqa: ANN401 - a context of Plain
        return connected(self.state, self.state.entra)

    def client(self, *, patience: float = PATIENCE) -> Any:  # noqa: ANN401 - a context of httpx.Client
        return client(self.state, self.state.entra, patience=patience)

    def document(self) -> bytes:
        with self.client() as plain:
            content: bytes = plain.get(PATH).raise_for_status().content
            return content


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_entra(tmp_path_factory.mktemp("rough")) as stack:
        yield Served(stack.state)


@pytest.fixture
def served(running: Served) -> Iterator[Served]:
    yield running
    running.controls.clear("faults")


# Late, and once


def test_a_late_answer_comes_in_the_end(served: Served) -> None:
    served.order(delay=A_WHILE, times=2)
    with served.client() as patient, served.client(patience=A_WHILE / 10) as impatient:
        begun = monotonic()
        assert patient.get(PATH).is_success
        assert monotonic() - begun >= A_WHILE
        with pytest.raises(httpx.ReadTimeout):
            impatient.get(PATH)


def test_a_503_once_is_once(served: Served) -> None:
    served.order(status=503, headers={"Retry-After": "7"})
    with served.client() as plain:
        refused, given = plain.get(PATH), plain.get(PATH)
    assert (refused.status_code, refused.headers["retry-after"], given.status_code) == (503, "7", 200)


def test_a_fault_meets_its_method_and_path_alone(served: Served) -> None:
    served.order(status=503, method="POST", times=-1)
    served.order(status=502, path="/common/.*", times=-1)
    with served.client() as plain:
        answers = [plain.post(PATH), plain.get(PATH), plain.get(PATH.replace(PARTNER_TENANT, "common"))]
    assert [answer.status_code for answer in answers] == [503, 200, 502]


# Contents


def test_garbage_is_no_text_and_leaves_the_connection_as_it_was(served: Served) -> None:
    served.order(mode="garbage")
    with served.connected() as plain:
        plain.send()
        status, body = plain.answer()
        assert (status, body) == (200, GARBAGE)
        with pytest.raises(UnicodeDecodeError):
            body.decode()
        plain.send()
        assert plain.answer() == (200, served.document())


@pytest.mark.parametrize("oddity", ODDITIES)
def test_odd_json_stands_in_place_of_the_real_one(served: Served, oddity: str) -> None:
    real = served.document()
    served.order(mode="odd_json", oddity=oddity)
    with served.client() as plain:
        answer = plain.get(PATH)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.content == ODDITIES[oddity](real) != real


def test_single_members_of_an_answer_can_be_others(served: Served) -> None:
    real = json.loads(served.document())
    served.order(mode="odd_json", members={"token_endpoint": "https://elsewhere.example", "more": [1]})
    with served.client() as plain:
        assert plain.get(PATH).json() == real | {"token_endpoint": "https://elsewhere.example", "more": [1]}


def test_a_huge_answer_says_no_length_and_is_as_valid_as_it_was(served: Served) -> None:
    real, size = served.document(), 3_000_001
    served.order(mode="huge", size=size)
    with served.client() as plain:
        answer = plain.get(PATH)
    assert "content-length" not in answer.headers
    assert answer.content == b" " * size + real
    assert answer.json()["jwks_uri"]


def test_a_compressed_huge_answer_is_small_on_the_wire(served: Served) -> None:
    real, size = served.document(), 3_000_001
    served.order(mode="compressed_huge", size=size, times=2)
    with served.client() as plain:
        assert plain.get(PATH).content == b" " * size + real, "what the client makes of it"
        with plain.stream("GET", PATH) as answer:
            sent = b"".join(answer.iter_raw())
    assert len(sent) < size / 100
    assert gzip.decompress(sent) == b" " * size + real


def test_who_goes_away_from_a_huge_answer_is_sent_no_more_of_it(served: Served) -> None:
    served.order(mode="huge", size=10**12)
    with served.client() as plain, plain.stream("GET", PATH) as answer:
        assert next(answer.iter_raw())
    assert served.document(), "a terabyte would keep the server busy"


# Manners


def test_a_body_drips_byte_by_byte(served: Served) -> None:
    served.order(mode="drip", pause=PAUSE, **SHORT)
    with served.connected() as plain:
        plain.send()
        head, *body = plain.arrivals()
    assert head.endswith(b"content-length: 11\r\n\r\n")
    assert body == [bytes([byte]) for byte in SHORT_BODY]


def test_headers_drip_byte_by_byte(served: Served) -> None:
    served.order(mode="drip_headers", pause=PAUSE, **SHORT)
    with served.connected() as plain:
        plain.send()
        *head, body = plain.arrivals()
    assert body == SHORT_BODY
    assert {len(arrived) for arrived in head} == {1}
    assert b"".join(head).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("mode", ["drip", "drip_headers"])
def test_a_limit_of_each_read_is_none_of_a_dripping_answer(served: Served, mode: str) -> None:
    served.order(mode=mode, pause=PAUSE, status=200, body=SHORT_BODY.decode() * 20)
    with served.client(patience=A_WHILE) as plain:
        begun = monotonic()
        assert plain.get(PATH).is_success
    assert monotonic() - begun > A_WHILE


def test_who_goes_away_from_a_dripping_answer_ends_it(served: Served) -> None:
    served.order(mode="drip", pause=PAUSE, **SHORT)
    with served.client() as plain, plain.stream("GET", PATH) as answer:
        assert next(answer.iter_raw()) == SHORT_BODY[:1]
    assert served.document()


def test_a_truncated_answer_ends_before_its_length(served: Served) -> None:
    served.order(mode="truncated", times=2, **SHORT)
    with served.connected() as plain:
        plain.send()
        head, _, body = plain.everything().partition(b"\r\n\r\n")
    assert head.endswith(b"content-length: 11")
    assert body == SHORT_BODY[:5]
    with served.client() as other, pytest.raises(httpx.RemoteProtocolError):
        other.get(PATH)


def test_an_answer_shorter_than_its_length_keeps_one_waiting(served: Served) -> None:
    served.order(mode="wrong_length", by=10, times=2, **SHORT)
    with served.client(patience=A_WHILE) as impatient, pytest.raises(httpx.ReadTimeout):
        impatient.get(PATH)
    with served.connected() as plain:
        plain.send()
        assert plain.socket.recv(1 << 16).endswith(b"content-length: 21\r\n\r\n" + SHORT_BODY)
        assert plain.is_quiet


def test_an_answer_longer_than_its_length_leaves_the_rest_to_the_next_one(served: Served) -> None:
    served.order(mode="wrong_length", by=-4, **SHORT)
    with served.client() as plain:
        assert plain.get(PATH).content == SHORT_BODY[:-4]
    served.order(mode="wrong_length", by=-4, **SHORT)
    with served.connected() as by_hand:
        by_hand.send()
        assert by_hand.socket.recv(1 << 16).endswith(b"content-length: 7\r\n\r\n" + SHORT_BODY)
        by_hand.send()
        assert by_hand.answer() == (200, served.document())


def test_what_is_no_http_is_another_protocols_greeting(served: Served) -> None:
    served.order(mode="not_http", times=2)
    with served.connected() as plain:
        plain.send()
        assert plain.everything() == NOT_HTTP
    with served.client() as other, pytest.raises(httpx.RemoteProtocolError):
        other.get(PATH)


# No answer


@pytest.mark.parametrize("fault", [{"drop": "before"}, {"drop": "after"}], ids=str)
def test_a_dropped_answer_ends_the_connection(served: Served, fault: dict[str, str]) -> None:
    served.order(**fault)
    with served.connected() as plain:
        plain.send()
        assert plain.everything() == b""


def test_a_reset_is_a_reset(served: Served) -> None:
    served.order(mode="reset")
    with served.connected() as plain:
        plain.send()
        with pytest.raises(ConnectionResetError):
            plain.everything()


def test_silence_is_neither_an_answer_nor_an_end_and_others_are_served(served: Served) -> None:
    served.order(mode="silence")
    with served.connected() as plain:
        plain.send()
        assert plain.is_quiet
        assert served.document()
        plain.send()
        assert plain.is_quiet


# Idle connections


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_forgotten_connection_says_nothing_until_it_is_used(served: Served, ending: str) -> None:
    with served.connected() as idle:
        idle.send()
        assert idle.answer()[0] == 200
        told = served.controls.post("forget", {"ending": ending})
        assert told.json() == {"connections": 1}
        assert idle.is_quiet
        idle.send()
        if ending == "silence":
            assert idle.is_quiet
        elif ending == "close":
            assert idle.everything() == b""
        else:
            with pytest.raises(ConnectionResetError):
                idle.everything()
        assert served.document(), "a new connection is remembered"


def test_what_was_asked_of_a_forgotten_connection_was_not_done(served: Served) -> None:
    with served.connected() as idle:
        idle.send()
        idle.answer()
        served.controls.post("forget", {"ending": "silence"})
        served.controls.clear("requests")
        idle.send()
        assert idle.is_quiet
    assert not served.controls.requests()


def test_a_connection_that_is_served_is_not_idle(served: Served) -> None:
    served.order(delay=A_WHILE)
    with served.connected() as busy, served.connected() as unused:
        busy.send()
        while not served.controls.requests()["GET", PATH]:
            pass
        assert served.controls.post("forget", {"ending": "reset"}).json() == {"connections": 0}
        assert busy.answer()[0] == 200
        unused.send()
        assert unused.answer()[0] == 200


# Keys


def test_keys_roll_and_the_older_ones_may_go_at_once(served: Served) -> None:
    def published() -> list[str]:
        with served.client() as plain:
            return [key["kid"] for key in plain.get("/common/discovery/v2.0/keys").json()["keys"]]

    keys = SigningKeys(served.state.signing_keys_folder)
    token = keys.sign({"aud": "somebody"})
    (first,) = published()
    second = served.controls.post("keys/rotate").json()["kid"]
    assert published() == [first, second]
    third = served.controls.post("keys/rotate", {"alone": True}).json()["kid"]
    assert published() == [third]
    assert keys.verify(token, audience="somebody"), "to the stack's own parts it is still good"


# Orders


@pytest.mark.parametrize(
    ("route", "order"),
    [
        ("faults", {"mode": "unheard of"}),
        ("faults", {"mode": "odd_json", "oddity": "unheard of"}),
        ("faults", {"mode": "garbage", "drop": "after"}),
        ("faults", {"unheard": "of"}),
        ("faults", {"path": "("}),
        ("forget", {"ending": "unheard of"}),
        ("forget", {}),
    ],
    ids=str,
)
def test_an_order_that_says_nothing_is_refused(served: Served, route: str, order: dict[str, Any]) -> None:
    with pytest.raises(httpx.HTTPStatusError, match="400"):
        served.controls.post(route, order)


# Everywhere


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("part", PARTS)
def test_every_part_of_the_stack_has_every_mode(stack: StackState, part: str, mode: str) -> None:
    """A path of its own: others use this stack as well."""
    url, path = getattr(stack, part), "/rough"
    order = {"path": path, "mode": mode, "size": 1000, "pause": 0, "status": 200, "body": {"short": 1}}
    Controls(stack, url).post("faults", order)
    with client(stack, url, patience=A_WHILE) as plain:
        try:
            seen = plain.get(path).content
        except httpx.HTTPError as error:
            seen = type(error).__name__.encode()
        assert plain.get(path).status_code in {401, 404}, "once"
    assert (
        seen
        == {
            "reset": b"ReadError",
            "silence": b"ReadTimeout",
            "garbage": GARBAGE,
            "odd_json": b'[{"short": 1}]',
            "huge": b" " * 1000 + SHORT_BODY,
            "compressed_huge": b" " * 1000 + SHORT_BODY,
            "drip": SHORT_BODY,
            "drip_headers": SHORT_BODY,
            "truncated": b"RemoteProtocolError",
            "wrong_length": b"ReadTimeout",
            "not_http": b"RemoteProtocolError",
        }[mode]
    )


@pytest.mark.parametrize("part", PARTS)
def test_every_part_of_the_stack_forgets(stack: StackState, part: str) -> None:
    url = getattr(stack, part)
    with connected(stack, url) as idle:
        idle.send("/rough")
        idle.answer()
        assert Controls(stack, url).post("forget", {"ending": "reset"}).json()["connections"] >= 1
        idle.send("/rough")
        with pytest.raises(ConnectionResetError):
            idle.everything()
