"""One Functions app being served: loaded when the server starts, its work let finish when the server stops."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Route

from local.host import attribution, worker
from local.host.admin import Admin
from local.host.background import Background
from local.host.configuration import read_configuration
from local.host.errors import StartError
from local.host.front import Front
from local.host.keys import Keys
from local.host.timers import make_timers
from local.state import StackState

# Real seconds that running functions get when the host stops.
GRACE = 5

logger = logging.getLogger(__name__)


class Application:
    """The app in `folder`; `failure` says why it did not start, once the server has given up."""

    def __init__(self, state: StackState, folder: Path) -> None:
        self._state = state
        self._folder = folder
        self.failure: StartError | None = None
        # Loading is the server's start-up, so that it happens at the stack's time and its log goes to the folder.
        self.asgi = Starlette(lifespan=self._lifespan)

    @asynccontextmanager
    async def _lifespan(self, asgi: Starlette) -> AsyncIterator[None]:
        background = Background()
        try:
            front = await self._load(background)
        except StartError as error:
            self.failure = error
            raise
        asgi.router.routes.append(Route("/{path:path}", front))
        yield
        await _finish(background)

    async def _load(self, background: Background) -> Front:
        attribution.install()
        configuration = read_configuration(self._folder, os.environ)
        functions = await worker.load(self._folder)
        timers = make_timers(functions, folder=self._state.folder, environment=os.environ)
        keys = Keys(master=self._state.control_secret)
        admin = Admin(
            functions=functions,
            timers=timers,
            background=background,
            keys=keys,
            route_prefix=configuration.route_prefix,
            host_id=self._folder.name.lower(),
        )
        front = Front(functions, configuration=configuration, keys=keys, admin=admin)
        for timer in timers:
            if not timer.function.disabled:
                timer.write()
                background.start(timer.keep(background.closing))
        return front


async def _finish(background: Background) -> None:
    try:
        async with asyncio.timeout(GRACE):
            await background.finish()
            await asyncio.to_thread(worker.stop)
    except TimeoutError:
        # A thread cannot be cancelled, and the interpreter would wait for it without end.
        logger.warning("Functions that still ran after %d s were cut off.", GRACE)
        logging.shutdown()
        os._exit(0)
