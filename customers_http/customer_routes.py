"""The HTTP words of customers' tenants: who they are, and the application's consent in each."""

from typing import Any

import azure.functions as func

from customers_http.change import GRANTING, REMOVING, Change, read_change
from customers_http.dependencies import Dependencies
from customers_http.following import Act, followed
from shared.callers.assertion import CUSTOMERS_MANAGE, CUSTOMERS_READ
from shared.customers.concerns import concerns
from shared.errors import BrokerError
from shared.request_fields import require_no_body
from shared.responses import correlation_id, error_response, json_response
from shared.routes import Routes


def blueprint(dependencies: Dependencies) -> func.Blueprint:
    """List customers; make and take back the application's consent. Nothing of a grant is read from a request."""
    routes = Routes(render=_refusal)
    customers, pool = dependencies.customers, dependencies.pool

    async def asked(req: func.HttpRequest, context: func.Context, known: tuple[str, ...]) -> Change:
        operator, correlation = await dependencies.operator(req, CUSTOMERS_MANAGE), correlation_id(context)
        require_no_body(req)
        return read_change(
            req.route_params["tenant"],
            req.params,
            known,
            home_tenant=customers.actors.settings.home_tenant,
            operator=operator,
            correlation=correlation,
        )

    async def changed(change: Change, act: Act) -> dict[str, Any]:
        return await followed(change, act, pool=pool, forgetting=dependencies.forgetting)

    @routes.get("customers")
    async def customers_list(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        await dependencies.operator(req, CUSTOMERS_READ, CUSTOMERS_MANAGE)
        correlation = correlation_id(context)
        content = await pool.run(lambda: dependencies.listing.all(req.params, correlation=correlation))
        return json_response(content, correlation=correlation)

    @routes.put("customers/{tenant}/consent")
    async def customers_consent(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        change = await asked(req, context, GRANTING)
        return json_response(await changed(change, customers.grant), correlation=change.correlation)

    @routes.delete("customers/{tenant}/consent")
    async def customers_remove_consent(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        change = await asked(req, context, REMOVING)
        return json_response(await changed(change, customers.remove), correlation=change.correlation)

    return routes.blueprint()


def _refusal(error: BrokerError, correlation: str) -> func.HttpResponse:
    """An error, and whom it concerns: who works through many customers stops at what is so for all of them."""
    return error_response(error, correlation, concerns=concerns(error))
