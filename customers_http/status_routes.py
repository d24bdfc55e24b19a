"""The HTTP words of the status: one page of what the runs have found."""

import azure.functions as func

from customers_http.dependencies import Dependencies
from customers_http.status_question import read_question
from shared.callers.assertion import CUSTOMERS_MANAGE, CUSTOMERS_READ
from shared.responses import correlation_id, json_response
from shared.routes import Routes


def blueprint(dependencies: Dependencies) -> func.Blueprint:
    """What works, at a glance, for operators who may read or manage customers."""
    routes = Routes()

    @routes.get("status")
    async def status(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        await dependencies.operator(req, CUSTOMERS_READ, CUSTOMERS_MANAGE)
        question = read_question(req.params)
        content = await dependencies.reading.run(lambda: dependencies.status.answer(question))
        return json_response(content, correlation=correlation_id(context))

    return routes.blueprint()
