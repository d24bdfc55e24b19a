"""Attacks on the consent routes by somebody who can send any request, and some who hold a link of their own."""

from collections.abc import Iterator
from urllib.parse import quote, urlencode, urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local.person import first_form
from local.state import StackState
from local.world import ADMIN, SECOND_ADMIN
from tests.consent_http.browser import Browser, code_of, new_name, operator_of, query_of, send, stored, title_of
from tests.local_control import Controls

EVIL = "https://evil.example/"
SCRIPT = "<script>alert(1)</script>\"'&"


@pytest.fixture
def victim() -> Iterator[Browser]:
    with Browser() as opened:
        yield opened


@pytest.fixture
def attacker() -> Iterator[Browser]:
    with Browser() as opened:
        yield opened


@pytest.fixture
def name() -> str:
    return new_name()


def get(stack: StackState, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
    return send("GET", f"{stack.host}/api/{path}", headers=headers)


def link_of(stack: StackState, name: str, **fields: object) -> str:
    return operator_of(stack).link(name, **fields)


def test_an_attackers_finished_sign_in_is_worth_nothing_in_the_victims_browser(
    stack: StackState, victim: Browser, attacker: Browser, name: str
) -> None:
    """Login CSRF: the victim would take the attacker's account for their own."""
    link = link_of(stack, name)
    victim.begin(link)
    url = attacker.sign_in(attacker.begin(link), SECOND_ADMIN)
    assert code_of(victim.open(url)) == "sign_in_lost"
    assert stored(stack, name) is None


def test_a_victim_who_signs_in_at_the_attackers_address_gives_the_attacker_nothing(
    stack: StackState, victim: Browser, attacker: Browser, name: str
) -> None:
    """The attacker begins, the victim is lured to sign in: the code arrives where no cookie is, and PKCE holds it."""
    url = victim.sign_in(attacker.begin(link_of(stack, name)), ADMIN)
    assert code_of(victim.open(url)) == "sign_in_lost"
    assert stored(stack, name) is None


def test_a_stolen_code_does_not_pass_through_the_attackers_own_sign_in(
    stack: StackState, victim: Browser, attacker: Browser, name: str
) -> None:
    link = link_of(stack, name)
    stolen = query_of(victim.sign_in(victim.begin(link), ADMIN))["code"]
    own = query_of(attacker.sign_in(attacker.begin(link), SECOND_ADMIN))
    page = get_redirect(stack, attacker, {"code": stolen, "state": own["state"]})
    assert code_of(page) == "sign_in_failed"
    assert stored(stack, name) is None


def get_redirect(stack: StackState, browser: Browser, query: dict[str, str]) -> httpx.Response:
    return browser.open(f"{stack.host}/api/consent/redirect?{urlencode(query)}")


def test_a_planted_cookie_breaks_a_sign_in_but_never_bends_it(
    stack: StackState, victim: Browser, attacker: Browser, name: str
) -> None:
    """Cookie fixation: over plain http a neighbour can set a cookie, yet the state inside must be the response's."""
    link = link_of(stack, name)
    attacker.begin(link)
    (planted,) = attacker.flow_cookies.values()
    url = victim.sign_in(victim.begin(link), ADMIN)
    ((cookie, own),) = victim.flow_cookies.items()
    for order in (
        f"{cookie}={own}; {cookie}={planted}",
        f"{cookie}={planted}",
        f"consent-={planted}; consent={planted}",
    ):
        page = send("GET", url, headers={"Cookie": order})
        assert code_of(page) == "sign_in_lost"
    assert stored(stack, name) is None
    assert title_of(victim.open(url)) == "Your consent is stored"


def test_a_link_in_the_cookies_place_and_a_cookie_in_the_links_place_are_neither(
    stack: StackState, attacker: Browser, name: str
) -> None:
    link = link_of(stack, name)
    url = attacker.sign_in(attacker.begin(link), ADMIN)
    ((cookie, value),) = attacker.flow_cookies.items()
    swapped = send("GET", url, headers={"Cookie": f"{cookie}={query_of(link)['link']}"})
    assert code_of(swapped) == "sign_in_lost"
    assert code_of(get(stack, f"consent?{urlencode({'link': value})}")) == "link_invalid"


def test_one_consents_link_cannot_be_turned_into_anothers(stack: StackState, attacker: Browser, name: str) -> None:
    other = new_name()
    form = first_form(attacker.open(link_of(stack, name)))
    assert form is not None
    fields = {**form.fields, "name": other, "new_person": "true", "tenant_id": "common", "person": ADMIN.object_id}
    begun = attacker.client.post(form.action, data=fields)
    attacker.open(attacker.sign_in(begun.headers["location"], ADMIN))
    assert stored(stack, other) is None
    assert stored(stack, name) is not None


@pytest.mark.parametrize("parameter", ["redirect_uri", "next", "return", "returnUrl", "url", "redirect", "RelayState"])
def test_no_parameter_sends_the_browser_elsewhere(
    stack: StackState, victim: Browser, name: str, parameter: str
) -> None:
    more = urlencode({parameter: EVIL})
    page = victim.open(f"{link_of(stack, name)}&{more}")
    form = first_form(page)
    assert form is not None
    begun = victim.client.post(f"{form.action}?{more}", data={**form.fields, parameter: EVIL})
    address = begun.headers["location"]
    assert f"{urlsplit(address).scheme}://{urlsplit(address).netloc}" in {stack.entra, stack.entra_browser}
    done = victim.open(f"{victim.sign_in(address, ADMIN)}&{more}")
    for answer in (page, begun, done):
        assert "evil.example" not in f"{answer.text} {answer.headers}"
    assert "location" not in done.headers


@pytest.mark.parametrize("path", ["consent?link=", "consent/redirect?state=", "consent/redirect?code=x&error="])
@pytest.mark.parametrize(
    "text", ["x\r\nSet-Cookie: evil=1", "x\nLocation: https://evil.example", "\r\n\r\n<p>evil", "x\x00evil"]
)
def test_a_line_break_in_a_query_adds_no_header(stack: StackState, path: str, text: str) -> None:
    answer = get(stack, path + quote(text))
    assert answer.status_code == 400
    assert "evil" not in f"{answer.headers} {answer.text}"


@pytest.mark.parametrize("path", ["consent", "consent/redirect"])
def test_nothing_of_a_query_is_shown(stack: StackState, path: str) -> None:
    """Whatever a stranger puts into an address that begins with the broker's name, the page speaks for the broker."""
    names = ("link", "state", "code", "error", "error_description", "error_uri", "iss", "session_state", "x")
    answer = get(stack, f"{path}?{urlencode(dict.fromkeys(names, SCRIPT + 'call-this-number'))}")
    assert answer.status_code == 400
    assert "call-this-number" not in answer.text
    assert "<script" not in answer.text


def test_what_entra_is_said_to_have_said_is_not_shown_even_in_a_sign_in_of_ours(
    stack: StackState, victim: Browser, name: str
) -> None:
    state = query_of(victim.begin(link_of(stack, name)))["state"]
    forged = {"state": state, "error": "server_error", "error_description": f"AADSTS1: {SCRIPT} call-this-number"}
    page = get_redirect(stack, victim, forged)
    assert code_of(page) == "authority_unavailable"
    assert "call-this-number" not in page.text


@pytest.mark.parametrize("hint", [SCRIPT.replace(" ", ""), "'><img/src=x/onerror=alert(1)>", "a&prompt=none&x=y#z"])
def test_a_hint_is_text_on_the_page_and_one_parameter_in_the_address(
    stack: StackState, victim: Browser, name: str, hint: str
) -> None:
    page = victim.open(link_of(stack, name, login_hint=hint))
    assert hint not in page.text
    asked = query_of(victim.press(page).headers["location"])
    assert (asked["login_hint"], asked["prompt"]) == (hint, "login")


OVERSIZED = [
    f"consent?link={'A' * 3900}",
    f"consent?link=a.{'A' * 3900}",
    f"consent/redirect?state={'0' * 3900}",
    f"consent/redirect?{'a=b&' * 900}",
    f"consent?{'link=a&' * 500}",
]


@pytest.mark.parametrize("path", OVERSIZED, ids=lambda path: path[:24])
def test_an_oversized_query_is_refused_like_any_junk(stack: StackState, path: str) -> None:
    answer = get(stack, path)
    assert answer.status_code == 400
    assert code_of(answer) in {"link_invalid", "sign_in_lost"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"link",
        b"link=" + b"A" * 10_000,
        b"&".join(b"link=a" for _ in range(2_000)),
        b"link=\xff\xfe",
        b"link=%ff%fe%00",
        b'{"link": "a"}',
        b'--x\r\nContent-Disposition: form-data; name="link"\r\n\r\na\r\n--x--',
    ],
    ids=lambda body: repr(body[:16]),
)
def test_a_form_that_is_none_is_refused_like_any_junk(stack: StackState, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = send("POST", f"{stack.host}/api/consent", content=body, headers=headers)
    assert (answer.status_code, code_of(answer)) == (400, "link_invalid")


def test_a_form_that_is_larger_than_any_link_is_not_parsed(stack: StackState) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = send("POST", f"{stack.host}/api/consent", content=b"link=" + b"A" * 100_000, headers=headers)
    assert (answer.status_code, code_of(answer)) == (413, "body_too_large")


@pytest.mark.parametrize(
    "cookie", ["=" * 9, "consent-00000000=" + "A" * 8000, "consent-00000000=a.b; " * 200 + "x=y", "\xff=\xff"]
)
def test_an_odd_cookie_header_is_refused_like_none(stack: StackState, cookie: str) -> None:
    url = f"{stack.host}/api/consent/redirect?code=x&state={'0' * 32}"
    answer = send("GET", url, headers=[(b"Cookie", cookie.encode("latin-1"))])
    assert (answer.status_code, code_of(answer)) == (400, "sign_in_lost")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.dictionaries(st.sampled_from(["link", "state", "code", "error", "iss"]), st.text(max_size=40)))
