"""A host that is killed while it stores a consent: stored whole or not at all, never told as stored when it is not."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import httpx
import pytest

from local.demo import claims_of
from local.parts import Parts
from local.person import first_form
from local.stack import running_parts
from local.state import StackState
from local.workload import Workload
from local.world import ADMIN, CONTOSO, DEFAULT_WORLD, PARTNER_APPLICATION
from tests.consent_http.browser import Browser, code_of, new_name, operator_of, stored, title_of
from tests.end_to_end.killing import Act, Moment, kill_at, leaks, moments_of, restart, versions
from tests.local_control import Controls
from tests.token_http.over_http import write_policy

DONE = "Your consent is stored"
PARTNER_CENTER_SCOPE = "https://api.partnercenter.microsoft.com/user_impersonation"
MOST_MOMENTS = 40


@pytest.fixture(scope="module")
def names() -> list[str]:
    """Of consents that the policy knows before they are given."""
    return [new_name() for _ in range(3 * MOST_MOMENTS)]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> Iterator[Parts]:
    """One stack for all kills; its timer stays out of the requests that are counted."""
    folder = tmp_path_factory.mktemp("killed") / "state"
    quiet = {"AzureWebJobs.refresh.Disabled": "true"}
    with running_parts(folder, keeps_ledger=True, settings=quiet) as running:
        permission = {
            "name": "reports on consents amid which the host was killed",
            "caller": DEFAULT_WORLD.identity("reports").object_id,
            "consents": names,
            "tenants": ["*"],
            "resources": ["graph"],
        }
        write_policy(running.state, "policy-2", {"permissions": [permission]})
        yield running


@pytest.fixture
def fresh_names(names: list[str]) -> Iterator[str]:
    """Names that no test has used."""
    return iter([names.pop() for _ in range(MOST_MOMENTS)])


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A person in front of the redirect back to the broker, which is not followed yet."""

    browser: Browser
    link: str
    redirect: str

    def follow(self) -> httpx.Response:
        return self.browser.open(self.redirect)


def signed_in(state: StackState, name: str, browsers: ExitStack) -> SignedIn:
    browser, link = browsers.enter_context(Browser()), operator_of(state).link(name)
    return SignedIn(browser=browser, link=link, redirect=browser.sign_in(browser.begin(link), ADMIN))


def test_killed_between_redirect_and_confirmation_a_consent_is_whole_or_not_there_and_its_link_tells_which(
    parts: Parts, fresh_names: Iterator[str]
) -> None:
    state, people = parts.state, dict[str, SignedIn]()

    def follow(name: str) -> httpx.Response:
        return people[name].follow()

    with ExitStack() as browsers:
        first = next(fresh_names)
        people[first] = signed_in(state, first, browsers)
        killed = {next(fresh_names): moment for moment in moments_of(parts, first, follow)}
        people |= {name: signed_in(state, name, browsers) for name in killed}
        _kill_at_each(parts, killed, follow)
        _writes_were_met_before_and_after(state, killed)
        for name, moment in killed.items():
            _is_whole_or_nothing(state, name, moment)
            _is_told_the_truth(state, name, people[name], moment)
            assert _issues_tokens(state, name), f"consented in the end, {moment}"
    _nothing_is_damaged(state, killed)
    assert leaks(state) == set()


def test_killed_amid_an_import_a_consent_is_whole_or_not_there_and_the_import_can_be_repeated(
    parts: Parts, fresh_names: Iterator[str]
) -> None:
    state = parts.state
    held = {"user": ADMIN.object_id, "client": PARTNER_APPLICATION, "scope": PARTNER_CENTER_SCOPE}
    token = Controls(state, state.entra).post("refresh_tokens", held).json()["refresh_token"]

    def bring(name: str) -> httpx.Response:
        return operator_of(state).call("POST", f"consents/{name}/import", {"refresh_token": token})

    writes = [moment for moment in moments_of(parts, next(fresh_names), bring) if moment.step.method == "PUT"]
    killed = {next(fresh_names): moment for moment in writes}
    _kill_at_each(parts, killed, bring)
    _writes_were_met_before_and_after(state, killed)
    for name, moment in killed.items():
        _is_whole_or_nothing(state, name, moment)
        assert bring(name).status_code == httpx.codes.CREATED, moment
        assert _issues_tokens(state, name), f"imported in the end, {moment}"
    _nothing_is_damaged(state, killed)
    assert leaks(state) == set()


