"""The HTTP words of the one stop for all tokens of the application: stop, resume, and how it stands."""

from typing import Any

import azure.functions as func

from shared.audit import record
from shared.callers.assertion import CONSENT_MANAGE, CONSENT_READ
from shared.request_fields import checked_parameters, require_no_body
from shared.responses import correlation_id, json_response
from shared.routes import Routes
from token_http.dependencies import Dependencies


def declare(routes: Routes, dependencies: Dependencies) -> None:
    """Add these routes to the token endpoint's; tokens of people are not touched by any of them."""
    stops, pool = dependencies.stops, dependencies.stops_pool

    async def changed(req: func.HttpRequest, context: func.Context, *, stopped: bool) -> func.HttpResponse:
        operator, correlation = await dependencies.operator(req, CONSENT_MANAGE), correlation_id(context)
        checked_parameters(req.params, ())
        require_no_body(req)
        change = stops.stop if stopped else stops.resume
        await pool.run(lambda: change(by=operator.object_id))
        dependencies.service.forget_stops()
        who = {"operator": operator.object_id, "correlation_id": correlation}
        if stopped:
            record("application.stopped", who)
        else:
            record("application.resumed", who)
        return json_response(told(stopped=stopped), correlation=correlation)

    def told(*, stopped: bool) -> dict[str, Any]:
        within = dependencies.stops_within if stops.reaches_all else 0
        reaches = "every_instance" if stops.reaches_all else "this_instance"
        return {"stopped": stopped, "reaches": reaches, "within_seconds": within}

    @routes.get("application/stop")
    async def application_stop_show(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        await dependencies.operator(req, CONSENT_READ)
        checked_parameters(req.params, ())
        found = await pool.run(stops.read)
        content = {"stopped": found.is_stopped, "left": sorted(found.left), "offboarded": sorted(found.offboarded)}
        return json_response(content, correlation=correlation_id(context))

    @routes.put("application/stop")
    async def application_stop(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        return await changed(req, context, stopped=True)

    @routes.delete("application/stop")
    async def application_resume(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        return await changed(req, context, stopped=False)
