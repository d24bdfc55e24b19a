"""Device code, import and restore over real HTTP: who is let in, what is answered, and what leaks to nobody."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from local.clock import write_offset
from local.parts import Parts
from local.stack import running_parts
from local.state import StackState
from local.workload import Workload, fire_timer
from local.world import ADMIN, OTHER_APPLICATION, PARTNER_TENANT, SECOND_ADMIN, WITHOUT_MFA
from tests.conftest import StackMaker
from tests.consent_http.browser import Browser, code_of, new_name, operator_of, send, stored, title_of
from tests.consent_http.rig import declined, old_token, typed_in
from tests.local_control import Controls

OK, CREATED, ACCEPTED = httpx.codes.OK, httpx.codes.CREATED, httpx.codes.ACCEPTED
ACTS = ("device", "device/poll", "import", "restore")
SECRETS = ("refresh_token ", "device_code ", "access_token ", "id_token ", "client_secret ")


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """A stack of this module's own, whose broker allows device codes."""
    settings = {"CONSENT_DEVICE_CODE": "on", "AzureWebJobs.refresh.Disabled": "true"}
    with running_parts(tmp_path_factory.mktemp("acts") / "state", keeps_ledger=True, settings=settings) as running:
        yield running


@pytest.fixture
def state(parts: Parts) -> StackState:
    return parts.state


@pytest.fixture
def entra(state: StackState) -> Iterator[Controls]:
    """Entra ID's control door; whatever was ordered is gone afterwards."""
    controls = Controls(state, state.entra)
    yield controls
    controls.clear("errors")


@pytest.fixture
def name() -> str:
    return new_name()


def post(state: StackState, path: str, content: Any = None) -> httpx.Response:  # noqa: ANN401 - JSON
    return operator_of(state).call("POST", f"consents/{path}", content)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def started(state: StackState, name: str, **fields: object) -> dict[str, Any]:
    answer = post(state, f"{name}/device", fields)
    assert answer.status_code == CREATED, answer.text
    content: dict[str, Any] = answer.json()
    return content


def poll(state: StackState, name: str, device: object) -> httpx.Response:
    return post(state, f"{name}/device/poll", {"device": device})


def imported(state: StackState, name: str, **token: Any) -> httpx.Response:  # noqa: ANN401 - JSON
    return post(state, f"{name}/import", {"refresh_token": old_token(state, token.pop("user", ADMIN), **token)})


def withdraw(state: StackState, name: str) -> None:
    operator_of(state).call("DELETE", f"consents/{name}").raise_for_status()


def status_of(state: StackState, name: str) -> object:
    shown = stored(state, name)
    return shown and shown["status"]


def test_a_device_code_leads_from_start_to_stored_consent(state: StackState, name: str) -> None:
    begun = started(state, name, login_hint=ADMIN.username)
    waiting = poll(state, name, begun["device"])
    assert (waiting.status_code, waiting.headers["retry-after"]) == (ACCEPTED, "5")
    assert {**waiting.json(), "device": None} == {"status": "pending", "device": None, "interval": 5}
    assert stored(state, name) is None
    typed_in(begun, ADMIN)
    done = poll(state, name, waiting.json()["device"])
    assert done.status_code == OK
    told = done.json()
    assert (told["status"], told["consent"], told["mfa"]) == ("stored", name, "yes")
    assert (told["person"], told["username"], told["tenant"]) == (ADMIN.object_id, ADMIN.username, PARTNER_TENANT)
    assert poll(state, name, begun["device"]).json() == told, "a poll whose answer was lost"
    assert status_of(state, name) == "ok"
    for answer in (waiting, done):
        assert answer.headers["cache-control"] == "no-store"


def test_a_poll_that_came_too_soon_is_told_to_wait_longer(state: StackState, entra: Controls, name: str) -> None:
    device = started(state, name)["device"]
    entra.post("errors", {"at": "device", "error": "slow_down"})
    slower = poll(state, name, device)
    assert (slower.status_code, slower.json()["interval"], slower.headers["retry-after"]) == (ACCEPTED, 10, "10")
    assert poll(state, name, slower.json()["device"]).json()["interval"] == 10


def test_a_person_who_declines_ends_it(state: StackState, name: str) -> None:
    begun = started(state, name)
    declined(begun)
    assert code(poll(state, name, begun["device"])) == (400, "device_code_declined")
    assert stored(state, name) is None


