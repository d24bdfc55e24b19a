"""The broker's life on the real host: tokens by every dialect, and months of refresh."""

from datetime import timedelta

import httpx
import pytest

from local.demo import claims_of
from local.parts import Parts
from local.person import usual_trust
from local.workload import Workload
from local.world import CONTOSO, NORTHWIND
from refresh_timer.outcome import WORKED
from shared.request_fields import MAX_BODY
from tests.end_to_end.real_host.conftest import body_limit
from tests.end_to_end.refreshing import ISSUED, Scene, permit
from tests.end_to_end.test_main_job import Life, no_secret_is_in_any_log_or_answer
from token_http import policy_lint

GRAPH = "https://graph.microsoft.com"


@pytest.fixture(scope="module")
def scene(real: Parts) -> Scene:
    """Consents that the policy lets `reports` use."""
    names = [f"real-{number}" for number in range(60)]
    permit(real.state, names)
    return Scene(parts=real, state=real.state, names=iter(names))


def test_every_dialect_gives_tokens_for_their_tenant_and_resource(real: Parts) -> None:
    life = Life(real.state)
    assert "Your consent is stored" in life.consent().text
    assert life.token_claims("contoso", "graph") == (CONTOSO, GRAPH)
    assert life.token_claims(NORTHWIND, "arm")[0] == NORTHWIND
    headers = {"X-IDENTITY-HEADER": life.reports.assertion()}
    parameters = {"api-version": "2019-08-01", "resource": GRAPH}
    url = f"{real.state.host}/api/msi/partner/contoso"
    answer = httpx.get(url, params=parameters, headers=headers, trust_env=False, verify=usual_trust(), timeout=60)
    assert claims_of(answer.raise_for_status().json()["access_token"])["tid"] == CONTOSO
    form = {"grant_type": "refresh_token", "scope": f"{GRAPH}/.default", "refresh_token": "the-old-one"}
    bearer = {"Authorization": f"Bearer {life.reports.assertion()}"}
    url = f"{real.state.host}/api/contoso/oauth2/v2.0/token"
    answer = httpx.post(url, data=form, headers=bearer, trust_env=False, verify=usual_trust(), timeout=60)
    assert claims_of(answer.raise_for_status().json()["access_token"])["tid"] == CONTOSO
    assert "the-old-one" not in answer.text + real.state.log_file("host").read_text()
    module = (
        Workload(state=real.state, name="reports").call("GET", "connect/Az?tenant=contoso").raise_for_status().json()
    )
    assert {claims_of(module[name])["tid"] for name in ("AccessToken", "MicrosoftGraphAccessToken")} == {CONTOSO}
    assert life.refusal("wingtip", "graph") == "delegated_rights_missing"
    assert life.reports.call("POST", "token").json()["code"] == "invalid_request"
    no_secret_is_in_any_log_or_answer(life)


def test_a_chunked_body_is_refused_with_how_to_send_it(real: Parts) -> None:
    reports = Life(real.state).reports
    headers = {"Authorization": f"Bearer {reports.assertion()}", "Content-Type": "application/json"}
    pieces = iter([b'{"tenant": "contoso", ', b'"resource": "graph"}'])
    url = f"{real.state.host}/api/token"
    answer = httpx.post(url, content=pieces, headers=headers, trust_env=False, verify=usual_trust(), timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")


def test_a_body_beyond_a_routes_limit_is_refused_by_the_broker_and_one_beyond_the_platforms_never_arrives(
    real: Parts,
) -> None:
    """The host has no better word for it than 500, so its limit lies well above what any route takes."""
    reports = Life(real.state).reports
    headers = {"Authorization": f"Bearer {reports.assertion()}", "Content-Type": "application/json"}
    url, limit = f"{real.state.host}/api/token", body_limit()
    assert limit >= 2 * policy_lint.MAX_BODY
    for size, answered in (
        (MAX_BODY + 1, (413, "body_too_large")),
        (limit, (413, "body_too_large")),
        (limit + 1, None),
    ):
        answer = httpx.post(
            url, content=b" " * size, headers=headers, trust_env=False, verify=usual_trust(), timeout=60
        )
        if answered:
            assert (answer.status_code, answer.json()["code"]) == answered
        else:
            assert (answer.status_code, answer.content) == (500, b"")


@pytest.mark.timeout(600)
def test_fifty_consents_live_on_for_sixty_days(scene: Scene) -> None:
    names = scene.give(50)
    for _ in range(12):
        scene.pass_time(timedelta(days=5))
        run = scene.run()
        assert run.invocation == "Success"
        assert {run.outcomes[name] for name in names} <= WORKED
    shown = {consent["name"]: consent for consent in scene.listed()["consents"]}
    assert {(shown[name]["status"], shown[name]["failures"]) for name in names} == {("ok", 0)}
    assert min(shown[name]["days_left"] for name in names) >= 89
    assert set(scene.tokens(names).values()) == {ISSUED}
