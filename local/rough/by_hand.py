"""Roughness ordered by hand on a running stack: what the command `rough` can say, and what it sends for it."""

from typing import Any

import httpx

from local.controls import Controls
from local.processes import StackFailed
from local.rough.faults import MODES
from local.state import StackState

PARTS = ("entra", "entra_browser", "token_vault", "policy_vault", "partner_center", "graph", "managed_identity")
CALM = "calm"
# The last two are Entra ID's: a key published without the older ones, and a refusal by a number that no list has.
ROUGHNESS = (*MODES, CALM, "late", "503", "forget_by_reset", "forget_by_silence", "new_key", "unlisted_number")
UNLISTED = 999_999


def order(state: StackState, part: str, what: str, *, path: str, times: int, seconds: float) -> str:
    """Order one of ROUGHNESS of one of PARTS and say what was ordered; raises StackFailed where it cannot be had."""
    controls = Controls(state, getattr(state, part))
    if what == CALM:
        for route in ("faults", "errors") if part == "entra" else ("faults",):
            controls.clear(route)
        return f"{part}: what was ordered has ended."
    route, content = _message(what, {"path": path, "times": times}, seconds)
    try:
        answer = controls.post(route, content)
    except httpx.HTTPStatusError as error:
        raise StackFailed(f"{part} takes no order of {what}: {error.response.text}.") from error
    return f"{part}: {what} is ordered. {answer.text}".rstrip()


def _message(what: str, met: dict[str, Any], seconds: float) -> tuple[str, dict[str, Any]]:
    match what:
        case "late":
            return "faults", {**met, "delay": seconds}
        case "503":
            return "faults", {**met, "status": 503, "headers": {"Retry-After": "1"}}
        case "forget_by_reset" | "forget_by_silence":
            return "forget", {"ending": what.removeprefix("forget_by_")}
        case "new_key":
            return "keys/rotate", {"alone": True}
        case "unlisted_number":
            return "errors", {"code": UNLISTED, "times": met["times"]}
    return "faults", {**met, "mode": what, "pause": seconds}
