"""Sessions in process, with a clock by hand: when they end, and when roles have to be confirmed."""

from datetime import UTC, datetime, timedelta

import pytest

from console_http.refusals import SignInAgain, SignInNeeded
from console_http.session import CONFIRMED_FOR, IDLE, LONGEST, Session, Sessions
from console_http.sign_in import own_page
from shared.cookies import set_cookie
from shared.marks import Marks
from shared.seal import Seals
from tests.consent_http.rig import HandClock
from tests.fakes.memory_rows import MemoryRows
from tests.fakes.memory_vault import MemoryVault

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def clock() -> HandClock:
    return HandClock(NOW)


@pytest.fixture
def sessions(clock: HandClock) -> Sessions:
    marks = Marks(MemoryRows(), max_age=timedelta(0), clock=clock)
    return Sessions(Seals(MemoryVault(clock=clock), clock=clock), marks, clock=clock)


@pytest.fixture
def session() -> Session:
    return Session.begun(object_id="ada", username="ada@f.example", roles=frozenset({"Consent.Read"}), now=NOW)


def test_a_session_is_what_was_sealed(sessions: Sessions, session: Session) -> None:
    assert sessions.open(sessions.sealed(session)) == session
    assert session.form_token not in repr(session)


def test_a_session_ends_when_it_was_idle_and_goes_on_when_it_was_used(
    sessions: Sessions, session: Session, clock: HandClock
) -> None:
    cookie = sessions.sealed(session)
    clock.advance(IDLE - SECOND)
    used = sessions.sealed(sessions.open(cookie))
    clock.advance(SECOND)
    with pytest.raises(SignInAgain):
        sessions.open(cookie)
    assert sessions.open(used) == session


def test_no_use_makes_a_session_longer_than_it_may_be(sessions: Sessions, session: Session, clock: HandClock) -> None:
    cookie = sessions.sealed(session)
    for _ in range(LONGEST // IDLE * 2 - 1):
        clock.advance(IDLE / 2)
        cookie = sessions.sealed(sessions.open(cookie).confirmed(username="a", roles=session.roles, now=clock.now))
    clock.advance(IDLE / 2)
    with pytest.raises(SignInAgain):
        sessions.open(cookie)


def test_whoever_signed_out_is_out_with_every_cookie(sessions: Sessions, session: Session) -> None:
    cookies = [sessions.sealed(session), sessions.sealed(session)]
    sessions.end(session)
    for cookie in cookies:
        with pytest.raises(SignInNeeded):
            sessions.open(cookie)


def test_roles_are_believed_for_an_hour(session: Session) -> None:
    assert not session.is_stale(NOW + CONFIRMED_FOR - SECOND)
    assert session.is_stale(NOW + CONFIRMED_FOR)
    confirmed = session.confirmed(username="ada@f.example", roles=frozenset(), now=NOW + CONFIRMED_FOR)
    assert (confirmed.roles, confirmed.begun_on, confirmed.id) == (frozenset(), NOW, session.id)


def test_a_cookie_of_another_purpose_is_no_session(clock: HandClock) -> None:
    vault = MemoryVault(clock=clock)
    seals = Seals(vault, clock=clock)
    link = seals.seal("link", {"id": "x"}, expires_on=NOW + IDLE)
    with pytest.raises(SignInNeeded):
        Sessions(seals, Marks(MemoryRows(), max_age=timedelta(0), clock=clock), clock=clock).open(link)


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "https://evil.example",
        "/api/token",
        "/api/consoles",
        "/api/console/\\evil",
        "/api/console\n",
        "/api/console/customers/\u00e9",
        "/api/console?find=" + "x" * 2_000,
        "",
    ],
)
def test_nobody_is_sent_anywhere_but_to_a_page_of_the_console(path: str) -> None:
    assert own_page(path) == "/api/console"
    assert own_page("/api/console/consents?state=lost") == "/api/console/consents?state=lost"


def test_the_cookie_is_held_to_this_very_host() -> None:
    assert set_cookie("console", "x", public_url="https://broker.example", seconds=5) == (
        "__Host-console=x; Path=/; Max-Age=5; HttpOnly; SameSite=Lax; Secure"
    )
