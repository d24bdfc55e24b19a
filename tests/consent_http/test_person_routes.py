"""A person's browser from the link to the last page, over real HTTP, with everything that can go wrong between."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import urlencode, urljoin, urlsplit

import httpx
import pytest

from local.clock import write_offset
from local.person import Person, first_form
from local.state import StackState
from local.workload import fire_timer
from local.world import ADMIN, PARTNER_TENANT, SECOND_ADMIN, WITHOUT_MFA
from shared.clock import utc_now
from shared.seal import Seals
from tests.conftest import StackMaker
from tests.consent_http.browser import Browser, code_of, new_name, operator_of, query_of, send, stored, title_of
from tests.fakes.memory_vault import MemoryVault
from tests.local_control import Controls

OK, SEE_OTHER = httpx.codes.OK, httpx.codes.SEE_OTHER
STORED = "Your consent is stored"


@pytest.fixture
def browser() -> Iterator[Browser]:
    with Browser() as opened:
        yield opened


@pytest.fixture
def name() -> str:
    return new_name()


@pytest.fixture
def faults(stack: StackState) -> Iterator[Controls]:
    """The token vault's control door; whatever was planted is gone afterwards."""
    controls = Controls(stack, stack.token_vault)
    yield controls
    controls.clear("faults")


@pytest.fixture
def errors(stack: StackState) -> Iterator[Controls]:
    """Entra ID's control door; whatever was planted is gone afterwards."""
    controls = Controls(stack, stack.entra)
    yield controls
    controls.clear("errors")
    controls.clear("faults")


def link_of(stack: StackState, name: str, **fields: object) -> str:
    return operator_of(stack).link(name, **fields)


def in_force(stack: StackState, name: str) -> object:
    shown = stored(stack, name)
    return shown and shown["person"]


def test_a_person_consents_in_an_ordinary_browser(stack: StackState, name: str) -> None:
    with Person() as person:
        page = person.consent(link_of(stack, name, login_hint=ADMIN.username), ADMIN)
    assert (page.status_code, title_of(page)) == (OK, STORED)
    shown = stored(stack, name)
    assert shown is not None
    assert (shown["person"], shown["username"], shown["mfa"]) == (ADMIN.object_id, ADMIN.username, "yes")
    assert (shown["tenant"], shown["status"]) == (PARTNER_TENANT, "ok")


def test_opening_a_link_changes_nothing_however_often_scanners_do_it(
    stack: StackState, faults: Controls, browser: Browser, name: str
) -> None:
    link = link_of(stack, name)
    faults.clear("requests")
    for _ in range(3):
        page = send("GET", link)
        assert (page.status_code, page.headers.get("set-cookie")) == (OK, None)
    assert {method for method, _ in faults.requests()} == {"GET"}
    assert stored(stack, name) is None
    assert title_of(browser.consent(link, ADMIN)) == STORED


def test_a_link_works_once(stack: StackState, browser: Browser, name: str) -> None:
    link = link_of(stack, name)
    first = browser.open(link)
    browser.consent(link, ADMIN)
    for page in (browser.open(link), browser.press(first)):
        assert (page.status_code, code_of(page)) == (410, "link_used")
        assert page.headers.get("set-cookie") is None


def test_of_two_links_the_one_used_second_is_superseded(stack: StackState, browser: Browser, name: str) -> None:
    first, second = link_of(stack, name), link_of(stack, name)
    browser.consent(second, ADMIN)
    page = browser.open(first)
    assert (page.status_code, code_of(page)) == (410, "link_superseded")


def test_a_sign_in_that_was_overtaken_on_its_way_stores_nothing(stack: StackState, browser: Browser, name: str) -> None:
    first, second = link_of(stack, name), link_of(stack, name)
    slow = browser.sign_in(browser.begin(first), ADMIN)
    with Browser() as quick:
        quick.consent(second, SECOND_ADMIN)
    page = browser.open(slow)
    assert (page.status_code, code_of(page)) == (410, "link_superseded")
    assert in_force(stack, name) == SECOND_ADMIN.object_id


