"""Exchange, on request: the token endpoint's HTTP words."""

import asyncio
from concurrent.futures import Executor
from dataclasses import dataclass

import azure.functions as func

from shared.assertion import AssertionVerifier, Principal, bearer
from shared.clock import Clock
from shared.errors import BrokerError
from shared.responses import answering, correlation_id, error_response, json_body, json_response
from token_http.availability import Probes
from token_http.issuer import Issuer
from token_http.message import FIELDS, Issued, parse, render
from token_http.trail import Trail


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """What the token endpoint works with."""

    verifier: AssertionVerifier
    issuer: Issuer
    probes: Probes
    executor: Executor
    clock: Clock


def blueprint(dependencies: Dependencies) -> func.Blueprint:
    """The routes: `POST /api/token` and `GET /api/health`."""
    routes = func.Blueprint()
    anonymous = func.AuthLevel.ANONYMOUS  # managed identities hold no function keys; the assertion is verified in code

    @routes.route(route="token", methods=[func.HttpMethod.POST], auth_level=anonymous)
    @answering(error_response)
    async def token(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        correlation = correlation_id(context)
        caller = await _caller(req, dependencies)
        request = parse(json_body(req, FIELDS))
        trail = Trail(caller=caller, request=request, correlation=correlation)
        issued = await _decided(trail, dependencies.issuer)
        response = json_response(render(issued, now=dependencies.clock()), correlation=correlation)
        if issued.warning:
            response.headers["Warning"] = f'110 - "{issued.warning}"'  # RFC 7234 5.5.1: response is stale
        return response

    @routes.route(route="health", methods=[func.HttpMethod.GET], auth_level=anonymous)
    @answering(error_response)
    async def health(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:  # noqa: ARG001 - bound by name
        found = await dependencies.probes.availability()
        parts = {part: "down" if code else "up" for part, code in found.parts.items()}
        content = {"status": "up" if found.available else "down", "parts": parts}
        return json_response(content, correlation=correlation_id(context), status=200 if found.available else 503)

    return routes


async def _caller(req: func.HttpRequest, dependencies: Dependencies) -> Principal:
    unverified_assertion = bearer(req.headers.get("Authorization"))
    principal = dependencies.verifier.remembered(unverified_assertion)
    if principal is None:
        loop = asyncio.get_running_loop()
        verify = dependencies.verifier.verify
        principal = await loop.run_in_executor(dependencies.executor, verify, unverified_assertion)
    return dependencies.verifier.caller(principal)


async def _decided(trail: Trail, issuer: Issuer) -> Issued:
    """One decision, and its audit record whatever it is."""
    try:
        trail.decision = await issuer.decide(trail.caller, trail.request)
        issued = await issuer.issue(trail.decision, trail.request)
    except Exception as error:
        trail.refused(error if isinstance(error, BrokerError) else BrokerError())
        raise
    trail.issued(issued)
    return issued
