"""What an act came to is told once, on the page it leads to, to the session that acted."""

import asyncio
from datetime import UTC, datetime

import pytest

from console_http.session import Session
from console_http.telling import LIFETIME, Tellings
from shared.pool import Pool
from shared.seal import Seals
from tests.consent_http.rig import HandClock
from tests.fakes.memory_vault import MemoryVault

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> HandClock:
    return HandClock(NOW)


@pytest.fixture
def tellings(clock: HandClock) -> Tellings:
    seals = Seals(MemoryVault(clock=clock), clock=clock)
    return Tellings(seals, clock=clock, public_url="https://broker.example", pool=Pool("told", threads=1))


def somebody(object_id: str = "ada") -> Session:
    return Session.begun(object_id=object_id, username="ada@f.example", roles=frozenset({"Consent.Read"}), now=NOW)


ADA = somebody()


def left(tellings: Tellings, told: dict[str, object]) -> tuple[dict[str, str], dict[str, str], str]:
    """The parameters and cookies with which a browser comes to the page, and the header that gave it the cookie."""
    query, header = asyncio.run(tellings.leave(told, ADA))
    name, _, value = header.partition(";")[0].partition("=")
    return dict([query.split("=")]), {name: value}, header


def test_it_is_told_to_whoever_acted_and_then_gone_from_the_browser(tellings: Tellings) -> None:
    parameters, cookies, header = left(tellings, {"url": "https://secret.example"})
    assert "secret" not in header
    assert header.startswith("__Host-console-told-")
    assert "; HttpOnly; SameSite=Lax; Secure" in header
    told, gone = asyncio.run(tellings.take(parameters, cookies, ADA))
    assert told == {"url": "https://secret.example"}
    assert gone.startswith(f"{next(iter(cookies))}=; ")
    assert "Max-Age=0" in gone


@pytest.mark.parametrize("told", ["", "00000000", "a;b=c", "ä", "../x"])
def test_an_address_without_its_cookie_tells_nothing_and_sets_no_cookie(tellings: Tellings, told: str) -> None:
    _, cookies, _ = left(tellings, {"a": "b"})
    assert asyncio.run(tellings.take({"told": told}, cookies, ADA)) == ({}, "")
    assert asyncio.run(tellings.take({"told": told}, {f"__Host-console-told-{told}": ""}, ADA)) == ({}, "")


def test_another_session_is_told_nothing_nor_is_anybody_after_five_minutes(
    tellings: Tellings, clock: HandClock
) -> None:
    parameters, cookies, _ = left(tellings, {"a": "b"})
    assert asyncio.run(tellings.take(parameters, cookies, somebody()))[0] == {}
    forged = {name: f"{value[:-2]}AA" for name, value in cookies.items()}
    assert asyncio.run(tellings.take(parameters, forged, ADA))[0] == {}
    clock.advance(LIFETIME)
    assert asyncio.run(tellings.take(parameters, cookies, ADA))[0] == {}


def test_what_no_browser_would_keep_is_not_left_half(tellings: Tellings) -> None:
    parameters, cookies, _ = left(tellings, {"a": "b" * 4_000})
    assert list(cookies.values()) == [""]
    assert asyncio.run(tellings.take(parameters, cookies, ADA)) == ({}, "")
