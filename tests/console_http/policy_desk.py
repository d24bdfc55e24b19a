"""The policy's page in process: documents in a vault in memory, the engine over them, a visit that passed the door."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import cast

import azure.functions as func

from console_http import policy
from console_http.dependencies import Dependencies
from console_http.door import Door
from console_http.session import Session
from console_http.visit import Shown, Visit
from shared.callers.assertion import POLICY_READ
from shared.cloud import PUBLIC
from shared.pages.page import Page
from tests.token_http.samples import NOON, Scene
from token_http.policy_view import PolicyView

SESSION = Session.begun(object_id="ada", username="ada@f.example", roles=frozenset({POLICY_READ}), now=NOON)
VAULT = "https://policies.vault.azure.net"


@dataclass(slots=True)
class PolicyDesk:
    """`documents` are what the vault gets, one version after another; None disables the latest."""

    documents: list[tuple[str, str | None]] = field(default_factory=list)
    consents: frozenset[str] = frozenset({"partner"})
    owners: Mapping[str, str] = field(default_factory=dict)
    pages: dict[str, Shown] = field(default_factory=dict)
    roles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    scene: Scene = field(init=False)

    def show(self, **parameters: str) -> Page:
        """The page, opened on an instance that has read each version as it came."""

        async def shown(view: PolicyView) -> Page:
            settings = SimpleNamespace(policy_vault_url=VAULT)
            policy.declare(cast("Door", self), cast("Dependencies", SimpleNamespace(policy=view, settings=settings)))
            page = await self.pages["console/policy"](self._visit(parameters))
            assert isinstance(page, Page)
            return page

        return self.seen(shown)

    def seen[T](self, look: Callable[[PolicyView], Awaitable[T]]) -> T:
        """What somebody sees who looks at the policy through this."""

        async def work() -> T:
            scene = self.scene = Scene()
            scene.owners = {**self.owners}
            scene.policies.written.clear()
            for name, text in self.documents:
                self._write(name, text)
                scene.clock.move(minutes=5)
                await scene.issuer.policy()
            return await look(PolicyView(issuer=scene.issuer, cloud=PUBLIC, consents=lambda: self.consents))

        # In a thread of its own: a browser's tests run in an event loop that goes on.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(lambda: asyncio.run(work())).result()

    def _write(self, name: str, text: str | None) -> None:
        vault = self.scene.policies
        if text is None:
            vault.patch(name, vault.written[name][-1].version.version, enabled=False)
        else:
            vault.put(name, text, tags={})

    @staticmethod
    def _visit(parameters: Mapping[str, str]) -> Visit:
        request = func.HttpRequest("GET", "/api/console/policy", params=dict(parameters), body=b"", headers={})
        operator = SESSION.as_operator("client")
        return Visit(session=SESSION, operator=operator, request=request, correlation="c", form={})

    def page(self, path: str, *roles: str) -> Callable[[Shown], Shown]:
        """As Door.page."""

        def decorate(show: Shown) -> Shown:
            self.pages[path], self.roles[path] = show, roles
            return show

        return decorate
