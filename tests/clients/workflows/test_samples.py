"""The samples for .NET and JavaScript, compiled and run with Azure's own libraries against the running stack."""

from pathlib import Path

import pytest

from local.demo import claims_of
from local.state import StackState
from local.world import CONTOSO
from tests.clients.workflows.samples import SAMPLES


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_gets_a_customers_token_knows_its_end_and_shows_what_is_refused(
    consented: StackState, tmp_path: Path, name: str
) -> None:
    told = SAMPLES[name](consented, tmp_path)
    claims = claims_of(told.token)
    assert (claims["tid"], claims["aud"]) == (CONTOSO, "https://graph.microsoft.com")
    own = claims_of(told.own)
    assert (own["tid"], own["idtyp"], "scp" in own) == (CONTOSO, "app", False)
    assert told.expires_on == claims["exp"] * 1000
    for refusal in (told.refusal, told.own_refusal):
        assert refusal.startswith("HTTP 403: ")
        assert "not_permitted" in refusal
