"""The HTTP words of the end of a customer: no tokens any more, and the applications out of its tenant."""

from contextlib import suppress

import azure.functions as func

from customers_http.change import REMOVING, Change, read_change
from customers_http.dependencies import Dependencies
from shared.callers.assertion import CUSTOMERS_MANAGE
from shared.customers.concerns import concerns
from shared.errors import BrokerError
from shared.request_fields import require_no_body
from shared.responses import correlation_id, error_response, json_response
from shared.routes import Routes


def blueprint(dependencies: Dependencies) -> func.Blueprint:
    """Offboard, and take that back, for operators who may manage customers; a dry run unless it says otherwise."""
    routes = Routes(render=_refusal)
    offboarding, pool = dependencies.offboarding, dependencies.pool
    home = dependencies.customers.actors.settings.home_tenant

    async def asked(req: func.HttpRequest, context: func.Context, known: tuple[str, ...]) -> Change:
        operator, correlation = await dependencies.operator(req, CUSTOMERS_MANAGE), correlation_id(context)
        require_no_body(req)
        return read_change(
            req.route_params["tenant"],
            req.params,
            known,
            home_tenant=home,
            operator=operator,
            correlation=correlation,
        )

    @routes.put("customers/{tenant}/offboarding")
    async def customers_offboard(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        change = await asked(req, context, REMOVING)
        try:
            await pool.run(lambda: offboarding.stop(change))
            if not change.dry_run:
                dependencies.on_stop()
                # The stop is read within the same time: other instances forget their tokens once they can be told.
                with suppress(BrokerError):
                    await dependencies.forgetting.everywhere(change.tenant_id)
            content = await pool.run(lambda: offboarding.remove(change))
        except BrokerError as error:
            error.knowing(**change.facts)
            raise
        finally:
            if not change.dry_run:
                dependencies.forgetting.soon(change.tenant_id)
        reaches = {} if change.dry_run else dependencies.flushing.reach
        return json_response({**content, **reaches}, correlation=change.correlation)

    @routes.delete("customers/{tenant}/offboarding")
    async def customers_return(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        change = await asked(req, context, ())
        content = await pool.run(lambda: offboarding.take_back(change))
        dependencies.on_stop()
        dependencies.forgetting.soon(change.tenant_id)
        return json_response({**content, **dependencies.flushing.reach}, correlation=change.correlation)

    return routes.blueprint()


def _refusal(error: BrokerError, correlation: str) -> func.HttpResponse:
    return error_response(error, correlation, concerns=concerns(error))