def test_a_link_from_before_a_withdrawal_is_void_and_a_new_one_is_not(
    stack: StackState, browser: Browser, name: str
) -> None:
    browser.consent(link_of(stack, name), ADMIN)
    before = link_of(stack, name)
    on_its_way = browser.sign_in(browser.begin(before), ADMIN)
    operator_of(stack).call("DELETE", f"consents/{name}").raise_for_status()
    for page in (browser.open(before), browser.open(on_its_way)):
        assert (page.status_code, code_of(page)) == (410, "link_withdrawn")
    shown = stored(stack, name)
    assert shown is not None
    assert shown["status"] == "withdrawn"
    assert title_of(browser.consent(link_of(stack, name), ADMIN)) == STORED


def test_a_link_that_was_changed_or_made_elsewhere_is_not_ours(stack: StackState, browser: Browser, name: str) -> None:
    link = link_of(stack, name)
    place = len(link) - 40
    changed = link[:place] + ("A" if link[place] != "A" else "B") + link[place + 1 :]
    foreign = Seals(MemoryVault(), clock=utc_now).seal("link", {}, expires_on=utc_now() + timedelta(hours=1))
    address = f"{stack.host}/api/consent"
    for url in (changed, link[:-5], f"{address}?link={foreign}", f"{address}?link=", address, f"{link}&link=x"):
        page = browser.open(url)
        assert (page.status_code, code_of(page)) == (400, "link_invalid")


def test_only_the_person_whom_the_link_names_may_use_it(stack: StackState, browser: Browser, name: str) -> None:
    link = link_of(stack, name, person=ADMIN.object_id)
    page = browser.consent(link, SECOND_ADMIN)
    assert (page.status_code, code_of(page), title_of(page)) == (403, "wrong_person", "Nothing was stored")
    assert stored(stack, name) is None
    assert title_of(browser.consent(link, ADMIN)) == STORED


def test_without_mfa_nothing_is_stored(stack: StackState, browser: Browser, name: str) -> None:
    page = browser.consent(link_of(stack, name), WITHOUT_MFA)
    assert (page.status_code, code_of(page), title_of(page)) == (403, "mfa_missing", "Nothing was stored")
    assert stored(stack, name) is None


def test_another_person_takes_over_only_by_a_link_that_says_so(stack: StackState, browser: Browser, name: str) -> None:
    browser.consent(link_of(stack, name), ADMIN)
    page = browser.consent(link_of(stack, name), SECOND_ADMIN)
    assert (page.status_code, code_of(page)) == (403, "another_person")
    assert in_force(stack, name) == ADMIN.object_id
    assert title_of(browser.consent(link_of(stack, name, new_person=True), SECOND_ADMIN)) == STORED
    assert in_force(stack, name) == SECOND_ADMIN.object_id


def test_cancelling_at_the_sign_in_page_stores_nothing_and_the_link_stays(
    stack: StackState, browser: Browser, name: str
) -> None:
    link = link_of(stack, name)
    asked = browser.open(browser.begin(link))
    form = first_form(asked)
    assert form is not None
    cancelled = browser.client.post(urljoin(str(asked.url), form.action), data={**form.fields, "cancel": "1"})
    page = browser.open(cancelled.headers["location"])
    assert (page.status_code, code_of(page), title_of(page)) == (400, "sign_in_declined", "Nothing was stored")
    assert stored(stack, name) is None
    assert title_of(browser.consent(link, ADMIN)) == STORED


def test_a_wrong_password_may_be_followed_by_the_right_one(stack: StackState, browser: Browser, name: str) -> None:
    asked = browser.open(browser.begin(link_of(stack, name)))
    form = first_form(asked)
    assert form is not None
    typed = {**form.fields, "username": ADMIN.username, "password": "wrong"}
    again = browser.client.post(urljoin(str(asked.url), form.action), data=typed)
    assert "50126" in again.text
    assert title_of(browser.open(browser.answer(again, ADMIN))) == STORED


