"""Secrets in an address: named, put on record and refused, and their values repeated nowhere."""

import json
import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.bursts import Bursts
from shared.errors import SecretLeaked
from shared.leaks import SECRET_PARAMETERS, require_nothing_leaked

SECRET = "1.A-refresh-token"


def require(parameters: dict[str, str], bursts: Bursts | None = None) -> None:
    require_nothing_leaked(parameters, route="token", correlation="the-id", bursts=bursts or Bursts())


@pytest.mark.parametrize("name", ["access_token", "refresh_token", "client_assertion", "code", "Access_Token", "CODE"])
def test_a_secret_in_a_query_is_refused_as_leaked_and_on_record_by_name(
    caplog: pytest.LogCaptureFixture, name: str
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(SecretLeaked) as refused:
        require({"tenant": "contoso", name: SECRET})
    assert refused.value.detail == f"Its parameter is called {name.lower()}."
    assert "Revoke it" in refused.value.description
    (written,) = [record.getMessage() for record in caplog.records]
    assert json.loads(written) == {
        "event": "secret.leaked",
        "route": "token",
        "parameters": [name.lower()],
        "correlation_id": "the-id",
        "count": 1,
    }
    assert SECRET not in written + refused.value.description


def test_all_that_leaked_is_named() -> None:
    with pytest.raises(SecretLeaked, match=r"called client_secret, refresh_token\."):
        require({"refresh_token": SECRET, "client_secret": SECRET})


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=12) | st.sampled_from(["codes", "token_type", "state"]), st.text(max_size=8)))
def test_nothing_else_is_taken_for_a_secret(parameters: dict[str, str]) -> None:
    require({name: value for name, value in parameters.items() if name.lower() not in SECRET_PARAMETERS})
