"""One stack for all workflows: a consent, and rows for three APIs of one customer, and for one as the application."""

from collections.abc import Iterator

import pytest

from local.person import Person
from local.stack import running_stack
from local.state import StackState
from local.workload import Workload
from local.world import ADMIN, CONTOSO, DEFAULT_WORLD
from tests.token_http.over_http import write_policy


@pytest.fixture(scope="session")
def consented(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackState]:
    """Whoever plants a fault here takes it away again."""
    permission = {
        "name": "reports",
        "caller": DEFAULT_WORLD.identity("reports").object_id,
        "consents": ["partner"],
        "tenants": ["contoso"],
        "resources": ["graph", "arm", "aadgraph"],
    }
    own = {"name": "own", "caller": permission["caller"], "as": "application"}
    policy = {
        "description": "For workflows.",
        "schema": 2,
        "tenants": {"contoso": CONTOSO},
        "permissions": [permission, own | {"tenants": ["contoso"], "resources": ["graph"]}],
    }
    quiet = {"AzureWebJobs.refresh.Disabled": "true"}
    with running_stack(tmp_path_factory.mktemp("workflows") / "state", settings=quiet) as state, Person() as person:
        write_policy(state, "policy-1", policy)
        assert person.consent(Workload(state=state, name="operator").link(), ADMIN).is_success
        yield state
