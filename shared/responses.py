"""HTTP answers: the one place that turns an error into a response, and the words every answer shares."""

import functools
import json
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import azure.functions as func

from shared.errors import (
    SHORT_RETRY_SECONDS,
    AssertionMissing,
    BrokerError,
    NotAuthenticated,
    NotAuthorized,
)

_log = logging.getLogger("broker")
# What a route names, as an act calls it.
_NAMED = {"name": "consent", "consent": "consent", "tenant": "tenant"}
_WRITER = json.JSONEncoder(check_circular=False)
# RFC 6749 section 5.1: an answer that holds tokens is kept by nobody. The others lose nothing by it.
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache", "X-Content-Type-Options": "nosniff"}

type Handler = Callable[[func.HttpRequest, func.Context], Awaitable[func.HttpResponse]]
type Renderer = Callable[[BrokerError, str], func.HttpResponse]


def correlation_id(context: func.Context) -> str:
    """What ties an answer, its log lines and its audit record together: the invocation's id."""
    return context.invocation_id or str(uuid.uuid4())


def json_response(content: Any, *, correlation: str, status: int = 200) -> func.HttpResponse:  # noqa: ANN401 - JSON
    """An answer in JSON that nobody keeps."""
    return written_response(_WRITER.encode(content), correlation=correlation, status=status)


def written_response(text: str, *, correlation: str, status: int = 200) -> func.HttpResponse:
    """The same of JSON that is written already."""
    headers = {**NO_STORE, "x-ms-request-id": correlation}
    return func.HttpResponse(text, status_code=status, mimetype="application/json", headers=headers, charset="utf-8")


def error_response(
    error: BrokerError, correlation: str, *, word: str = "", status: int | None = None, **more: str
) -> func.HttpResponse:
    """An error as RFC 6749 section 5.2 and RFC 6750 section 3 have it, with its code and correlation id.

    `word` and `status` replace the error's own where another dialect has others; `more` is what a route tells beside.
    """
    status = status or error.status
    content: dict[str, Any] = {
        "error": word or error.error,
        "error_description": error.description,
        "code": error.code,
        "says": error.happened,
        **error.what_to_do,
        "correlation_id": correlation,
        **more,
    }
    if error.authority_code is not None:
        content["error_codes"] = [error.authority_code]
    response = json_response(content, correlation=correlation, status=status)
    challenge = _challenge(error)
    if challenge and status == error.status:
        response.headers["WWW-Authenticate"] = challenge
    if error.transient:
        response.headers["Retry-After"] = str(error.retry_after or SHORT_RETRY_SECONDS)
    return response


def _challenge(error: BrokerError) -> str:
    """What RFC 6750 section 3 asks of a refused bearer; without one no error is named."""
    if isinstance(error, AssertionMissing):
        return "Bearer"
    if isinstance(error, NotAuthenticated):
        return f'Bearer error="{error.error}", error_description="{error.description}"'
    return f'Bearer error="{error.error}"' if isinstance(error, NotAuthorized) else ""


def answering(render: Renderer) -> Callable[[Handler], Handler]:
    """A handler whose every failure becomes an answer by `render`; stack traces never leave the log."""

    def decorate(handler: Handler) -> Handler:
        @functools.wraps(handler)
        async def answered(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
            correlation = correlation_id(context)
            try:
                return await handler(req, context)
            except BrokerError as error:
                error.knowing(**_named(req.route_params))
                cause = type(error.__cause__).__name__ if error.__cause__ else "none"
                _log.warning("refused code=%s cause=%s correlation_id=%s", error.code, cause, correlation)
                return render(error, correlation)
            except Exception as error:  # noqa: BLE001 - the last door: nothing may pass it but an answer
                # The text of an unforeseen exception may quote what it choked on: type and place alone are logged.
                _log.error("failed type=%s correlation_id=%s at=%s", type(error).__name__, correlation, _place(error))
                return render(BrokerError(), correlation)

        return answered

    return decorate


def _named(route: Mapping[str, str]) -> dict[str, str]:
    return {_NAMED[name]: text for name, text in route.items() if name in _NAMED}


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}" if trace else "unknown"