def test_killed_amid_a_restore_a_consent_is_withdrawn_or_whole_and_the_restore_can_be_repeated(
    parts: Parts, fresh_names: Iterator[str]
) -> None:
    state = parts.state

    def restore(name: str) -> httpx.Response:
        return operator_of(state).call("POST", f"consents/{name}/restore", {})

    first = next(fresh_names)
    _withdrawn(state, first)
    writes = [moment for moment in moments_of(parts, first, restore) if moment.step.method == "PUT"]
    killed = {next(fresh_names): moment for moment in writes}
    for name in killed:
        _withdrawn(state, name)
    _kill_at_each(parts, killed, restore)
    _writes_were_met_before_and_after(state, killed, acts_before=2, renewals_before=1)
    for name, moment in killed.items():
        shown = stored(state, name)
        assert shown is not None, moment
        assert (shown["status"] == "withdrawn") != _issues_tokens(state, name), (moment, shown)
        assert restore(name).status_code == httpx.codes.OK, moment
        assert _issues_tokens(state, name), f"restored in the end, {moment}"
    _nothing_is_damaged(state, killed)
    assert leaks(state) == set()


def _withdrawn(state: StackState, name: str) -> None:
    with Browser() as browser:
        assert title_of(browser.consent(operator_of(state).link(name), ADMIN)) == DONE
    assert operator_of(state).call("DELETE", f"consents/{name}").is_success


def _kill_at_each(parts: Parts, killed: Mapping[str, Moment], act: Act) -> None:
    restart(parts)
    for name, moment in killed.items():
        answer = kill_at(parts, moment, name, act)
        assert answer is None, f"told {answer.status_code if answer else ''}, {moment}"


def _writes_were_met_before_and_after(
    state: StackState, killed: Mapping[str, Moment], *, acts_before: int = 0, renewals_before: int = 0
) -> None:
    """The kills came when they should: at each of the two writes, once before it was made and once after."""
    met = set()
    for name, moment in killed.items():
        acts = versions(state, f"consent-{name}") - acts_before
        renewals = versions(state, f"renewal-{name}") - renewals_before
        if moment.step.is_write_of("consent-"):
            assert (acts, renewals) == (int(moment.unheard), 0), moment
            met.add(("consent", moment.unheard))
        if moment.step.is_write_of("renewal-"):
            assert (acts, renewals) == (1, int(moment.unheard)), moment
            met.add(("renewal", moment.unheard))
    assert met == {(secret, unheard) for secret in ("consent", "renewal") for unheard in (False, True)}


def _is_whole_or_nothing(state: StackState, name: str, moment: Moment) -> None:
    if versions(state, f"consent-{name}"):
        shown = stored(state, name)
        assert shown is not None, moment
        assert (shown["username"], shown["error"]) == (ADMIN.username, None), moment
        assert _issues_tokens(state, name), moment
    else:
        assert stored(state, name) is None, moment
        assert versions(state, f"renewal-{name}") == 0, moment


def _is_told_the_truth(state: StackState, name: str, person: SignedIn, moment: Moment) -> None:
    """By the link, by the page they reload, and again by the link; whoever is told that it may be used can use it."""
    was_stored = stored(state, name) is not None
    assert _is_spent(person) == was_stored, moment
    reloaded = person.follow()
    told = DONE in reloaded.text or code_of(reloaded) == "link_used"
    is_stored = stored(state, name) is not None
    assert told == is_stored, (moment, reloaded.text)
    assert _is_spent(person) == is_stored, moment
    if not is_stored:
        assert title_of(person.browser.consent(person.link, ADMIN)) == DONE, moment


def _is_spent(person: SignedIn) -> bool:
    """Whether the link says that it has been used; otherwise it has a button."""
    page = person.browser.open(person.link)
    spent = code_of(page) == "link_used"
    assert spent or (page.is_success and first_form(page) is not None), page.text
    return spent


def _issues_tokens(state: StackState, name: str) -> bool:
    answer = Workload(state=state, name="reports").token(CONTOSO, "graph", consent=name)
    if not answer.is_success:
        assert answer.json()["code"] == "consent_withdrawn", answer.text
        return False
    return bool(claims_of(answer.json()["access_token"])["tid"] == CONTOSO)


def _nothing_is_damaged(state: StackState, killed: Mapping[str, Moment]) -> None:
    listed = operator_of(state).call("GET", "consents").raise_for_status().json()
    assert listed["damaged"] == []
    assert {shown["name"] for shown in listed["consents"]} >= set(killed)
