"""The HTTP words of acts that an operator makes or carries: device code, import, restore."""

import azure.functions as func

from consent_http.completion import Confirmation
from consent_http.dependencies import Dependencies
from consent_http.device import POLL_FIELDS, START_FIELDS, Waiting
from consent_http.importing import FIELDS as IMPORT_FIELDS
from consent_http.operators import rendered
from shared.callers.assertion import CONSENT_MANAGE
from shared.request_fields import checked_parameters, json_body, require_no_body
from shared.responses import correlation_id, json_response
from shared.routes import Routes


def blueprint(dependencies: Dependencies) -> func.Blueprint:
    """Sign in through another device, import a refresh token, take a withdrawal back."""
    routes = Routes(bursts=dependencies.operator.bursts)
    _device_routes(routes, dependencies)

    @routes.post("consents/{name}/import")
    async def consents_import(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        operator = await dependencies.operator(req, CONSENT_MANAGE)
        name, fields, correlation = req.route_params["name"], json_body(req, IMPORT_FIELDS), correlation_id(context)
        confirmation = await dependencies.pools.acts.run(
            lambda: dependencies.imports.run(name, fields, operator=operator, correlation=correlation)
        )
        return _confirmed(dependencies, confirmation, correlation, status=201)

    @routes.post("consents/{name}/restore")
    async def consents_restore(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        operator = await dependencies.operator(req, CONSENT_MANAGE)
        checked_parameters(req.params, ())
        require_no_body(req)
        name, correlation = req.route_params["name"], correlation_id(context)
        content = await dependencies.desk.restore(name, operator=operator, correlation=correlation)
        return json_response(content, correlation=correlation)

    return routes.blueprint()


def _device_routes(routes: Routes, dependencies: Dependencies) -> None:
    @routes.post("consents/{name}/device")
    async def consents_device(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        operator = await dependencies.operator(req, CONSENT_MANAGE)
        name, fields, correlation = req.route_params["name"], json_body(req, START_FIELDS), correlation_id(context)
        content = await dependencies.pools.acts.run(
            lambda: dependencies.device.start(name, fields, operator=operator, correlation=correlation)
        )
        return json_response(content, correlation=correlation, status=201)

    @routes.post("consents/{name}/device/poll")
    async def consents_device_poll(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        operator = await dependencies.operator(req, CONSENT_MANAGE)
        name, fields, correlation = req.route_params["name"], json_body(req, POLL_FIELDS), correlation_id(context)
        polled = await dependencies.pools.acts.run(
            lambda: dependencies.device.poll(name, fields, operator=operator, correlation=correlation)
        )
        if isinstance(polled, Waiting):
            content = {"status": "pending", "device": polled.device, "interval": polled.interval}
            response = json_response(content, correlation=correlation, status=202)
            response.headers["Retry-After"] = str(polled.interval)
            return response
        return _confirmed(dependencies, polled, correlation)


def _confirmed(
    dependencies: Dependencies, confirmation: Confirmation, correlation: str, *, status: int = 200
) -> func.HttpResponse:
    dependencies.on_change(confirmation.consent.name)
    return json_response(rendered(confirmation), correlation=correlation, status=status)