def test_whatever_a_stranger_sends_the_answer_is_a_refusal_and_no_failure(
    stack: StackState, query: dict[str, str]
) -> None:
    text = urlencode(query, errors="replace")
    assert code_of(get(stack, f"consent?{text}")) == "link_invalid"
    assert code_of(get(stack, f"consent/redirect?{text}")) == "sign_in_lost"


def test_junk_links_do_not_make_the_broker_ask_its_vault_each_time(stack: StackState) -> None:
    link_of(stack, new_name())
    vault = Controls(stack, stack.token_vault)
    vault.clear("requests")
    for number in range(30):
        get(stack, f"consent?link=made-up-{number}.gAAAA")
        get(stack, "consent/redirect?code=x&state=" + "0" * 32, {"Cookie": f"consent-00000000=made-up-{number}.gAAAA"})
    assert sum(vault.requests().values()) <= 2


NAMES = [
    "..",
    "%2e%2e",
    "%2e%2e%2f%2e%2e%2fpolicy",
    "..%2flink-keys",
    "a%2flink",
    "a%5cb",
    "a%00",
    "a%0a",
    "a%0d%0aX-Evil:1",
    "%20",
    "a%20b",
    "a%3fb",
    "a%23b",
    "a;b=c",
    "A",
    "link_keys",
    "%ef%bd%81",
    "%c3%a4",
    "%ff",
    "a" * 61,
    "-%2d%2e",
    "*",
    "%252e%252e",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_a_trick_reaches_no_vault(stack: StackState, name: str) -> None:
    vault = Controls(stack, stack.token_vault)
    token = operator_of(stack).assertion()
    vault.clear("requests")
    for method, path in (("GET", name), ("DELETE", name), ("POST", f"{name}/link")):
        url = httpx.URL(stack.host).copy_with(raw_path=f"/api/consents/{path}".encode())
        answer = send(method, url, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code in {400, 404}
        assert "evil" not in str(answer.headers).lower()
    assert [path for _, path in vault.requests() if path != "/secrets"] == []


def test_a_name_that_begins_like_another_secret_stays_a_consents_name(stack: StackState) -> None:
    """`link-keys` as a consent is `consent-link-keys`: the keys themselves are out of reach."""
    answer = operator_of(stack).call("DELETE", "consents/link-keys")
    assert answer.json()["code"] == "consent_not_found"
    assert code_of(get(stack, f"consent?{urlencode(query_of(link_of(stack, new_name())))}")) == ""


def test_the_same_link_in_many_hands_stores_one_consent(stack: StackState, name: str) -> None:
    link = link_of(stack, name)
    with Browser() as one, Browser() as two:
        urls = [(one, one.sign_in(one.begin(link), ADMIN)), (two, two.sign_in(two.begin(link), SECOND_ADMIN))]
        pages = [browser.open(url) for browser, url in urls]
    assert [code_of(page) for page in pages] == ["", "link_used"]
    shown = stored(stack, name)
    assert shown is not None
    assert shown["person"] == ADMIN.object_id
