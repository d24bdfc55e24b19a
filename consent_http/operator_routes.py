"""The HTTP words of operators who look after consents: list, show, make a link, withdraw."""

import azure.functions as func

from consent_http.dependencies import Dependencies
from consent_http.operators import LINK_FIELDS
from shared.callers.assertion import CONSENT_MANAGE, CONSENT_READ
from shared.errors import InvalidRequest
from shared.responses import ANONYMOUS, answering, correlation_id, error_response, json_body, json_response


def blueprint(dependencies: Dependencies) -> func.Blueprint:
    """Look at consents, make links, withdraw."""
    routes = func.Blueprint()
    operators = dependencies.operators

    @routes.route(route="consents", methods=[func.HttpMethod.GET], auth_level=ANONYMOUS)
    @answering(error_response)
    async def consents_list(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        await dependencies.operator(req, CONSENT_READ)
        content = await dependencies.pool.run(operators.list_all)
        return json_response(content, correlation=correlation_id(context))

    @routes.route(route="consents/{name}", methods=[func.HttpMethod.GET], auth_level=ANONYMOUS)
    @answering(error_response)
    async def consents_show(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        await dependencies.operator(req, CONSENT_READ)
        content = await dependencies.pool.run(lambda: operators.show(req.route_params["name"]))
        return json_response(content, correlation=correlation_id(context))

    @routes.route(route="consents/{name}", methods=[func.HttpMethod.DELETE], auth_level=ANONYMOUS)
    @answering(error_response)
    async def consents_withdraw(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        operator = await dependencies.operator(req, CONSENT_MANAGE)
        if req.params:
            raise InvalidRequest("This route takes no parameters, and knows no dry run.")
        name, correlation = req.route_params["name"], correlation_id(context)
        try:
            content = await dependencies.pool.run(
                lambda: operators.withdraw(name, operator=operator, correlation=correlation)
            )
        finally:  # what failed may have been done all the same
            dependencies.on_change(name)
        return json_response(content, correlation=correlation)

    @routes.route(route="consents/{name}/link", methods=[func.HttpMethod.POST], auth_level=ANONYMOUS)
    @answering(error_response)
    async def consents_link(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        operator = await dependencies.operator(req, CONSENT_MANAGE)
        fields, correlation = json_body(req, LINK_FIELDS), correlation_id(context)
        content = await dependencies.pool.run(
            lambda: operators.make_link(req.route_params["name"], fields, operator=operator, correlation=correlation),
        )
        return json_response(content, correlation=correlation, status=201)

    return routes
