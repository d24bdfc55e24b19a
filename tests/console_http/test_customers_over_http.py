"""The customers' pages behind the door: who has a role there sees them, and nobody else."""

import httpx
import pytest

from local.state import StackState
from local.world import ADMIN, CONTOSO, READER, SECOND_ADMIN, User
from tests.consent_http.browser import code_of
from tests.console_http.browser import Console


@pytest.mark.parametrize("user", [ADMIN, READER], ids=["manager", "reader"])
def test_who_has_a_role_sees_customers_and_finds_them_in_the_menu(stack: StackState, user: User) -> None:
    with Console(stack) as console:
        assert 'href="/api/console/customers"' in console.arrive(user).text
        page = console.open(f"{console.address}/customers?state=failing&name=x%2Cy")
        assert (page.status_code, "<h1>Customers</h1>" in page.text) == (httpx.codes.OK, True), page.text
        assert console.open(f"{console.address}/customers/{CONTOSO}").status_code in {200, 404}
        assert code_of(console.open(f"{console.address}/customers?page=x")) == "invalid_request"


def test_who_has_no_role_or_no_session_sees_no_customer(stack: StackState) -> None:
    with Console(stack) as console:
        paths = (f"{console.address}/customers", f"{console.address}/customers/{CONTOSO}")
        assert [code_of(console.open(path)) for path in paths] == ["console_sign_in_needed"] * 2
        console.arrive(SECOND_ADMIN)
        assert [code_of(console.open(path)) for path in paths] == ["role_missing"] * 2
