"""A consent's page behind the door, its buttons pressed against a running Entra ID and vault, and forged."""

import re
from html import unescape

import httpx
import pytest

from local.person import Person
from local.state import StackState
from local.world import ADMIN, READER, SECOND_ADMIN
from tests.consent_http.browser import code_of, new_name, operator_of, stored
from tests.console_http.browser import Console, forms_of
from tests.token_http.over_http import on_record

ACTS = ("link", "check", "withdraw", "restore")


@pytest.fixture
def name() -> str:
    return new_name()


def address(console: Console, name: str) -> str:
    return f"{console.address}/consents/{name}"


def consented(stack: StackState, name: str) -> None:
    with Person() as person:
        assert person.consent(operator_of(stack).link(name), ADMIN).is_success


def onward(console: Console, pressed: httpx.Response, name: str) -> httpx.Response:
    """The page that an act leads to; its address tells nothing."""
    assert pressed.status_code == httpx.codes.SEE_OTHER, pressed.text
    assert re.fullmatch(rf"{address(console, name)}\?told=[0-9a-f]{{8}}", pressed.headers["location"])
    return console.open(pressed.headers["location"])


def heading(page: httpx.Response) -> str:
    """What the page says of the act that led to it; empty when it says nothing."""
    found = re.search(r'<h2 id="told">(.*?)</h2>', page.text)
    return found[1] if found else ""


def test_a_link_is_made_for_a_new_consent_shown_once_and_works(stack: StackState, name: str) -> None:
    with Console(stack) as console, Person() as person:
        console.arrive(ADMIN)
        page = console.open(address(console, name))
        assert (page.status_code, "not given yet" in page.text) == (httpx.codes.NOT_FOUND, True)
        shown = onward(console, console.act(page, "link"), name)
        assert heading(shown) == "The link is made"
        found = re.search(r'<input readonly value="([^"]+)">', shown.text)
        assert found is not None
        again = console.open(str(shown.url))
        assert (heading(again), "?link=" in again.text) == ("This was told already", False)
        assert "Your consent is stored" in person.consent(unescape(found[1]), ADMIN).text
        assert ADMIN.username in console.open(address(console, name)).text
    assert on_record(stack, "link.made", name=name)["operator"] == ADMIN.object_id
    sealed = unescape(found[1]).partition("?link=")[2]
    assert sealed not in stack.log_file("host").read_text()


def test_a_consent_is_checked_withdrawn_by_its_name_alone_and_restored(stack: StackState, name: str) -> None:
    consented(stack, name)
    with Console(stack) as console:
        assert f'href="/api/console/consents/{name}"' in console.arrive(ADMIN).text
        page = console.open(address(console, name))
        works = console.act(page, "check")
        assert heading(onward(console, works, name)) == "It works there"
        refused = onward(console, console.act(page, "check", resource="https://nobody.example"), name)
        assert (heading(refused), "AADSTS" in refused.text) == ("It does not work there", True)
        assert heading(onward(console, console.act(page, "withdraw", name="another"), name)) == "Nothing was withdrawn"
        assert (stored(stack, name) or {})["status"] == "ok"
        withdrawn = onward(console, console.act(page, "withdraw", name=name), name)
        assert heading(withdrawn) == "The consent is withdrawn"
        assert (stored(stack, name) or {})["status"] == "withdrawn"
        assert heading(onward(console, console.act(withdrawn, "restore"), name)) == "The consent is restored"
        assert (stored(stack, name) or {})["status"] == "ok"
        assert heading(onward(console, console.act(withdrawn, "restore"), name)) == "Nothing was to be restored"
        assert "the withdrawal was taken back" in console.open(address(console, name)).text
    checked = on_record(stack, "consent.checked", consent=name)
    assert (checked["operator"], checked["pairs"]) == (ADMIN.object_id, 1)
    assert on_record(stack, "consent.withdrawn", consent=name)["operator"] == ADMIN.object_id
    assert on_record(stack, "consent.stored", consent=name, way="restore")["operator"] == ADMIN.object_id


def test_who_may_only_read_sees_no_button_that_changes_and_forges_none(stack: StackState, name: str) -> None:
    consented(stack, name)
    with Console(stack) as console:
        console.arrive(READER)
        page = console.open(address(console, name))
        assert set(forms_of(page)) == {"sign-out", "check"}
        token = forms_of(page)["check"][1]["token"]
        for act in ("link", "withdraw", "restore"):
            forged = console.post(f"{address(console, name)}/{act}", {"token": token, "name": name})
            assert (forged.status_code, code_of(forged)) == (httpx.codes.FORBIDDEN, "role_missing")
        assert heading(onward(console, console.act(page, "check"), name)) == "It works there"
    refused = on_record(stack, "operator.refused", route="console_consent_withdraw")
    assert (refused["operator"], refused["role"]) == (READER.object_id, "Consent.Manage")
    assert (stored(stack, name) or {})["status"] == "ok"


def test_no_act_is_done_without_the_forms_own_token_from_elsewhere_or_without_a_session(
    stack: StackState, name: str
) -> None:
    consented(stack, name)
    with Console(stack) as console:
        for act in ACTS:
            assert code_of(console.post(f"{address(console, name)}/{act}", {})) == "console_sign_in_needed"
        console.arrive(ADMIN)
        token = forms_of(console.open(address(console, name)))["withdraw"][1]["token"]
        for act in ACTS:
            url = f"{address(console, name)}/{act}"
            forged = console.post(url, {"token": "0" * 32, "name": name})
            elsewhere = console.client.post(url, data={"token": token, "name": name}, headers={"Origin": "https://x"})
            assert [code_of(forged), code_of(elsewhere)] == ["console_form_refused"] * 2
            assert code_of(console.open(url)) == "method_not_allowed"
    assert (stored(stack, name) or {})["status"] == "ok"


def test_what_one_session_was_told_another_is_not(stack: StackState, name: str) -> None:
    with Console(stack) as console, Console(stack) as other:
        console.arrive(ADMIN)
        pressed = console.act(console.open(address(console, name)), "link")
        other.arrive(ADMIN)
        (cookie,) = [one for one in console.client.cookies.jar if one.name.startswith("console-told-")]
        other.client.cookies.set(cookie.name, cookie.value or "")
        stolen = other.open(pressed.headers["location"])
        assert (heading(stolen), "?link=" in stolen.text) == ("This was told already", False)


@pytest.mark.parametrize("odd", ["Partner", "a%20b", "x" * 61, "%3Cscript%3E", "a%2Fb"])
def test_an_odd_name_is_a_page_that_says_so(stack: StackState, odd: str) -> None:
    with Console(stack) as console:
        console.arrive(READER)
        page = console.open(address(console, odd))
        assert page.status_code in {httpx.codes.BAD_REQUEST, httpx.codes.NOT_FOUND}
        assert "<script" not in page.text


def test_who_has_no_role_sees_no_consent(stack: StackState, name: str) -> None:
    with Console(stack) as console:
        assert code_of(console.open(address(console, name))) == "console_sign_in_needed"
        console.arrive(SECOND_ADMIN)
        assert code_of(console.open(address(console, name))) == "role_missing"
        assert f"consents/{name}" not in console.open(console.address).text
