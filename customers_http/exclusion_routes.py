"""The HTTP words of exclusions: a customer is kept out of checks, consents and alarms, and let in again."""

import azure.functions as func

from customers_http.change import read_tenant
from customers_http.dependencies import Dependencies
from customers_http.excluding import FIELDS
from shared.callers.assertion import CUSTOMERS_MANAGE
from shared.request_fields import checked_parameters, json_body, require_no_body
from shared.responses import correlation_id, json_response
from shared.routes import Routes


def blueprint(dependencies: Dependencies) -> func.Blueprint:
    """Exclude and include, for operators who may manage customers; nothing in the customer's tenant changes."""
    routes = Routes()
    home, excluding = dependencies.customers.actors.settings.home_tenant, dependencies.excluding

    @routes.put("customers/{tenant}/exclusion")
    async def customers_exclude(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        operator, correlation = await dependencies.operator(req, CUSTOMERS_MANAGE), correlation_id(context)
        tenant_id, fields = read_tenant(req.route_params["tenant"], home_tenant=home), json_body(req, FIELDS)
        content = await dependencies.reading.run(
            lambda: excluding.exclude(tenant_id, fields, operator=operator, correlation=correlation)
        )
        return json_response(content, correlation=correlation)

    @routes.delete("customers/{tenant}/exclusion")
    async def customers_include(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        operator, correlation = await dependencies.operator(req, CUSTOMERS_MANAGE), correlation_id(context)
        checked_parameters(req.params, ())
        require_no_body(req)
        tenant_id = read_tenant(req.route_params["tenant"], home_tenant=home)
        content = await dependencies.reading.run(
            lambda: excluding.include(tenant_id, operator=operator, correlation=correlation)
        )
        return json_response(content, correlation=correlation)

    return routes.blueprint()
