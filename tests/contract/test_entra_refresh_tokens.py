"""Refresh tokens that a broker shall not keep, as the local Entra ID makes and refuses them."""

import base64
import hashlib
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from local.world import (
    ADMIN,
    CONTOSO,
    GRAPH,
    OTHER_APPLICATION,
    PARTNER_APPLICATION,
    PARTNER_TENANT,
)
from tests.contract.conftest_entra import (
    GRAPH_DEFAULT,
    PARTNER_CENTER_SCOPE,
    Answer,
    Stack,
    running_entra,
    sign_in,
)

ORIGIN = {"Origin": "http://localhost:8400"}
PAGE = "http://localhost:8400/single-page"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


@pytest.fixture(scope="module")
def shared_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_entra(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture
def stack(shared_stack: Stack) -> Iterator[Stack]:
    yield shared_stack
    shared_stack.reset()


def of_a_page(stack: Stack, **form: str) -> httpx.Response:
    """What a single-page application sends: no credential, and the Origin that its browser puts there."""
    url = f"{stack.state.entra}/{PARTNER_TENANT}/oauth2/v2.0/token"
    return stack.http.post(url, data={"client_id": PARTNER_APPLICATION} | form, headers=ORIGIN)


def refreshed_by_page(stack: Stack, refresh_token: str) -> httpx.Response:
    return of_a_page(
        stack, grant_type="refresh_token", refresh_token=refresh_token, scope=f"{GRAPH_DEFAULT} offline_access"
    )


def refreshed(stack: Stack, refresh_token: str) -> httpx.Response:
    """What a confidential client sends: its secret, and no Origin."""
    return stack.token(grant_type="refresh_token", refresh_token=refresh_token, scope=GRAPH_DEFAULT)


def code_for_page(stack: Stack) -> dict[str, str]:
    page = stack.authorize(redirect_uri=PAGE, prompt="login", code_challenge=CHALLENGE, code_challenge_method="S256")
    location = sign_in(stack.http, page, ADMIN).headers["location"]
    assert location.startswith(PAGE)
    code = httpx.URL(location).params["code"]
    return {"grant_type": "authorization_code", "code": code, "redirect_uri": PAGE, "code_verifier": VERIFIER}


def refusal(response: httpx.Response) -> tuple[int, str, list[int]]:
    return response.status_code, response.json()["error"], response.json()["error_codes"]


def test_a_page_redeems_its_own_code_and_refresh_token_without_a_credential(stack: Stack) -> None:
    answer = of_a_page(stack, **code_for_page(stack))
    assert stack.claims(answer.json()["access_token"])["appidacr"] == "0"
    assert refreshed_by_page(stack, answer.json()["refresh_token"]).is_success


def test_nobody_else_redeems_them(stack: Stack) -> None:
    expected = (400, "invalid_request", [9002327])
    assert refusal(stack.token(**code_for_page(stack))) == expected
    kept = of_a_page(stack, **code_for_page(stack)).json()["refresh_token"]
    answer = refreshed(stack, kept)
    assert refusal(answer) == expected
    assert "may only be redeemed via cross-origin requests" in answer.json()["error_description"]


def test_they_end_a_day_after_the_sign_in_however_often_they_are_renewed(stack: Stack) -> None:
    first = of_a_page(stack, **code_for_page(stack)).json()["refresh_token"]
    stack.move_clock(timedelta(hours=23))
    renewed = refreshed_by_page(stack, first).json()["refresh_token"]
    stack.move_clock(timedelta(hours=25))
    for late in (first, renewed):
        assert refusal(refreshed_by_page(stack, late)) == (400, "invalid_grant", [700084])
        assert refusal(refreshed(stack, late)) == (400, "invalid_grant", [700084])


def test_a_page_gets_nothing_that_belongs_to_the_confidential_client(stack: Stack) -> None:
    expected = (401, "invalid_client", [7000218])
    assert refusal(refreshed_by_page(stack, stack.mint())) == expected
    assert refusal(of_a_page(stack, grant_type="client_credentials", scope=GRAPH_DEFAULT)) == expected
    other = {"client_id": OTHER_APPLICATION, "grant_type": "refresh_token", "scope": GRAPH_DEFAULT}
    assert refusal(of_a_page(stack, **other, refresh_token=stack.mint(client=OTHER_APPLICATION))) == expected


def test_the_browser_session_of_a_page_signs_in_to_the_confidential_client_as_usual(stack: Stack) -> None:
    code_for_page(stack)
    location = stack.authorize().headers["location"]
    form = {"grant_type": "authorization_code", "redirect_uri": location.partition("?")[0]}
    kept = stack.token(**form, code=httpx.URL(location).params["code"]).json()["refresh_token"]
    assert refreshed(stack, kept).is_success


# Made to order, as an old script keeps them


def test_a_refresh_token_made_to_order_is_exchanged_like_any(stack: Stack) -> None:
    result = stack.exchange(stack.mint(), CONTOSO, GRAPH_DEFAULT)
    claims = stack.claims(result["access_token"])
    assert (claims["tid"], claims["oid"], claims["amr"]) == (CONTOSO, ADMIN.object_id_in(CONTOSO), ["pwd", "mfa"])


def test_its_scope_is_that_of_requests_which_name_none(stack: Stack) -> None:
    answer = stack.token(grant_type="refresh_token", refresh_token=stack.mint())
    assert stack.claims(answer.json()["access_token"])["aud"] == PARTNER_CENTER_SCOPE.rpartition("/")[0]


def test_one_without_mfa_yields_tokens_without_mfa(stack: Stack) -> None:
    result = stack.exchange(stack.mint(mfa=False), PARTNER_TENANT, PARTNER_CENTER_SCOPE)
    assert stack.claims(result["access_token"])["amr"] == ["pwd"]


@pytest.mark.parametrize(
    ("order", "error", "code"),
    [
        ({"client": OTHER_APPLICATION}, "invalid_grant", 700007),
        ({"age_days": 91}, "invalid_grant", 700082),
        ({"spa": True}, "invalid_request", 9002327),
        ({"spa": True, "age_days": 2}, "invalid_grant", 700084),
    ],
)
def test_what_cannot_be_imported_is_refused(stack: Stack, order: Answer, error: str, code: int) -> None:
    assert refusal(refreshed(stack, stack.mint(**order))) == (400, error, [code])


def test_one_of_eighty_nine_days_is_still_good(stack: Stack) -> None:
    assert refreshed(stack, stack.mint(age_days=89)).is_success


def test_whatever_is_made_to_order_is_in_the_ledger(stack: Stack) -> None:
    made = stack.mint(age_days=91)
    assert f"refresh_token {made}" in stack.state.ledger_file.read_text().splitlines()


def test_nothing_is_made_for_somebody_unknown(stack: Stack) -> None:
    response = stack.http.post(
        f"{stack.state.entra}/_local/refresh_tokens",
        json={"user": GRAPH, "client": PARTNER_APPLICATION, "scope": GRAPH_DEFAULT},
        headers={"x-local-control": stack.state.control_secret},
    )
    assert response.status_code == 404
