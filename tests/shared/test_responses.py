"""Answers: errors in OAuth's shape with their remedy, nothing kept by anybody, and no exception's text goes out."""

import asyncio
import json
import logging
import re
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, cast

import azure.functions as func
import pytest

from shared import errors
from shared.entra.errors import NewConsentNeeded
from shared.errors import (
    AssertionMissing,
    AuthorityUnavailable,
    BrokerError,
    NotAuthenticated,
    NotAuthorized,
    kind_of,
)
from shared.keys.errors import AssertionForAnotherAudience
from shared.responses import Handler, answering, correlation_id, error_response, json_response
from shared.vault_errors import VaultUnavailable
from token_http.refusals import NotPermitted

SECRET = "1.A-refresh-token"
OAUTH_ERRORS = {
    *("invalid_request", "invalid_client", "invalid_grant", "invalid_scope", "invalid_token", "insufficient_scope"),
    *("access_denied", "server_error", "temporarily_unavailable", "consent_required"),
}


@dataclass(frozen=True)
class Invocation:
    invocation_id: str


def request(body: bytes = b"", **headers: str) -> func.HttpRequest:
    url = "https://broker.example/api/token"
    return func.HttpRequest(
        method="POST", url=url, body=body, headers={n.replace("_", "-"): v for n, v in headers.items()}
    )


def context(invocation_id: str = "the-invocation") -> func.Context:
    return cast("func.Context", Invocation(invocation_id))


def answer(handler: Handler, body: bytes = b"") -> func.HttpResponse:
    return asyncio.run(cast("Coroutine[None, None, func.HttpResponse]", handler(request(body), context())))


def content(response: func.HttpResponse) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(response.get_body())
    return read


def every_error(kind: type[BrokerError] = BrokerError) -> Iterator[type[BrokerError]]:
    yield kind
    for narrower in kind.__subclasses__():
        if narrower.__module__ == errors.__name__:
            yield from every_error(narrower)


EVERY_ERROR = list(every_error())


def test_an_error_is_answered_in_the_words_of_oauth() -> None:
    response = error_response(NewConsentNeeded(authority_code=50173), "the-id")
    assert response.status_code == 400
    assert response.mimetype == "application/json"
    assert content(response) == {
        "error": "invalid_grant",
        "error_description": "The authority does not accept the stored refresh token any more. (AADSTS50173) "
        "An operator makes a link with POST /api/consents/{name}/link, and a person consents anew.",
        "code": "new_consent_needed",
        "says": "The authority does not accept the stored refresh token any more. (AADSTS50173)",
        "remedy": "An operator makes a link with POST /api/consents/{name}/link, and a person consents anew.",
        "act": {"name": "consent.link", "parameters": {}},
        "correlation_id": "the-id",
        "error_codes": [50173],
    }
    assert dict(response.headers) == {
        "Cache-Control": "no-store",
        "Pragma": "no-cache",
        "X-Content-Type-Options": "nosniff",
        "x-ms-request-id": "the-id",
    }


@pytest.mark.parametrize("kind", EVERY_ERROR, ids=lambda kind: kind.__name__)
def test_every_error_has_a_code_a_status_and_a_remedy(kind: type[BrokerError]) -> None:
    response = error_response(kind("The detail."), "the-id")
    told = content(response)
    assert kind.error in OAUTH_ERRORS
    assert 400 <= response.status_code < 600
    assert (response.status_code == 503) is kind.transient
    assert told["code"] == kind.code
    assert kind.says in told["error_description"]
    assert "The detail." in told["error_description"]
    assert told["error_description"].endswith(kind.remedy)
    assert "error_codes" not in told


def test_no_two_errors_share_a_code() -> None:
    codes = [kind.code for kind in EVERY_ERROR]
    assert len(codes) == len(set(codes))
    assert all(re.fullmatch("[a-z_]+", code) for code in codes)
    assert all(kind_of(kind.code) is kind for kind in EVERY_ERROR)
    assert kind_of("unheard_of") is None


def test_every_error_stands_in_the_tree_that_the_docstring_draws() -> None:
    drawn = errors.__doc__ or ""
    assert not [kind.__name__ for kind in EVERY_ERROR if not re.search(rf"\b{kind.__name__}\b", drawn)]


