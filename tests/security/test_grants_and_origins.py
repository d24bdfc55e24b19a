"""What the broker does not do at all: other grants of OAuth, and answers that another origin may read."""

import ast

import pytest

from local.state import StackState
from tests.consent_http.browser import send
from tests.infra.project import ROOT

PRODUCT = ("consent_http", "customers_http", "refresh_timer", "token_http", "shared")
# By MSAL's names: the code with PKCE, the device code, the refresh token, and client credentials for tokens of the
# application itself. No password, no implicit grant, nobody's token on behalf of somebody.
GRANTS = {
    "initiate_auth_code_flow",
    "acquire_token_by_auth_code_flow",
    "initiate_device_flow",
    "obtain_token_by_device_flow",
    "acquire_token_by_refresh_token",
    "acquire_token_for_client",
}


def called_grants() -> set[str]:
    """The methods of the product's code whose names are those of a grant."""
    trees = [ast.parse(file.read_text()) for folder in PRODUCT for file in (ROOT / folder).rglob("*.py")]
    methods = {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return {name for name in methods if name.startswith(("acquire_", "initiate_", "obtain_token"))}


def test_the_broker_uses_no_grant_but_these() -> None:
    assert called_grants() == GRANTS


@pytest.mark.parametrize("path", ["api/token", "api/health", "api/consent", "api/consents", "api/openapi.json"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_no_answer_allows_another_origin_anything(stack: StackState, method: str, path: str) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = send(method, f"{stack.host}/{path}", headers=asked)
    assert [name for name in answer.headers if name.startswith("access-control-")] == []
