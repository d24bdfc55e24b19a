"""How an order of roughness is carried out on one request."""

import asyncio

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from local.rough import contents, manners
from local.rough.answers import Answer, answer_of, send_pieces
from local.rough.faults import Fault
from local.rough.oddities import ODDITIES, with_members
from local.rough.wire import Wire, gone


class Hurt:
    """An ASGI app in whose place a fault answers."""

    def __init__(self, app: ASGIApp, fault: Fault) -> None:
        self._app = app
        self._fault = fault

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Do to this request what the fault says."""
        fault, wire = self._fault, Wire.of(scope)
        await asyncio.sleep(fault.delay)
        if fault.drop is not None:
            if fault.drop == "after":
                await answer_of(self._app, scope, receive)
            wire.end(fault.ending)
        elif fault.mode is None:
            await self._served()(scope, receive, send)
            return
        else:
            await _send_roughly(await answer_of(self._served(), scope, receive), fault, wire, send)
        # To uvicorn an app that returns without an answer has failed; that the connection has ended it understands.
        await gone(receive)

    def _served(self) -> ASGIApp:
        fault = self._fault
        if fault.status is None:
            return self._app
        return JSONResponse(fault.body, status_code=fault.status, headers=fault.headers)


async def _send_roughly(answer: Answer, fault: Fault, wire: Wire, send: Send) -> None:
    match fault.mode:
        case "garbage":
            await send_pieces(answer, [contents.GARBAGE], wire, send)
        case "odd_json":
            await send_pieces(answer, [_odd(answer.body, fault)], wire, send)
        case "huge":
            await send_pieces(answer, contents.padded(answer.body, fault.size), wire, send)
        case "compressed_huge":
            pieces = contents.compressed(contents.padded(answer.body, fault.size))
            await send_pieces(answer.with_header("content-encoding", "gzip"), pieces, wire, send)
        case "drip":
            await manners.drip(answer, wire, pause=fault.pause)
        case "drip_headers":
            await manners.drip_headers(answer, wire, pause=fault.pause)
        case "truncated":
            await manners.truncated(answer, wire)
        case "wrong_length":
            await manners.wrong_length(answer, wire, by=fault.by)
        case "not_http":
            await manners.not_http(wire)


def _odd(body: bytes, fault: Fault) -> bytes:
    return with_members(body, fault.members) if fault.members else ODDITIES[fault.oddity](body)
