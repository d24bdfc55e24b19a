"""Roles are confirmed after an hour, without a question, on a stack whose clock is moved by hand."""

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from local.clock import read_offset, write_offset
from local.controls import Controls
from local.stack import running_stack
from local.state import StackState
from local.world import ADMIN, READER, SECOND_ADMIN
from tests.consent_http.browser import code_of, query_of
from tests.console_http.browser import Console

STEP, STEPS = timedelta(minutes=25), 3


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackState]:
    with running_stack(tmp_path_factory.mktemp("console") / "state", keeps_ledger=True) as state:
        yield state


@pytest.fixture
def console(moving: StackState) -> Iterator[Console]:
    with Console(moving) as browser:
        yield browser


def pass_time(state: StackState, by: timedelta) -> None:
    write_offset(state.clock_file, read_offset(state.clock_file) + by)


def work_on(console: Console, state: StackState) -> httpx.Response:
    """Look at a page now and then until more than an hour has passed; the last answer, not followed."""
    for _ in range(STEPS - 1):
        pass_time(state, STEP)
        assert console.open(console.address).status_code == httpx.codes.OK
    pass_time(state, STEP)
    return console.open(f"{console.address}?asked=this")


def test_after_an_hour_a_look_goes_through_entra_id_unasked_and_ends_where_it_was_meant_to(
    console: Console, moving: StackState
) -> None:
    console.arrive(ADMIN)
    leaving = work_on(console, moving)
    assert leaving.status_code == httpx.codes.SEE_OTHER
    asked = query_of(leaving.headers["location"])
    assert (asked["prompt"], asked["login_hint"]) == ("none", ADMIN.username)
    returning = console.open(leaving.headers["location"])
    arrived = console.open(returning.headers["location"])
    assert arrived.headers["location"] == f"{console.address}?asked=this"
    assert "<h1>Overview</h1>" in console.open(arrived.headers["location"]).text


def test_two_tabs_confirm_at_once_and_both_arrive(console: Console, moving: StackState) -> None:
    console.arrive(ADMIN)
    tabs = [work_on(console, moving), console.open(f"{console.address}?asked=that")]
    redirects = [console.open(tab.headers["location"]).headers["location"] for tab in tabs]
    assert [console.land(redirect).url.query for redirect in redirects] == [b"asked=this", b"asked=that"]


def test_a_role_that_was_taken_away_amid_a_session_opens_nothing_any_more(console: Console, moving: StackState) -> None:
    entra = Controls(moving, moving.entra)
    console.arrive(READER)
    entra.post("roles", {"user": READER.object_id, "roles": []})
    try:
        leaving = work_on(console, moving)
        page = console.land(console.open(leaving.headers["location"]).headers["location"])
        assert (page.status_code, code_of(page)) == (403, "role_missing")
        assert "<table" not in page.text
    finally:
        entra.post("roles", {"user": READER.object_id, "roles": list(READER.roles)})


def test_where_entra_id_wants_the_person_the_person_signs_in_again(console: Console, moving: StackState) -> None:
    console.arrive(ADMIN)
    leaving = work_on(console, moving)
    Controls(moving, moving.entra).post("revoke", {"user": ADMIN.object_id})
    page = console.land(console.open(leaving.headers["location"]).headers["location"])
    assert (page.status_code, code_of(page)) == (401, "console_sign_in_again")
    assert 'href="/api/console/sign-in"' in page.text
    pass_time(moving, timedelta(seconds=2))
    assert console.arrive(ADMIN).status_code == httpx.codes.OK


def test_another_person_at_entra_id_confirms_nobodys_session(console: Console, moving: StackState) -> None:
    console.arrive(READER)
    leaving = work_on(console, moving)
    with Console(moving) as other:
        other.arrive(SECOND_ADMIN)
        theirs = other.open(leaving.headers["location"]).headers["location"]
    page = console.land(theirs)
    assert code_of(page) == "console_sign_in_again"
    with Console(moving) as other:
        assert code_of(other.land(theirs)) == "console_sign_in_failed"


def test_who_signs_out_while_a_session_is_confirmed_stays_out(console: Console, moving: StackState) -> None:
    page = console.arrive(ADMIN)
    leaving = work_on(console, moving)
    assert "You are signed out" in console.press(page).text
    landed = console.land(console.open(leaving.headers["location"]).headers["location"])
    assert code_of(landed) == "console_sign_in_needed"


def test_a_session_that_somebody_signed_in_over_is_not_confirmed_and_takes_nobodys_place(
    console: Console, moving: StackState
) -> None:
    """One tab of the browser was on its way to Entra ID and back; in another one somebody else signed in."""
    console.arrive(ADMIN)
    leaving = work_on(console, moving)
    redirect = console.open(leaving.headers["location"]).headers["location"]
    assert READER.username in console.arrive(READER).text
    assert code_of(console.land(redirect)) == "console_sign_in_needed"
    assert READER.username in console.open(console.address).text


def test_a_session_that_nobody_used_for_half_an_hour_says_to_sign_in_again(
    console: Console, moving: StackState
) -> None:
    console.arrive(ADMIN)
    cookie = console.cookie
    pass_time(moving, timedelta(minutes=31))
    page = httpx.get(console.address, headers={"Cookie": f"console={cookie}"}, trust_env=False, timeout=30)
    assert (page.status_code, code_of(page)) == (401, "console_sign_in_again")