def test_what_entra_refuses_is_named_by_its_number_and_stores_nothing(
    stack: StackState, errors: Controls, browser: Browser, name: str
) -> None:
    link = link_of(stack, name)
    errors.post("errors", {"code": 53003, "user": ADMIN.object_id, "times": 1})
    page = browser.consent(link, ADMIN)
    assert (page.status_code, code_of(page), title_of(page)) == (
        403,
        "conditional_access_blocked",
        "Nothing was stored",
    )
    assert "AADSTS53003" in page.text
    assert stored(stack, name) is None
    assert title_of(browser.consent(link, ADMIN)) == STORED


def test_an_entra_that_is_down_is_no_refusal(stack: StackState, errors: Controls, browser: Browser, name: str) -> None:
    link = link_of(stack, name)
    url = browser.sign_in(browser.begin(link), ADMIN)
    errors.post("faults", {"method": "POST", "path": ".*/token", "times": 1, "status": 503, "body": {}})
    page = browser.open(url)
    assert (page.status_code, code_of(page)) == (503, "authority_unavailable")
    assert stored(stack, name) is None
    assert title_of(browser.consent(link, ADMIN)) == STORED


def test_a_redirect_that_this_browser_did_not_begin_stores_nothing(
    stack: StackState, browser: Browser, name: str
) -> None:
    link = link_of(stack, name)
    url = browser.sign_in(browser.begin(link), ADMIN)
    with Browser() as other:
        assert code_of(other.open(url)) == "sign_in_lost"
        other.begin(link)  # now it has a cookie, though of another sign-in
        assert code_of(other.open(url)) == "sign_in_lost"
    assert stored(stack, name) is None
    assert title_of(browser.open(url)) == STORED, "the browser that began is not disturbed"


def test_another_tabs_cookie_is_no_use_under_this_tabs_name(stack: StackState, browser: Browser, name: str) -> None:
    link = link_of(stack, name)
    one = browser.sign_in(browser.begin(link), ADMIN)
    (one_name,) = browser.flow_cookies
    browser.begin(link)
    (other_value,) = (value for cookie, value in browser.flow_cookies.items() if cookie != one_name)
    page = send("GET", one, headers={"Cookie": f"{one_name}={other_value}"})
    assert (page.status_code, code_of(page)) == (400, "sign_in_lost")


def test_a_code_under_another_tabs_state_is_refused(stack: StackState, browser: Browser, name: str) -> None:
    """The state finds that tab's cookie, whose verifier and nonce the code does not fit."""
    link = link_of(stack, name)
    one, two = (query_of(browser.sign_in(browser.begin(link), ADMIN)) for _ in range(2))
    swapped = f"{stack.host}/api/consent/redirect?{urlencode({'code': one['code'], 'state': two['state']})}"
    assert code_of(browser.open(swapped)) == "sign_in_failed"
    assert stored(stack, name) is None


def test_a_redirect_played_again_stores_nothing_more(stack: StackState, browser: Browser, name: str) -> None:
    url = browser.sign_in(browser.begin(link_of(stack, name)), ADMIN)
    kept = "; ".join(f"{cookie}={value}" for cookie, value in browser.flow_cookies.items())
    assert title_of(browser.open(url)) == STORED
    before = stored(stack, name)
    assert code_of(browser.open(url)) == "link_used", "whoever reloads the page is told that the consent is stored"
    assert code_of(send("GET", url, headers={"Cookie": kept})) == "link_used"
    assert stored(stack, name) == before


def test_two_tabs_do_not_disturb_each_other(stack: StackState, browser: Browser) -> None:
    names = [new_name(), new_name()]
    urls = [browser.sign_in(browser.begin(link_of(stack, name)), ADMIN) for name in names]
    for url in reversed(urls):
        assert title_of(browser.open(url)) == STORED
    assert [in_force(stack, name) for name in names] == [ADMIN.object_id] * 2


