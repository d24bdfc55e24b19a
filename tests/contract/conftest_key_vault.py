"""A Key Vault stand-in in a process of its own, with the SDK's client for any identity of the made-up world."""

import gc
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Self

import httpx
from azure.core.credentials import AccessToken
from azure.keyvault.secrets import SecretClient
from azure.keyvault.secrets._shared import http_challenge_cache
from azure.keyvault.secrets._shared.client_base import DEFAULT_VERSION

from local.certificates import write_certificates
from local.key_vault import VAULTS, run
from local.key_vault.throttle import Limits
from local.processes import start, stop
from local.signing import SigningKeys
from local.state import StackState
from local.world import DEFAULT_WORLD, PARTNER_TENANT

LIFETIME = timedelta(hours=1)


class StaticCredential:
    """Answers every request for a token with the same one, and remembers what was asked for."""

    def __init__(self, token: str) -> None:
        self._token = token
        self.asked: list[tuple[tuple[str, ...], str | None]] = []

    def get_token(self, *scopes: str, tenant_id: str | None = None, **_options: object) -> AccessToken:
        self.asked.append((scopes, tenant_id))
        return AccessToken(self._token, int(time.time() + LIFETIME.total_seconds()))


class RunningVaults:
    """The two vaults while they run over `folder`; leaving the context stops them and closes every client."""

    def __init__(
        self, folder: Path, *, seeds: Mapping[str, Mapping[str, str]] | None = None, limits: Limits | None = None
    ) -> None:
        self._sockets = {vault: _listening() for vault in VAULTS}
        urls = {vault: f"https://localhost:{opened.getsockname()[1]}" for vault, opened in self._sockets.items()}
        self.state = StackState(
            folder=folder,
            host="http://localhost:1",
            entra="https://localhost:2",
            entra_browser="http://localhost:3",
            token_vault=urls["token_vault"],
            policy_vault=urls["policy_vault"],
            managed_identity="http://localhost:4",
        )
        self.keys = SigningKeys(self.state.signing_keys_folder)
        if not self.state.ca_file.exists():
            self.keys.rotate()
            write_certificates(
                ca=self.state.ca_file, certificate=self.state.certificate_file, key=self.state.certificate_key_file
            )
        self._options: dict[str, object] = {"seeds": seeds or {}, "limits": limits or Limits()}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        # The SDK remembers challenges by host and port for the whole process, and ports come back.
        http_challenge_cache.clear()
        self._process = start(run, self.state, self._sockets, **self._options)
        for opened in self._sockets.values():
            opened.close()
        return self

    def __exit__(self, *_error: object) -> None:
        self._open.close()
        # An error of the SDK keeps its connection in a reference cycle, and a graceful end waits for connections.
        gc.collect()
        stop(self._process)

    def token(self, identity: str = "broker", *, later: timedelta = timedelta(), **claims: object) -> str:
        """A token for an identity as Entra ID would sign it `later`, with some claims otherwise."""
        now = time.time() + later.total_seconds()
        usual = {
            "aud": "https://vault.azure.net",
            "iss": f"https://sts.windows.net/{PARTNER_TENANT}/",
            "tid": PARTNER_TENANT,
            "oid": DEFAULT_WORLD.identity(identity).object_id,
            # Entra ID dates its tokens back by five minutes, so that no clock is behind them.
            "iat": int(now) - 300,
            "exp": int(now + LIFETIME.total_seconds()),
        }
        return self.keys.sign(usual | claims)

    def client(
        self,
        identity: str = "broker",
        *,
        vault: str = "token_vault",
        credential: StaticCredential | None = None,
        retry_total: int = 3,
        api_version: str = DEFAULT_VERSION,
    ) -> SecretClient:
        """The SDK's client as the product makes it for loopback, with short waits between its tries."""
        client = SecretClient(
            getattr(self.state, vault),
            credential or StaticCredential(self.token(identity)),
            verify_challenge_resource=False,
            connection_verify=str(self.state.ca_file),
            retry_total=retry_total,
            api_version=api_version,
            retry_backoff_factor=0.01,
        )
        return self._open.enter_context(client)

    @contextmanager
    def http(self, *, vault: str = "token_vault", token: str | None = None) -> Iterator[httpx.Client]:
        """A bare HTTP client for what the SDK would never send."""
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        trust = ssl.create_default_context(cafile=self.state.ca_file)
        with httpx.Client(base_url=getattr(self.state, vault), headers=headers, verify=trust) as client:
            yield client

    def fault(self, **fault: object) -> None:
        """Hurt requests to the token vault; see local.control.Fault."""
        with self.http() as http:
            control = {"x-local-control": self.state.control_secret}
            http.post("/_local/faults", json=fault, headers=control).raise_for_status()


def _listening() -> socket.socket:
    # asyncio turns Nagle's algorithm off only where the protocol is spelled out; with it, each answer takes 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    return listening
