"""The samples for other languages on the real host, whose front end takes no body that comes in chunks."""

from pathlib import Path

import pytest

from local.demo import claims_of
from local.parts import Parts
from local.world import CONTOSO
from tests.clients.workflows.samples import SAMPLES
from tests.clients.workflows.shells import CLIENTS, app_service, run
from tests.end_to_end.test_main_job import Life


@pytest.fixture(scope="module")
def consented(real: Parts) -> Parts:
    assert "Your consent is stored" in Life(real.state).consent().text
    return real


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_gets_a_customers_token(consented: Parts, tmp_path: Path, name: str) -> None:
    told = SAMPLES[name](consented.state, tmp_path)
    assert claims_of(told.token)["tid"] == CONTOSO
    assert "not_permitted" in told.refusal


def test_curl_gets_a_customers_token(consented: Parts) -> None:
    done = run([str(CLIENTS / "bash" / "partner-token.sh"), "contoso", "graph"], app_service(consented.state))
    assert done.returncode == 0, done.stderr
    assert claims_of(done.stdout.strip())["tid"] == CONTOSO
