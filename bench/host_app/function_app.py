"""The broker with one function more, which does nothing: what the host itself costs, on the same host in one run."""

import importlib.util
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


@app.route(route="nothing", methods=[func.HttpMethod.POST], auth_level=func.AuthLevel.ANONYMOUS)
async def nothing(req: func.HttpRequest) -> func.HttpResponse:
    """Answer as much as a token answer holds, and do nothing for it."""
    return func.HttpResponse(b"x" * len(req.get_body()) + b"." * 2000, mimetype="application/json")
