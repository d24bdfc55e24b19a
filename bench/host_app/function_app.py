"""The broker with two functions more, which answer as a token does and know it beforehand: what the host itself costs.

`nothing` does no more than that, `line` writes a line as long as an audit record, by the same logger.
"""

import functools
import importlib.util
import json
import logging
import os
import sys
from pathlib import Path

import azure.functions as func

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))
_spec = importlib.util.spec_from_file_location("broker_function_app", ROOT / "function_app.py")
if _spec is None or _spec.loader is None:
    raise ImportError("function_app.py of the broker is not where it should be")
_broker = importlib.util.module_from_spec(_spec)
sys.modules["broker_function_app"] = _broker
_spec.loader.exec_module(_broker)

app: func.FunctionApp = _broker.app
LINE = json.dumps(
    {
        "caller": "eeee0000-2222-4222-8333-000000000000",
        "caller_application": "ffff0000-2222-4222-8333-000000000000",
        "compared": "tid aud appid exp",
        "consent": "partner",
        "correlation_id": "00000000-0000-4000-8000-000000000000",
        "dialect": "plain",
        "duration_ms": 0.2,
        "event": "bench.line",
        "from_cache": True,
        "lineage": "0" * 32,
        "outcome": "issued",
        "permission": "policy-2[50] caller 50",
        "resource": "https://graph.microsoft.com",
        "scope": "https://graph.microsoft.com/Directory.Read.All",
        "tenant": "bbbb0000-1111-4222-8333-444444440001",
        "tenant_asked": "contoso",
        "token_sha256": "0" * 64,
    }
)
_log = logging.getLogger("broker.audit")


@app.route(route="nothing", methods=[func.HttpMethod.POST], auth_level=func.AuthLevel.ANONYMOUS)
async def nothing(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:  # noqa: ARG001 - bound by name
    """Answer."""
    return _answer(context)


@app.route(route="line", methods=[func.HttpMethod.POST], auth_level=func.AuthLevel.ANONYMOUS)
async def line(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:  # noqa: ARG001 - bound by name
    """Write a line and answer."""
    _log.info(LINE)
    return _answer(context)


def _answer(context: func.Context) -> func.HttpResponse:
    headers = {
        "Cache-Control": "no-store",
        "Pragma": "no-cache",
        "X-Content-Type-Options": "nosniff",
        "x-ms-request-id": context.invocation_id,
    }
    return func.HttpResponse(_body(), mimetype="application/json", headers=headers, charset="utf-8")


@functools.cache
def _body() -> bytes:
    return Path(os.environ["BENCH_ANSWER"]).read_bytes()
