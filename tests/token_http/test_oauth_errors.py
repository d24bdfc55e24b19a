"""The words of OAuth's token endpoint: every code of the broker's has one, and a token exchange has its own."""

import json

import pytest

from scripts.tables import every_error
from shared.errors import AssertionMissing, BrokerError, InvalidRequest, MethodNotAllowed, Unavailable
from token_http.oauth_dialect import EXCHANGE, REFRESH
from token_http.oauth_errors import WORDS, render
from token_http.refusals import GrantTypeUnsupported, NotPermitted, TargetInvalid, TooManyRequests

# RFC 6749 sections 5.2 and 4.1.2.1 (for a server that fails), RFC 8693 section 2.2.2.
KNOWN = {
    *("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type"),
    *("invalid_scope", "invalid_target", "server_error", "temporarily_unavailable"),
}
KINDS = {kind.code: kind for kind in every_error()}


def test_every_code_has_a_word_and_no_word_is_for_a_code_that_nobody_has() -> None:
    assert set(KINDS) - set(WORDS) == set(), "give these codes their word in token_http/oauth_errors.py"
    assert set(WORDS) - set(KINDS) == set()
    assert {word for words in WORDS.values() for word in words} == KNOWN


@pytest.mark.parametrize("code", KINDS)
def test_a_failure_of_the_brokers_own_is_told_as_one_and_no_other_is(code: str) -> None:
    ours = KINDS[code].status >= 500 or code in {"too_many_requests", "too_many_flushes"}
    for word in WORDS[code]:
        assert (word in {"server_error", "temporarily_unavailable"}) == ours
        assert (word == "temporarily_unavailable") == (KINDS[code].transient and code != "answer_mismatched")


@pytest.mark.parametrize(
    ("error", "grant", "status", "word"),
    [
        (AssertionMissing(), REFRESH, 401, "invalid_client"),
        (AssertionMissing(), EXCHANGE, 400, "invalid_request"),
        (AssertionMissing(), "", 401, "invalid_client"),
        (NotPermitted(), REFRESH, 400, "unauthorized_client"),
        (NotPermitted(), EXCHANGE, 400, "invalid_target"),
        (TargetInvalid(), REFRESH, 400, "invalid_scope"),
        (TargetInvalid(), EXCHANGE, 400, "invalid_target"),
        (GrantTypeUnsupported(), "password", 400, "unsupported_grant_type"),
        (InvalidRequest(), EXCHANGE, 400, "invalid_request"),
        (MethodNotAllowed(), "", 405, "invalid_request"),
        (TooManyRequests(), REFRESH, 429, "temporarily_unavailable"),
        (Unavailable(), EXCHANGE, 503, "temporarily_unavailable"),
        (BrokerError(), REFRESH, 500, "server_error"),
    ],
)
def test_an_error_keeps_its_code_and_remedy_and_gets_the_word_of_the_grant(
    error: BrokerError, grant: str, status: int, word: str
) -> None:
    answer = render(error, "the-id", grant_type=grant)
    content = json.loads(answer.get_body())
    assert (answer.status_code, content["error"], content["code"]) == (status, word, error.code)
    assert content["error_description"] == error.description
    assert ("WWW-Authenticate" in answer.headers) == (status == 401), "RFC 6749 section 5.2"
    assert ("Retry-After" in answer.headers) == error.transient
