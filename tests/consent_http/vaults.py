"""The local vaults as their administrator uses them: the real SDK, with an identity of the stack."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from azure.core.credentials import AccessToken
from azure.keyvault.secrets import SecretClient

from local.stack import identity_environment
from local.state import StackState

ADMINISTRATOR = "vault-administrator"


class _OfTheStack:
    """azure-core's TokenCredential for one identity of a stack, whatever this process' environment says."""

    def __init__(self, state: StackState) -> None:
        self._platform = identity_environment(state, ADMINISTRATOR)

    def get_token(self, *scopes: str, **_kwargs: Any) -> AccessToken:  # noqa: ANN401 - azure-core's signature
        """A token for the resource of the scope, by the App Service protocol."""
        answer = httpx.get(
            self._platform["IDENTITY_ENDPOINT"],
            params={"api-version": "2019-08-01", "resource": scopes[0].removesuffix("/.default")},
            headers={"X-IDENTITY-HEADER": self._platform["IDENTITY_HEADER"]},
            trust_env=False,
        )
        content = answer.raise_for_status().json()
        return AccessToken(content["access_token"], int(content["expires_on"]))


@contextmanager
def vault_of(state: StackState, kind: str) -> Iterator[SecretClient]:
    """The vault `token` or `policy` of a stack."""
    url = {"token": state.token_vault, "policy": state.policy_vault}[kind]
    with SecretClient(
        url, _OfTheStack(state), verify_challenge_resource=False, connection_verify=str(state.ca_file)
    ) as client:
        yield client