@pytest.mark.parametrize("first", [0, 1])
def test_either_of_two_tabs_with_the_same_link_may_finish(
    stack: StackState, browser: Browser, name: str, first: int
) -> None:
    link = link_of(stack, name)
    urls = [browser.sign_in(browser.begin(link), ADMIN) for _ in range(2)]
    assert title_of(browser.open(urls[first])) == STORED
    assert code_of(browser.open(urls[1 - first])) == "link_used"


def test_a_browser_that_refuses_cookies_is_told_so(stack: StackState, browser: Browser, name: str) -> None:
    url = browser.sign_in(browser.begin(link_of(stack, name)), ADMIN)
    browser.client.cookies.clear()
    page = browser.open(url)
    assert (page.status_code, code_of(page)) == (400, "sign_in_lost")
    assert "Allow cookies" in page.text
    assert stored(stack, name) is None


def test_cookies_of_others_that_no_parser_likes_do_not_hide_ours(
    stack: StackState, browser: Browser, name: str
) -> None:
    url = browser.sign_in(browser.begin(link_of(stack, name)), ADMIN)
    ours = "; ".join(f"{cookie}={value}" for cookie, value in browser.flow_cookies.items())
    headers = {"Cookie": f'a[b]={{"x":"y;z"}}; =; ; q="; {ours}; c=d=e'}
    assert title_of(send("GET", url, headers=headers)) == STORED


@pytest.mark.parametrize("spelling", ["right", "wrong"])
def test_the_issuer_of_the_response_is_compared(stack: StackState, browser: Browser, name: str, spelling: str) -> None:
    host = stack.entra if spelling == "right" else "https://login.evil.example"
    issuer = urlencode({"iss": f"{host}/{PARTNER_TENANT}/v2.0"})
    page = browser.open(f"{browser.sign_in(browser.begin(link_of(stack, name)), ADMIN)}&{issuer}")
    assert code_of(page) == ("" if spelling == "right" else "wrong_tenant")
    assert in_force(stack, name) == (ADMIN.object_id if spelling == "right" else None)


def test_the_flow_cookie_is_for_this_app_and_no_script(stack: StackState, browser: Browser, name: str) -> None:
    begun = browser.press(browser.open(link_of(stack, name)))
    (header,) = begun.headers.get_list("set-cookie")
    first, *attributes = header.split("; ")
    cookie, _, value = first.partition("=")
    state = query_of(begun.headers["location"])["state"]
    assert cookie == f"consent-{state[:8]}"
    assert len(value) < 3500
    lowered = {attribute.lower() for attribute in attributes}
    assert lowered == {"path=/", "max-age=900", "httponly", "samesite=lax"}, "http for localhost alone: not secure"
    assert begun.headers["cache-control"] == "no-store"
    assert begun.headers["referrer-policy"] == "no-referrer", "the page's address holds the link"
    for secret in (state, urlsplit(begun.headers["location"]).query):
        assert secret not in value


def test_over_https_the_flow_cookie_is_bound_to_this_very_host(make_stack: StackMaker, name: str) -> None:
    with make_stack(PUBLIC_URL="https://Broker.example/") as state, Browser() as browser:
        link = link_of(state, name)
        assert link.startswith("https://broker.example/api/consent?link=")
        headers = {"Origin": "https://broker.example", "Sec-Fetch-Site": "same-origin"}
        begun = browser.client.post(f"{state.host}/api/consent", data=query_of(link), headers=headers)
        (header,) = begun.headers.get_list("set-cookie")
    assert begun.status_code == SEE_OTHER
    asked = query_of(begun.headers["location"])
    assert header.startswith(f"__Host-consent-{asked['state'][:8]}=")
    attributes = {attribute.lower() for attribute in header.split("; ")[1:]}
    assert attributes == {"path=/", "max-age=900", "secure", "httponly", "samesite=lax"}, "__Host- allows no Domain"
    assert asked["redirect_uri"] == "https://broker.example/api/consent/redirect"


