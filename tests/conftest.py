"""The running stack that most tests share, and stacks of their own for tests that move time or break things."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from local.fork_server import preload
from local.stack import running_stack
from local.state import StackState
from tests.running_order import in_running_order

TESTS = Path(__file__).resolve().parent

type StackMaker = Callable[..., AbstractContextManager[StackState]]

# How long an example takes says something about the machine alone; speed is measured in bench/.
hypothesis.settings.register_profile("suite", deadline=None)
hypothesis.settings.load_profile("suite")

# What the app of this checkout imports, so that no host has to; `function_app` itself does too much to be among it.
preload("consent_http", "customers_http", "customers_timer", "refresh_timer", "token_http")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where workers share the tests out, order them for that; each worker comes to the same order by itself."""
    shared_out: Mapping[str, Any] | None = getattr(config, "workerinput", None)
    if shared_out is not None:
        items[:] = in_running_order(items, file_of=_file_of, workers=shared_out["workercount"])


def _file_of(item: pytest.Item) -> str:
    return item.path.relative_to(TESTS).as_posix()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackState]:
    """One stack for the whole session; whoever uses it neither moves its clock nor leaves a fault behind."""
    with running_stack(tmp_path_factory.mktemp("session") / "state", keeps_ledger=True) as state:
        yield state


@pytest.fixture
def make_stack(tmp_path: Path) -> StackMaker:
    """Stacks of one's own, with settings put over the usual ones; their timers fire only when asked to."""

    def make(**settings: str) -> AbstractContextManager[StackState]:
        quiet: Mapping[str, str] = {
            f"AzureWebJobs.{timer}.Disabled": "true" for timer in ("refresh", "check_customers")
        }
        return running_stack(tmp_path / "state", keeps_ledger=True, settings={**quiet, **settings})

    return make
