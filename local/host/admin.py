"""The admin routes of the host, all behind the master key: invoke a timer now, list functions, tell the state.

`POST /admin/functions/{name}` answers 202 at once, as in Azure. One extension is this stack's own: with
`Prefer: wait=N` (RFC 7240, seconds) it waits that long and answers 200 with how the run ended.
"""

import asyncio
import json
import logging
import re
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from local.host.background import Background
from local.host.functions import Function, HttpTrigger
from local.host.keys import Keys
from local.host.timers import Timer

logger = logging.getLogger(__name__)
_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?(\d{1,6})\"?", re.IGNORECASE)


class Admin:
    """Answers below /admin/."""

    def __init__(
        self,
        *,
        functions: Sequence[Function],
        timers: Sequence[Timer],
        background: Background,
        keys: Keys,
        route_prefix: str,
        host_id: str,
    ) -> None:
        self._functions = {function.name.lower(): function for function in functions}
        self._timers = {timer.function.name.lower(): timer for timer in timers}
        self._background = background
        self._keys = keys
        self._route_prefix = route_prefix
        self._host_id = host_id

    async def answer(self, request: Request, path: str) -> Response:
        """Answer one request whose decoded path begins with /admin/."""
        segments = path.lower().strip("/").split("/")[1:]
        match request.method, segments:
            case ("GET", ["host", "status"] | ["functions"]) | ("POST", ["functions", _]):
                if not self._keys.is_master(request):
                    return Response(status_code=403 if self._keys.open_level("function", request) else 401)
        match request.method, segments:
            case "GET", ["host", "status"]:
                # In Azure the version of the host; here that of the worker library, the part that is Microsoft's.
                shown = {"id": self._host_id, "state": "Running", "version": version("azure-functions-runtime")}
                return JSONResponse(shown)
            case "GET", ["functions"]:
                base = str(request.base_url)
                return JSONResponse([self._shown(function, base) for function in self._functions.values()])
            case "POST", ["functions", name] if name in self._functions:
                return await self._invoke(request, name)
        return Response(status_code=404)

    async def _invoke(self, request: Request, name: str) -> Response:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return Response(status_code=415)
        if not await _has_object(request):
            return Response(status_code=400)
        timer = self._timers.get(name)
        if timer is None:
            logger.error("%s failed: it is called on its own route.", self._functions[name].name)
            return Response(status_code=202)
        run = self._background.start(timer.invoke())
        preference = _WAIT.search(",".join(request.headers.getlist("prefer")))
        if preference is None:
            return Response(status_code=202)
        done, _ = await asyncio.wait({run}, timeout=int(preference[1]))
        if not done:
            return Response(status_code=202)
        status = "Success" if run.result().succeeded else "Failure"
        return JSONResponse({"status": status}, headers={"preference-applied": f"wait={preference[1]}"})

    def _shown(self, function: Function, base: str) -> dict[str, Any]:
        url, of_http = None, {}
        if isinstance(function.trigger, HttpTrigger):
            of_http = {"route": function.trigger.route, "methods": sorted(function.trigger.methods)}
            url = base + "/".join(filter(None, (self._route_prefix, function.trigger.route.strip("/")))).lower()
        binding = {"type": function.trigger_type, "name": function.parameter, "direction": "in", **of_http}
        return {
            "name": function.name,
            "language": "python",
            "isDisabled": function.disabled,
            "invoke_url_template": url,
            "config": {"bindings": [binding]},
        }


async def _has_object(request: Request) -> bool:
    try:
        return isinstance(json.loads(await request.body()), dict)
    except ValueError:
        return False
