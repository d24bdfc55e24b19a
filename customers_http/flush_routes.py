"""The HTTP words of flushing: what is remembered of a customer's tenant is forgotten."""

import azure.functions as func

from customers_http.change import read_tenant
from customers_http.dependencies import Dependencies
from shared.callers.assertion import CUSTOMERS_MANAGE
from shared.request_fields import checked_parameters, require_no_body
from shared.responses import correlation_id, json_response
from shared.routes import Routes


def blueprint(dependencies: Dependencies) -> func.Blueprint:
    """Forget a customer, for operators who may manage customers; nothing in the customer's tenant changes."""
    routes = Routes()
    home = dependencies.customers.actors.settings.home_tenant

    @routes.post("customers/{tenant}/flush")
    async def customers_flush(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        operator, correlation = await dependencies.operator(req, CUSTOMERS_MANAGE), correlation_id(context)
        checked_parameters(req.params, ())
        require_no_body(req)
        tenant_id = read_tenant(req.route_params["tenant"], home_tenant=home)
        content = await dependencies.flushing.run(tenant_id, operator=operator, correlation=correlation)
        return json_response(content, correlation=correlation)

    return routes.blueprint()
