"""The policy's page behind the door: who has its role sees it and tries it by an address, and nobody else."""

import httpx
import pytest

from local.state import StackState
from local.world import ADMIN, CONTOSO, DEFAULT_WORLD, READER, SECOND_ADMIN, User
from tests.consent_http.browser import code_of
from tests.console_http.browser import Console

ASKED = {"caller": DEFAULT_WORLD.identity("reports").object_id, "tenant": "contoso", "resource": "graph"}


@pytest.mark.parametrize("user", [ADMIN, READER], ids=["manager", "reader"])
def test_who_has_the_role_finds_the_policy_in_the_menu_and_tries_it(stack: StackState, user: User) -> None:
    with Console(stack) as console:
        assert 'href="/api/console/policy"' in console.arrive(user).text
        page = console.open(f"{console.address}/policy")
        assert (page.status_code, "reports on customers" in page.text) == (httpx.codes.OK, True), page.text
        address = str(httpx.URL(f"{console.address}/policy", params=ASKED))
        answer = console.open(address).text
        assert "The policy allows it" in answer
        assert CONTOSO in answer
        assert "access_token" not in answer
        domain = str(httpx.URL(f"{console.address}/policy", params={**ASKED, "tenant": "contoso.onmicrosoft.com"}))
        assert CONTOSO in console.open(domain).text
        assert console.open(f"{console.address}/policy?caller=x&tenant=y&resource=z").status_code == 400
        assert code_of(console.open(f"{console.address}/policy?page=x")) == "invalid_request"


def test_who_has_no_role_or_no_session_sees_no_policy(stack: StackState) -> None:
    with Console(stack) as console:
        assert code_of(console.open(f"{console.address}/policy")) == "console_sign_in_needed"
        console.arrive(SECOND_ADMIN)
        assert code_of(console.open(f"{console.address}/policy")) == "role_missing"


def test_a_token_in_the_address_is_refused_and_not_shown(stack: StackState) -> None:
    with Console(stack) as console:
        console.arrive(READER)
        secret = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"
        page = console.open(f"{console.address}/policy?access_token={secret}")
        assert code_of(page) == "secret_leaked"
        assert secret not in page.text
