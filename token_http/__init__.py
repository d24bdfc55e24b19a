"""Exchange, on request: the HTTP words of the token endpoint's dialects, of the policy, and of health."""

import functools
import json
from importlib.resources import files

import azure.functions as func

from shared.audit import record
from shared.callers.assertion import CONSENT_READ, POLICY_READ, bearer
from shared.consents.consent import DEFAULT_NAME, checked_name
from shared.errors import SHORT_RETRY_SECONDS, BrokerError
from shared.request_fields import body_or_query, checked_parameters, json_body
from shared.responses import correlation_id, error_response, json_response, written_response
from shared.routes import Routes
from shared.subject import APPLICATION, Subject
from token_http import application_routes, identity_dialect, oauth_routes, policy_tenants
from token_http import policy_check as dry_run
from token_http import policy_lint as linting
from token_http import tenants as listing
from token_http.availability import UNSEEN
from token_http.connection import Connection
from token_http.dependencies import Dependencies, warned
from token_http.message import BODY_ALONE, FIELDS, parse, render


def blueprint(dependencies: Dependencies) -> func.Blueprint:
    """The routes for callers, for operators who ask about the policy, and for everybody."""
    routes = Routes(bursts=dependencies.operator.bursts)
    _plain_route(routes, dependencies)
    _identity_route(routes, dependencies)
    _module_route(routes, dependencies)
    _tenants_route(routes, dependencies)
    oauth_routes.declare(routes, dependencies)
    application_routes.declare(routes, dependencies)
    _policy_routes(routes, dependencies)
    _open_routes(routes, dependencies)
    return routes.blueprint()


