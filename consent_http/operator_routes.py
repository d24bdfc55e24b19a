"""The HTTP words of operators who look after consents: list, show, make and revoke links, withdraw."""

import azure.functions as func

from consent_http.dependencies import Dependencies
from consent_http.operators import LINK_FIELDS
from shared.callers.assertion import CONSENT_MANAGE, CONSENT_READ
from shared.request_fields import checked_parameters, json_body, require_no_body
from shared.responses import correlation_id, json_response
from shared.routes import Routes


def blueprint(dependencies: Dependencies) -> func.Blueprint:
    """Look at consents, make and revoke links, withdraw."""
    routes = Routes(bursts=dependencies.operator.bursts)
    operators = dependencies.operators

    @routes.get("consents")
    async def consents_list(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        await dependencies.operator(req, CONSENT_READ)
        checked_parameters(req.params, ())
        content = await dependencies.pools.operators.run(operators.list_all)
        return json_response(content, correlation=correlation_id(context))

    @routes.get("consents/{name}")
    async def consents_show(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        await dependencies.operator(req, CONSENT_READ)
        checked_parameters(req.params, ())
        content = await dependencies.pools.operators.run(lambda: operators.show(req.route_params["name"]))
        return json_response(content, correlation=correlation_id(context))

    @routes.delete("consents/{name}")
    async def consents_withdraw(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        operator = await dependencies.operator(req, CONSENT_MANAGE)
        checked_parameters(req.params, ())
        require_no_body(req)
        name, correlation = req.route_params["name"], correlation_id(context)
        content = await dependencies.desk.withdraw(name, operator=operator, correlation=correlation)
        return json_response(content, correlation=correlation)

    @routes.post("consents/{name}/link")
    async def consents_link(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        operator = await dependencies.operator(req, CONSENT_MANAGE)
        fields, correlation = json_body(req, LINK_FIELDS), correlation_id(context)
        name = req.route_params["name"]
        content = await dependencies.desk.make_link(name, fields, operator=operator, correlation=correlation)
        return json_response(content, correlation=correlation, status=201)

    @routes.delete("consents/{name}/link")
    async def consents_revoke_links(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        operator = await dependencies.operator(req, CONSENT_MANAGE)
        checked_parameters(req.params, ())
        require_no_body(req)
        name, correlation = req.route_params["name"], correlation_id(context)
        content = await dependencies.pools.emergency.run(
            lambda: operators.revoke_links(name, operator=operator, correlation=correlation)
        )
        return json_response(content, correlation=correlation)

    return routes.blueprint()