FROM_ELSEWHERE = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
]


@pytest.mark.parametrize("headers", FROM_ELSEWHERE, ids=str)
def test_a_button_on_somebody_elses_page_begins_nothing(stack: StackState, name: str, headers: dict[str, str]) -> None:
    data = query_of(link_of(stack, name))
    page = send("POST", f"{stack.host}/api/consent", data=data, headers=headers)
    assert (page.status_code, code_of(page)) == (403, "button_from_elsewhere")
    assert page.headers.get("set-cookie") is None


def test_an_old_browser_without_fetch_metadata_may_press_the_button(stack: StackState, name: str) -> None:
    data = query_of(link_of(stack, name))
    assert send("POST", f"{stack.host}/api/consent", data=data).status_code == SEE_OTHER


def test_a_vault_that_is_down_while_storing_leaves_the_same_link_good(
    stack: StackState, faults: Controls, browser: Browser, name: str
) -> None:
    link = link_of(stack, name)
    url = browser.sign_in(browser.begin(link), ADMIN)
    faults.clear("requests")
    faults.post("faults", {"method": "PUT", "path": f"/secrets/consent-{name}", "status": 503, "body": {}})
    page = browser.open(url)
    assert (page.status_code, code_of(page)) == (503, "vault_unavailable")
    assert title_of(page) == "This did not work"
    assert "Open the same link again" in page.text
    assert faults.requests()["PUT", f"/secrets/consent-{name}"] == 1, "in doubt, it is never sent twice"
    assert stored(stack, name) is None
    assert title_of(browser.consent(link, ADMIN)) == STORED


def test_a_lost_answer_is_not_a_lost_consent(stack: StackState, faults: Controls, browser: Browser, name: str) -> None:
    url = browser.sign_in(browser.begin(link_of(stack, name)), ADMIN)
    faults.clear("requests")
    faults.post("faults", {"method": "PUT", "path": f"/secrets/consent-{name}", "drop": "after"})
    assert title_of(browser.open(url)) == STORED
    assert faults.requests()["PUT", f"/secrets/consent-{name}"] == 1, "stored once"
    assert in_force(stack, name) == ADMIN.object_id


def test_when_the_vault_cannot_even_be_read_back_the_link_tells_what_became_of_it(
    stack: StackState, faults: Controls, browser: Browser, name: str
) -> None:
    link = link_of(stack, name)
    url = browser.sign_in(browser.begin(link), ADMIN)
    faults.post("faults", {"method": "PUT", "path": f"/secrets/consent-{name}", "drop": "after", "delay": 1.0})
    with ThreadPoolExecutor(1) as executor:
        opening = executor.submit(browser.open, url)
        while not faults.requests()["PUT", f"/secrets/consent-{name}"]:
            assert not opening.done()
        faults.post("faults", {"method": "GET", "path": f"/secrets/consent-{name}/?", "times": -1, "status": 503})
        page = opening.result()
    assert (page.status_code, title_of(page)) == (503, "This did not work")
    assert "if your consent was stored after all, it says so" in page.text
    faults.clear("faults")
    assert code_of(browser.open(link)) == "link_used"


def test_a_first_renewal_that_cannot_be_written_is_made_up_for_by_the_timer(make_stack: StackMaker, name: str) -> None:
    with make_stack() as state, Browser() as browser:
        faults = Controls(state, state.token_vault)
        faults.post("faults", {"method": "PUT", "path": f"/secrets/renewal-{name}", "times": -1, "status": 503})
        assert title_of(browser.consent(link_of(state, name), ADMIN)) == STORED
        shown = stored(state, name)
        assert shown is not None
        assert shown["status"] == "unproven"
        faults.clear("faults")
        assert fire_timer(state) == "Success"
        shown = stored(state, name)
        assert shown is not None
        assert shown["status"] == "ok"