def _plain_route(routes: Routes, dependencies: Dependencies) -> None:
    @routes.post("token")
    async def token(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        correlation = correlation_id(context)
        (issued,) = await dependencies.service.issue(
            dependencies.trail(req, context, dialect="plain"),
            lambda: bearer(req.headers.get("Authorization")),
            lambda _caller: [parse(body_or_query(req, FIELDS, body_alone=BODY_ALONE), dependencies.cloud)],
        )
        response = json_response(render(issued, now=dependencies.clock()), correlation=correlation)
        return warned(response, issued.warnings)


def _identity_route(routes: Routes, dependencies: Dependencies) -> None:
    @routes.get("msi/{consent}/{tenant}", render=_identity_error)
    async def msi(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        return await answer(req, context, req.route_params["consent"])

    @routes.get("msi-application/{tenant}", render=_identity_error)
    async def msi_application(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        return await answer(req, context, APPLICATION)

    async def answer(req: func.HttpRequest, context: func.Context, subject: Subject) -> func.HttpResponse:
        tenant, cloud = req.route_params["tenant"], dependencies.cloud
        (issued,) = await dependencies.service.issue(
            dependencies.trail(req, context, dialect="managed_identity"),
            lambda: identity_dialect.assertion_of(req.headers),
            lambda caller: [identity_dialect.parse(subject, tenant, req.params, caller=caller, cloud=cloud)],
        )
        content = identity_dialect.render(issued, client_id=dependencies.partner_client_id, now=dependencies.clock())
        return warned(json_response(content, correlation=correlation_id(context)), issued.warnings)


def _module_route(routes: Routes, dependencies: Dependencies) -> None:
    @routes.get("connect/{module}")
    async def connect(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        name, domains = req.route_params["module"], dependencies.domains
        connection = Connection(
            name, req.params, cloud=dependencies.cloud, domains=domains, client_id=dependencies.partner_client_id
        )
        issued = await dependencies.service.issue(
            dependencies.trail(req, context, dialect="module"),
            lambda: bearer(req.headers.get("Authorization")),
            connection.requests,
            learn=connection.learn,
        )
        response = json_response(connection.parameters(issued), correlation=correlation_id(context))
        return warned(response, [*connection.module.notices, *(warning for one in issued for warning in one.warnings)])


def _tenants_route(routes: Routes, dependencies: Dependencies) -> None:
    @routes.get("tenants")
    async def tenants(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        content = await dependencies.service.tenants(
            dependencies.trail(req, context, dialect="tenants"),
            lambda: bearer(req.headers.get("Authorization")),
            lambda: listing.parse(req.params),
        )
        return json_response(content, correlation=correlation_id(context))


def _policy_routes(routes: Routes, dependencies: Dependencies) -> None:
    @routes.post("policy/check")
    async def policy_check(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        operator = await dependencies.operator(req, CONSENT_READ, POLICY_READ)
        question = dry_run.parse(json_body(req, dry_run.FIELDS), dependencies.cloud)
        decision = await dependencies.service.decide(question.principal, question.request, asker=operator.object_id)
        return json_response(dry_run.answer(question, decision), correlation=correlation_id(context))

    @routes.post("policy/lint")
    async def policy_lint(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        operator = await dependencies.operator(req, CONSENT_READ, POLICY_READ)
        documents = linting.parse(json_body(req, linting.FIELDS, limit=linting.MAX_BODY))
        home, cloud, in_force = dependencies.home_tenant, dependencies.cloud, await dependencies.service.tenant_names()
        unresolved = await dependencies.lint_pool.run(lambda: policy_tenants.unresolved(documents, in_force))
        led = await dependencies.service.led(unresolved, operator=operator, home_tenant=home)
        content = await dependencies.lint_pool.run(
            lambda: linting.answer(documents, home_tenant=home, cloud=cloud, in_force=in_force, led=led)
        )
        return json_response(content, correlation=correlation_id(context))

    @routes.get("diagnosis")
    async def diagnosis(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        operator = await dependencies.operator(req, CONSENT_READ)
        checked_parameters(req.params, ("consent",))
        consent, correlation = checked_name(req.params.get("consent", DEFAULT_NAME)), correlation_id(context)
        content = await dependencies.diagnosis.run(consent, correlation=correlation)
        fields = {"consent": consent, "good": content["good"], "operator": operator.object_id}
        record("broker.diagnosed", {**fields, "correlation_id": correlation})
        return json_response(content, correlation=correlation)

    @routes.get("policy/schema.json")
    async def policy_schema(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:  # noqa: ARG001 - bound by name
        return _document("policy.schema.json", correlation_id(context))


def _open_routes(routes: Routes, dependencies: Dependencies) -> None:
    @routes.get("openapi.json")
    async def openapi(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:  # noqa: ARG001 - bound by name
        return _document("openapi.json", correlation_id(context))

    @routes.get("health")
    async def health(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:  # noqa: ARG001 - bound by name
        found, correlation = dependencies.probes.availability(), correlation_id(context)
        if found.available:
            return json_response({"status": "up", "parts": dict.fromkeys(found.parts, "up")}, correlation=correlation)
        parts = {part: UNSEEN if code == UNSEEN else "down" if code else "up" for part, code in found.parts.items()}
        response = json_response({"status": "down", "parts": parts}, correlation=correlation, status=503)
        response.headers["Retry-After"] = str(SHORT_RETRY_SECONDS)
        return response


def _identity_error(error: BrokerError, correlation: str) -> func.HttpResponse:
    """An error in the App Service shape, with the headers every error has."""
    response = error_response(error, correlation)
    content = identity_dialect.render_error(error, correlation)
    shaped = json_response(content, correlation=correlation, status=error.status)
    shaped.headers.update(response.headers)
    return shaped


def _document(name: str, correlation: str) -> func.HttpResponse:
    return written_response(_text_of(name), correlation=correlation)


@functools.cache
def _text_of(name: str) -> str:
    # Made once: anybody may ask for it, and to make it takes longer than a token does.
    return json.dumps(json.loads(files("token_http").joinpath(name).read_text("utf-8")))
