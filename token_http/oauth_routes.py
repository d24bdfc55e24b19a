"""The HTTP words of the OAuth dialect: a token endpoint of either version, and the document that leads to it."""

from dataclasses import dataclass, field

import azure.functions as func

from shared.errors import BrokerError
from shared.form_fields import form_fields
from shared.request_fields import checked_parameters
from shared.responses import answering, correlation_id, json_response
from shared.routes import Routes
from token_http import oauth_dialect, oauth_errors
from token_http.dependencies import Dependencies, warned
from token_http.oauth_configuration import configuration
from token_http.oauth_dialect import Version

# Old scripts name the version of the protocol, and every answer is of that one.
PARAMETERS = ("api-version",)


@dataclass(slots=True, kw_only=True)
class _Message:
    """One request; its form is empty until it was read, and is read where a refusal of it is on record."""

    req: func.HttpRequest
    form: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def authorization(self) -> str | None:
        header: str | None = self.req.headers.get("Authorization")
        return header

    @property
    def grant_type(self) -> str:
        return self.form.get("grant_type", "")

    def assertion(self) -> str:
        """The caller's token, unverified."""
        checked_parameters(self.req.params, PARAMETERS)
        self.form = form_fields(self.req)
        return oauth_dialect.assertion_of(self.form, self.authorization)


def declare(routes: Routes, dependencies: Dependencies) -> None:
    """Add these routes to the token endpoint's."""

    @routes.post("{tenant}/oauth2/v2.0/token", render=oauth_errors.render)
    async def oauth_token(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        return await _answer(dependencies, req, context, version=Version.V2)

    @routes.post("{tenant}/oauth2/token", render=oauth_errors.render)
    async def oauth_token_v1(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        return await _answer(dependencies, req, context, version=Version.V1)

    @routes.get("{tenant}/v2.0/.well-known/openid-configuration")
    async def oauth_configuration(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        content = configuration(req.route_params["tenant"], public_url=dependencies.public_url)
        return json_response(content, correlation=correlation_id(context))


async def _answer(
    dependencies: Dependencies, req: func.HttpRequest, context: func.Context, *, version: Version
) -> func.HttpResponse:
    message = _Message(req=req)

    def in_the_words_of_the_grant(error: BrokerError, correlation: str) -> func.HttpResponse:
        return oauth_errors.render(error, correlation, grant_type=message.grant_type)

    @answering(in_the_words_of_the_grant)
    async def answered(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        (issued,) = await dependencies.service.issue(
            dependencies.trail(req, context, dialect="oauth"),
            message.assertion,
            lambda _caller: [
                oauth_dialect.parse(message.form, req.route_params["tenant"], version=version, cloud=dependencies.cloud)
            ],
        )
        told = oauth_dialect.with_notices(issued, message.form, message.authorization)
        content = oauth_dialect.render(told, grant_type=message.grant_type, version=version, now=dependencies.clock())
        return warned(json_response(content, correlation=correlation_id(context)), told.warnings)

    return await answered(req, context)