def test_links_and_sign_ins_end_with_their_time(make_stack: StackMaker) -> None:
    with make_stack() as state, Browser() as browser:
        short, long = link_of(state, "short", expires_in_minutes=1), link_of(state, "long", expires_in_minutes=1440)
        page = browser.open(short)
        url = browser.sign_in(browser.begin(long), ADMIN)
        cookies = "; ".join(f"{cookie}={value}" for cookie, value in browser.flow_cookies.items())
        write_offset(state.clock_file, timedelta(minutes=16))
        for late in (browser.open(short), browser.press(page)):
            assert (late.status_code, code_of(late)) == (410, "link_expired")
        lost = send("GET", url, headers={"Cookie": cookies})
        assert (lost.status_code, code_of(lost)) == (400, "sign_in_lost")
        assert title_of(browser.consent(long, ADMIN)) == STORED
        write_offset(state.clock_file, timedelta(days=1, minutes=1))
        assert code_of(browser.open(long)) == "link_expired"


def test_two_people_at_the_same_moment_are_both_told_the_truth(stack: StackState, faults: Controls, name: str) -> None:
    links = [link_of(stack, name) for _ in range(2)]
    # Both writes wait a little, so that both checks fall before either is stored.
    faults.post("faults", {"method": "PUT", "path": f"/secrets/consent-{name}", "times": 2, "delay": 0.3})
    with Browser() as one, Browser() as two, ThreadPoolExecutor(2) as executor:
        people = [(one, ADMIN), (two, SECOND_ADMIN)]
        urls = [
            (browser, browser.sign_in(browser.begin(link), user))
            for (browser, user), link in zip(people, links, strict=True)
        ]
        pages = list(executor.map(lambda step: step[0].open(step[1]), urls))
    winner = in_force(stack, name)
    for page, (_, user) in zip(pages, people, strict=True):
        if user.object_id == winner:
            assert title_of(page) == STORED
        else:
            assert page.status_code in {OK, 409, 410}
            assert page.status_code != 409 or re.search(r"@fabrikam.example consented", page.text)
    assert winner in {ADMIN.object_id, SECOND_ADMIN.object_id}


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "X-Original-Host", "Forwarded"])
def test_no_header_changes_where_links_and_redirects_lead(stack: StackState, name: str, header: str) -> None:
    forged = {"Host": "127.0.0.1:1", "Forwarded": "host=evil.example;proto=https"}.get(header, "evil.example")
    operator = operator_of(stack)
    authorization = {"Authorization": f"Bearer {operator.assertion()}", header: forged}
    made = send("POST", f"{stack.host}/api/consents/{name}/link", headers=authorization, json={})
    link = made.json()["url"]
    assert link.startswith(f"{stack.host}/api/consent?link=")
    page = send("GET", link, headers={header: forged})
    form = first_form(page)
    assert form is not None
    assert form.action == f"{stack.host}/api/consent"
    begun = send("POST", form.action, data=dict(form.fields), headers={header: forged})
    assert begun.status_code == SEE_OTHER
    asked = query_of(begun.headers["location"])
    assert asked["redirect_uri"] == f"{stack.host}/api/consent/redirect"
    assert begun.headers["location"].startswith((stack.entra, stack.entra_browser))
    for answer in (made, page, begun):
        assert forged not in f"{answer.text} {answer.headers}"


def test_every_answer_to_a_browser_is_kept_by_nobody(stack: StackState, browser: Browser, name: str) -> None:
    link = link_of(stack, name)
    page = browser.open(link)
    begun = browser.press(page)
    done = browser.open(browser.sign_in(begun.headers["location"], ADMIN))
    refused = browser.open(link)
    for answer in (page, begun, done, refused):
        assert answer.headers["cache-control"] == "no-store"
    assert "form-action" not in page.headers["content-security-policy"]
    for answer in (done, refused):
        assert "form-action 'none'" in answer.headers["content-security-policy"]
    assert refused.headers["x-ms-request-id"] in refused.text