def test_a_person_without_mfa_is_refused_with_the_remedy(state: StackState, name: str) -> None:
    begun = started(state, name)
    typed_in(begun, WITHOUT_MFA)
    refused = poll(state, name, begun["device"])
    assert code(refused) == (403, "mfa_missing")
    assert "MFA" in refused.json()["error_description"]
    assert stored(state, name) is None


def test_polls_go_on_after_the_host_was_killed_and_started_again(parts: Parts, name: str) -> None:
    begun = started(parts.state, name)
    waiting = poll(parts.state, name, begun["device"])
    parts.kill("host")
    typed_in(begun, ADMIN)
    parts.start("host")
    assert poll(parts.state, name, waiting.json()["device"]).status_code == OK
    assert status_of(parts.state, name) == "ok"


def test_a_device_is_no_link_and_a_link_no_device(state: StackState, name: str) -> None:
    link = operator_of(state).link(name)
    device = started(state, name)["device"]
    for other in (link, link.partition("link=")[2], "", "junk", device[:-4], "ä"):
        answer = poll(state, name, other)
        assert answer.status_code == 400
        assert answer.json()["code"] in {"device_code_invalid", "invalid_request"}
    with Browser() as browser:
        page = browser.open(f"{state.host}/api/consent?link={quote(device)}")
    assert (page.status_code, code_of(page)) == (400, "link_invalid")
    assert code(poll(state, new_name(), device)) == (400, "device_code_invalid")


def test_an_authority_that_is_away_is_worth_another_poll(state: StackState, entra: Controls, name: str) -> None:
    begun = started(state, name)
    typed_in(begun, ADMIN)
    entra.post("errors", {"at": "device", "code": 90006})
    away = poll(state, name, begun["device"])
    assert code(away) == (503, "authority_unavailable")
    assert int(away.headers["retry-after"]) > 0
    assert poll(state, name, begun["device"]).status_code == OK


def test_time_ends_a_code_by_the_authoritys_word_and_then_by_ours(make_stack: StackMaker, name: str) -> None:
    with make_stack(CONSENT_DEVICE_CODE="on") as state:
        lost, unused = started(state, name), started(state, name)
        typed_in(lost, ADMIN)
        poll(state, name, lost["device"]).raise_for_status()
        other = new_name()
        waiting = started(state, other)
        write_offset(state.clock_file, timedelta(minutes=16))
        assert code(poll(state, other, waiting["device"])) == (410, "device_code_expired")
        assert poll(state, name, lost["device"]).json()["status"] == "stored", "an answer lost at the last minute"
        assert code(poll(state, name, unused["device"])) == (410, "link_superseded")
        write_offset(state.clock_file, timedelta(minutes=31))
        assert code(poll(state, other, waiting["device"])) == (410, "device_code_expired")
        assert code(poll(state, name, lost["device"])) == (410, "device_code_expired")
        assert status_of(state, name) == "ok"


def test_device_codes_are_off_unless_a_setting_allows_them(stack: StackState, state: StackState, name: str) -> None:
    device = started(state, name)["device"]
    for answer in (post(stack, f"{name}/device", {}), poll(stack, name, device)):
        assert code(answer) == (403, "device_code_off")
        assert "link" in answer.json()["error_description"], "the better way"


def test_an_import_is_stored_and_served_with_a_new_refresh_token(state: StackState) -> None:
    answer = post(state, "partner/import", {"refresh_token": old_token(state, ADMIN, age_days=60)})
    assert (answer.status_code, answer.json()["status"]) == (CREATED, "stored")
    assert (answer.json()["person"], answer.json()["mfa"]) == (ADMIN.object_id, "yes")
    assert Workload(state=state, name="reports").token("contoso", "graph").status_code == OK
    assert fire_timer(state) == "Success"
    assert status_of(state, "partner") == "ok"


@pytest.mark.parametrize(
    ("token", "told"),
    [
        ({"age_days": 91}, (400, "import_expired")),
        ({"client": OTHER_APPLICATION}, (400, "import_foreign")),
        ({"spa": True}, (400, "import_single_page")),
        ({"spa": True, "age_days": 2}, (400, "import_single_page")),
        ({"mfa": False}, (403, "mfa_missing")),
    ],
    ids=str,
)
def test_an_import_that_will_not_do_is_told_apart(
    state: StackState, name: str, token: dict[str, Any], told: tuple[int, str]
) -> None:
    assert code(imported(state, name, **token)) == told
    assert stored(state, name) is None


