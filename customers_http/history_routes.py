"""The HTTP words of a customer's history: what changed in the months that are kept, the newest first."""

import azure.functions as func

from customers_http.change import read_tenant
from customers_http.dependencies import Dependencies
from customers_http.subjects import checked_subject
from shared.callers.assertion import CUSTOMERS_MANAGE, CUSTOMERS_READ
from shared.consents.consent import DEFAULT_NAME
from shared.request_fields import checked_parameters, require_no_body
from shared.responses import correlation_id, json_response
from shared.routes import Routes

PARAMETERS = ("consent",)


def blueprint(dependencies: Dependencies) -> func.Blueprint:
    """The changes that checks have met, for operators who may read or manage customers."""
    routes = Routes()
    home = dependencies.customers.actors.settings.home_tenant

    @routes.get("customers/{tenant}/history")
    async def customers_history(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        await dependencies.operator(req, CUSTOMERS_READ, CUSTOMERS_MANAGE)
        checked_parameters(req.params, PARAMETERS)
        require_no_body(req)
        tenant_id = read_tenant(req.route_params["tenant"], home_tenant=home)
        consent = checked_subject(req.params.get("consent", DEFAULT_NAME))
        changes = await dependencies.reading.run(lambda: dependencies.status.history(consent, tenant_id))
        content = {"tenant": tenant_id, "consent": consent, "changes": changes}
        return json_response(content, correlation=correlation_id(context))

    return routes.blueprint()
