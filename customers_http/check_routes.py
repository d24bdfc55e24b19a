"""The HTTP words of the check: which tenants and resources a stored consent reaches."""

import azure.functions as func

from customers_http.check import FIELDS
from customers_http.dependencies import Dependencies
from shared.callers.assertion import CONSENT_READ
from shared.request_fields import json_body
from shared.responses import correlation_id, json_response
from shared.routes import Routes


def blueprint(dependencies: Dependencies) -> func.Blueprint:
    """Try a consent; nothing is changed."""
    routes = Routes()

    @routes.post("consents/{name}/check")
    async def consents_check(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        operator, correlation = await dependencies.operator(req, CONSENT_READ), correlation_id(context)
        name, fields = req.route_params["name"], json_body(req, FIELDS)
        content = await dependencies.check.audited(name, fields, operator=operator, correlation=correlation)
        return json_response(content, correlation=correlation)

    return routes.blueprint()