def test_a_refresh_token_that_was_revoked_is_refused(state: StackState, entra: Controls, name: str) -> None:
    token = old_token(state, SECOND_ADMIN, age_days=1)
    entra.post("revoke", {"user": SECOND_ADMIN.object_id})
    answer = post(state, f"{name}/import", {"refresh_token": token})
    assert code(answer) == (400, "import_expired")
    assert answer.json()["error_codes"] == [50173]


def test_a_refresh_token_in_an_address_is_refused_as_leaked(state: StackState, entra: Controls, name: str) -> None:
    token = old_token(state, ADMIN)
    entra.clear("requests")
    for query, body, told in (
        (f"refresh_token={token}", {}, "secret_leaked"),
        (f"refresh_token={token}", {"refresh_token": token}, "secret_leaked"),
        ("x=1", {"refresh_token": token}, "invalid_request"),
    ):
        answer = post(state, f"{name}/import?{query}", body)
        assert code(answer) == (400, told)
        assert token not in answer.text
    assert token not in state.log_file("host").read_text()
    assert not [path for _, path in entra.requests() if "/token" in path], "nor was it sent on"
    assert stored(state, name) is None


BAD_IMPORTS = [
    "",
    "{}",
    "[]",
    "{",
    '{"refresh_token": null}',
    '{"refresh_token": ""}',
    '{"refresh_token": ["a"]}',
    '{"refresh_token": "two words"}',
    '{"refresh_token": "a\\u0000b"}',
    '{"refresh_token": "\\ud800"}',
    '{"refresh_token": "' + "a" * 9000 + '"}',
    '{"refresh_token": "a", "refresh_token": "b"}',
    '{"refresh_token": "a", "access_token": "b"}',
    '{"refresh_token": "a", "tenant": "common"}',
    '{"refresh_token": "a", "person": "ada@fabrikam.example"}',
    '{"refresh_token": "a", "new_person": 1}',
]


@pytest.mark.parametrize("body", BAD_IMPORTS, ids=lambda body: body[:40])
def test_a_body_that_says_something_else_imports_nothing(state: StackState, name: str, body: str) -> None:
    headers = {"Authorization": f"Bearer {operator_of(state).assertion()}", "Content-Type": "application/json"}
    answer = send("POST", f"{state.host}/api/consents/{name}/import", headers=headers, content=body)
    assert code(answer) == (400, "invalid_request")
    assert stored(state, name) is None


@pytest.mark.parametrize("token", ["garbage", "1.Agarbage", "eyJhbGciOiJub25lIn0.e30.", "a" * 8192])
def test_garbage_is_refused_without_being_repeated(state: StackState, name: str, token: str) -> None:
    answer = post(state, f"{name}/import", {"refresh_token": token})
    assert code(answer) == (400, "import_refused")
    assert token not in answer.text


def test_of_two_imports_at_once_both_operators_are_told_the_truth(state: StackState, name: str) -> None:
    tokens = [old_token(state, user) for user in (ADMIN, SECOND_ADMIN)]
    with ThreadPoolExecutor(2) as pool:
        answers = list(
            pool.map(lambda token: post(state, f"{name}/import", {"refresh_token": token, "new_person": True}), tokens)
        )
    in_force = stored(state, name)
    assert in_force is not None
    people = [answer.json().get("person") for answer in answers]
    assert in_force["person"] in people
    for answer in answers:
        assert answer.status_code == CREATED or answer.json()["code"] in {"consent_changed", "link_superseded"}


def test_a_withdrawal_is_taken_back_and_tokens_are_served_again(state: StackState) -> None:
    imported(state, "partner").raise_for_status()
    reports = Workload(state=state, name="reports")
    assert reports.token("contoso", "graph").status_code == OK
    old_link = operator_of(state).link("partner")
    for _ in range(2):
        withdraw(state, "partner")
        assert reports.token("contoso", "graph").json()["code"] == "consent_withdrawn"
        answer = post(state, "partner/restore")
        assert (answer.status_code, answer.json()["status"]) == (OK, "stored")
        assert reports.token("contoso", "graph").status_code == OK
        again = post(state, "partner/restore").json()
        assert again == {**answer.json(), "status": "in_force"}, "an answer that was lost"
    assert status_of(state, "partner") == "ok"
    with Browser() as browser:
        page = browser.open(old_link)
        assert (page.status_code, code_of(page)) == (410, "link_superseded")
        page = browser.consent(operator_of(state).link("partner"), ADMIN)
        assert title_of(page) == "Your consent is stored"