@pytest.mark.parametrize("kind", EVERY_ERROR, ids=lambda kind: kind.__name__)
def test_a_challenge_goes_to_whom_authentication_would_help(kind: type[BrokerError]) -> None:
    """RFC 6750 section 3: with its own error code, in the characters that a quoted text may have."""
    challenge = error_response(kind("Expected: https://broker.example or api://x."), "the-id").headers.get(
        "WWW-Authenticate"
    )
    if not issubclass(kind, NotAuthenticated | NotAuthorized):
        assert challenge is None
        return
    if kind is AssertionMissing:  # RFC 6750 section 3.1: whoever sent no token made no error
        assert challenge == "Bearer"
        return
    told = re.fullmatch(
        r'Bearer error="([a-z_]+)"(?:, error_description="([\x20\x21\x23-\x5B\x5D-\x7E]+)")?', challenge
    )
    assert told is not None
    assert told[1] == kind.error
    assert (told[2] is not None) is issubclass(kind, NotAuthenticated)


def test_the_challenge_names_the_audience_that_was_expected() -> None:
    response = error_response(AssertionForAnotherAudience("Expected: api://x."), "the-id")
    assert response.status_code == 401
    assert "Expected: api://x." in response.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (VaultUnavailable(), "5"),
        (AuthorityUnavailable(retry_after=120), "120"),
        (AuthorityUnavailable(retry_after=0), "5"),
        (NewConsentNeeded(retry_after=120), None),
        (AssertionMissing(), None),
    ],
)
def test_who_may_try_again_is_told_when(error: BrokerError, seconds: str | None) -> None:
    assert error_response(error, "the-id").headers.get("Retry-After") == seconds


def test_an_answer_with_a_token_is_kept_by_nobody() -> None:
    response = json_response({"access_token": "x"}, correlation="the-id")
    assert (response.status_code, content(response)) == (200, {"access_token": "x"})
    assert (response.headers["Cache-Control"], response.headers["Pragma"]) == ("no-store", "no-cache")


def test_an_answer_is_tied_to_its_invocation() -> None:
    assert correlation_id(context("the-invocation")) == "the-invocation"
    made = {correlation_id(context("")) for _ in range(3)}
    assert len(made) == 3
    assert all(len(identifier) == 36 for identifier in made)


def failing(error: BaseException, cause: BaseException | None = None) -> Handler:
    @answering(error_response)
    async def handler(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:  # noqa: ARG001 - as bound
        raise error from cause

    return handler


@pytest.mark.parametrize(
    "error",
    [
        ValueError(SECRET),
        KeyError(SECRET),
        RuntimeError(f"cannot parse {SECRET}"),
        TypeError(),
        ExceptionGroup(SECRET, [ValueError(SECRET)]),
        UnicodeEncodeError("ascii", SECRET, 0, 1, SECRET),
    ],
)
def test_an_unforeseen_failure_says_nothing_of_itself(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """Its text may quote what it choked on: only its type and place reach the log, and its id the one who asked."""
    with caplog.at_level(logging.DEBUG):
        response = answer(failing(error), SECRET.encode())
    assert response.status_code == 500
    assert content(response) == {
        "error": "server_error",
        "error_description": f"{BrokerError.says} {BrokerError.remedy}",
        "code": "internal_error",
        "says": BrokerError.says,
        "remedy": BrokerError.remedy,
        "act": {"name": "broker.report", "parameters": {}},
        "correlation_id": "the-invocation",
    }
    assert SECRET not in repr([(record.getMessage(), record.exc_info, record.exc_text) for record in caplog.records])
    (logged,) = [record.getMessage() for record in caplog.records if record.name == "broker"]
    assert f"type={type(error).__name__} correlation_id=the-invocation at=failing.<locals>.handler:" in logged


def test_a_refusal_is_rendered_and_its_cause_is_logged_by_type_alone(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        response = answer(failing(NotPermitted("No row."), ValueError(SECRET)))
    assert (response.status_code, content(response)["code"]) == (403, "not_permitted")
    (logged,) = [record.getMessage() for record in caplog.records if record.name == "broker"]
    assert logged == "refused code=not_permitted cause=ValueError correlation_id=the-invocation"


def test_a_handler_that_succeeds_is_not_touched() -> None:
    given_response = json_response({}, correlation="the-id")

    @answering(error_response)
    async def handler(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:  # noqa: ARG001 - as bound
        return given_response

    assert answer(handler) is given_response


def test_a_cancelled_invocation_stays_cancelled() -> None:
    with pytest.raises(asyncio.CancelledError):
        answer(failing(asyncio.CancelledError()))
