"""Refusals ordered of the local Entra ID: at the redirect after a sign-in, and at a device's poll."""

from collections.abc import Iterator
from typing import Any

import msal
import pytest

from local.world import (
    ADMIN,
    AZURE_CLI,
    BROKER_API,
    GRAPH,
    PARTNER_APPLICATION,
    PARTNER_CENTER,
    PARTNER_TENANT,
    SECOND_ADMIN,
)
from tests.contract.conftest_entra import (
    GRAPH_DEFAULT,
    Answer,
    Stack,
    redirected,
    running_entra,
    sign_in,
    submit,
)


@pytest.fixture(scope="module")
def shared_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_entra(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture
def stack(shared_stack: Stack) -> Iterator[Stack]:
    yield shared_stack
    shared_stack.reset()


def order(stack: Stack, **fields: Any) -> None:  # noqa: ANN401 - JSON
    stack.control("POST", "errors", fields)


def back(stack: Stack, **changed: str) -> dict[str, str]:
    """What a sign-in brings back to the client."""
    return redirected(sign_in(stack.http, stack.authorize(prompt="login", **changed), ADMIN))


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (65004, "access_denied"),
        (90094, "access_denied"),
        (53003, "access_denied"),
        (50105, "access_denied"),
        (50020, "access_denied"),
        (65001, "consent_required"),
        (90033, "temporarily_unavailable"),
    ],
)
def test_a_sign_in_ends_at_the_redirect_with_the_error_of_the_real_page(stack: Stack, code: int, error: str) -> None:
    order(stack, at="authorize", code=code)
    answer = back(stack)
    assert set(answer) == {"error", "error_description", "error_uri", "state"}
    assert (answer["error"], answer["state"]) == (error, "the-state")
    assert answer["error_description"].startswith(f"AADSTS{code}: ")
    assert answer["error_uri"] == f"https://login.microsoftonline.com/error?code={code}"
    assert "code" in back(stack), "it was ordered for one sign-in"


@pytest.mark.parametrize(
    ("criteria", "meets"),
    [
        ({"user": ADMIN.object_id, "tenant": PARTNER_TENANT, "client": PARTNER_APPLICATION}, True),
        ({"resource": PARTNER_CENTER}, True),
        ({"user": SECOND_ADMIN.object_id}, False),
        ({"resource": GRAPH}, False),
        ({"client": AZURE_CLI}, False),
    ],
)
def test_an_order_meets_the_sign_ins_it_names(stack: Stack, criteria: dict[str, str], *, meets: bool) -> None:
    order(stack, at="authorize", code=53003, **criteria)
    assert ("error" in back(stack)) == meets


def test_each_leg_has_its_own_orders(stack: Stack) -> None:
    order(stack, at="authorize", code=53003)
    exchanged = stack.exchange(stack.mint(), PARTNER_TENANT, GRAPH_DEFAULT)
    assert "access_token" in exchanged
    stack.control("DELETE", "errors")
    order(stack, code=53003)
    assert "code" in back(stack)
    refused = stack.exchange(stack.mint(), PARTNER_TENANT, GRAPH_DEFAULT)
    assert (refused["error"], refused["error_codes"]) == ("invalid_grant", [53003])


@pytest.mark.parametrize("codes", [[], [99999999], [99999999, 50173]], ids=str)
def test_any_answer_can_be_ordered_error_numbers_status_and_headers(stack: Stack, codes: list[int]) -> None:
    """What the real service says first on the day a new number comes."""
    ordered = {"code": 99999999, "error": "unauthorized_client", "codes": codes, "status": 429}
    order(stack, **ordered, headers={"Retry-After": "17"})
    answer = stack.token(grant_type="refresh_token", refresh_token=stack.mint(), scope=GRAPH_DEFAULT)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "17")
    assert (answer.json()["error"], answer.json()["error_codes"]) == ("unauthorized_client", codes)


# Devices


def device_flow(stack: Stack) -> tuple[msal.PublicClientApplication, Answer]:
    app = msal.PublicClientApplication(
        AZURE_CLI,
        authority=f"{stack.state.entra}/{PARTNER_TENANT}",
        instance_discovery=False,
        http_client=stack.session,
    )
    return app, app.initiate_device_flow([f"api://{BROKER_API}/Broker.Operate"])


def poll(app: msal.PublicClientApplication, flow: Answer) -> tuple[str, list[int]]:
    """One poll by MSAL, which would wait and go on by itself: the error, or that there is a token."""
    answer = app.acquire_token_by_device_flow(dict(flow), exit_condition=lambda _flow: True)
    return answer.get("error", "token"), answer.get("error_codes", [])


def approve(stack: Stack, flow: Answer) -> str:
    page = submit(stack.http, stack.http.get(flow["verification_uri"]), user_code=flow["user_code"])
    return sign_in(stack.http, page, ADMIN).text


def test_a_device_can_be_told_to_slow_down_before_it_is_told_to_wait(stack: Stack) -> None:
    app, flow = device_flow(stack)
    order(stack, at="device", error="slow_down")
    assert poll(app, flow) == ("slow_down", [70016])
    assert poll(app, flow) == ("authorization_pending", [70016])
    approve(stack, flow)
    order(stack, at="device", error="slow_down", client=AZURE_CLI, tenant=PARTNER_TENANT)
    assert poll(app, flow) == ("slow_down", [70016])
    assert poll(app, flow) == ("token", [])


def test_a_device_can_be_refused_while_it_waits(stack: Stack) -> None:
    app, flow = device_flow(stack)
    order(stack, at="device", code=50196)
    assert poll(app, flow) == ("invalid_grant", [50196])
    order(stack, at="device", code=53003, client=PARTNER_APPLICATION)
    assert poll(app, flow) == ("authorization_pending", [70016])


def test_an_order_for_the_token_leg_still_meets_a_device_once_the_person_has_signed_in(stack: Stack) -> None:
    app, flow = device_flow(stack)
    order(stack, code=53003)
    assert poll(app, flow) == ("authorization_pending", [70016])
    approve(stack, flow)
    assert poll(app, flow) == ("invalid_grant", [53003])


def test_a_refusal_at_the_sign_in_of_a_device_is_told_on_the_page(stack: Stack) -> None:
    app, flow = device_flow(stack)
    order(stack, at="authorize", code=53003)
    assert "AADSTS53003" in approve(stack, flow)
    assert poll(app, flow) == ("authorization_pending", [70016])