def test_a_restoration_of_what_never_was_or_is_dead_is_refused(state: StackState, entra: Controls, name: str) -> None:
    assert code(post(state, f"{name}/restore")) == (404, "consent_not_found")
    imported(state, name).raise_for_status()
    withdraw(state, name)
    entra.post("errors", {"code": 50173})
    answer = post(state, f"{name}/restore", {})
    assert code(answer) == (400, "new_consent_needed")
    assert answer.json()["error_codes"] == [50173]
    assert status_of(state, name) == "withdrawn"


def test_a_restoration_takes_no_fields(state: StackState, name: str) -> None:
    imported(state, name).raise_for_status()
    withdraw(state, name)
    assert code(post(state, f"{name}/restore", {"new_person": True})) == (400, "invalid_request")
    assert status_of(state, name) == "withdrawn"


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Basic b3A6b3A=", "bearer-token"])
def test_without_a_bearer_token_nobody_is_let_in(state: StackState, act: str, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = send("POST", f"{state.host}/api/consents/nobody/{act}", headers=headers, json={})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("who", ["stranger", "reports"])
def test_a_workload_without_the_role_is_told_which_it_lacks(state: StackState, act: str, who: str) -> None:
    answer = Workload(state=state, name=who).call("POST", f"consents/nobody/{act}", {})
    assert code(answer) == (403, "role_missing")
    assert "Consent.Manage" in answer.json()["error_description"]


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_no_other_method_does_anything(state: StackState, act: str, method: str) -> None:
    answer = operator_of(state).call(method, f"consents/nobody/{act}")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("act", ["device", "device/poll", "import"])
def test_an_act_that_a_body_restricts_refuses_an_absent_one(state: StackState, name: str, act: str) -> None:
    answer = post(state, f"{name}/{act}")
    assert code(answer) == (400, "invalid_request")
    assert "The body is absent" in answer.json()["error_description"]
    assert stored(state, name) is None


@pytest.mark.parametrize("act", ACTS)
def test_an_act_takes_no_parameters(state: StackState, name: str, act: str) -> None:
    answer = post(state, f"{name}/{act}?person={ADMIN.object_id}", None if act == "restore" else {})
    assert code(answer) == (400, "invalid_request")
    assert "Unknown parameter: 'person'; this route takes none" in answer.json()["error_description"]


def test_no_secret_is_in_any_log_answer_or_record(state: StackState, entra: Controls) -> None:
    """The whole of it once more, refusals included, and then every secret that ever existed on this stack."""
    answers: list[httpx.Response] = []
    operator = Workload(state=state, name="operator", seen=answers.append)

    def call(path: str, content: Any = None) -> httpx.Response:  # noqa: ANN401 - JSON
        return operator.call("POST", f"consents/{path}", content)

    name = new_name()
    begun = call(f"{name}/device", {}).json()
    waiting = call(f"{name}/device/poll", {"device": begun["device"]}).json()
    typed_in(begun, ADMIN)
    assert call(f"{name}/device/poll", {"device": waiting["device"]}).status_code == OK
    given = [old_token(state, ADMIN, **more) for more in ({}, {"spa": True}, {"client": OTHER_APPLICATION})]
    statuses = [call(f"{name}/import", {"refresh_token": token}).status_code for token in given]
    assert statuses == [CREATED, 400, 400]
    call(f"{name}/import?refresh_token=x", {"refresh_token": given[0]})
    operator.call("DELETE", f"consents/{name}")
    entra.post("errors", {"code": 50173})
    assert [call(f"{name}/restore").status_code for _ in range(2)] == [400, OK]

    log = state.log_file("host").read_text()
    told = "\n".join(f"{answer.headers} {answer.text}" for answer in answers)
    secrets = {
        line.partition(" ")[2] for line in state.ledger_file.read_text().splitlines() if line.startswith(SECRETS)
    }
    assert set(given) < secrets
    assert [secret for secret in secrets if secret in log or secret in told] == []
    assert [device for device in (begun["device"], waiting["device"]) if device in log] == []
    assert begun["user_code"] not in log
    events = [json.loads(line[line.index("{") :]) for line in log.splitlines() if '"event": "consent.' in line]
    kept = [found for found in events if found["consent"] == name]
    assert [(found["event"], found.get("way")) for found in kept] == [
        ("consent.stored", "device"),
        ("consent.stored", "import"),
        ("consent.withdrawn", None),
        ("consent.stored", "restore"),
    ]
    assert len({found["operator"] for found in kept} - {""}) == 1
