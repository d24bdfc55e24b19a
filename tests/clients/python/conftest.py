"""A stack with Ada's consent for the commands, and a shell on it."""

from collections.abc import Iterator

import pytest

from local.person import Person
from local.stack import running_stack
from local.state import StackState
from local.workload import Workload
from local.world import ADMIN
from tests.clients.python.people import Shell


@pytest.fixture(scope="package")
def consented(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackState]:
    """Whoever plants a fault here takes it away again."""
    quiet = {"AzureWebJobs.refresh.Disabled": "true"}
    with running_stack(tmp_path_factory.mktemp("shell") / "state", settings=quiet) as running, Person() as person:
        assert person.consent(Workload(state=running, name="operator").link(), ADMIN).is_success
        yield running


@pytest.fixture
def shell(consented: StackState, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Runs commands as one of the stack's identities."""
    return Shell(consented, monkeypatch, capsys)
