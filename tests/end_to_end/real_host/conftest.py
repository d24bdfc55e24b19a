"""One stack on the real Functions host for the whole session, with a consent of its own for each test."""

from collections.abc import Iterator

import pytest

from local.parts import Parts
from local.stack import running_parts
from tests.browser.conftest import chromium, executable, new_context, watch
from tests.programs import require

__all__ = ["chromium", "executable", "new_context", "watch"]


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """Its timer fires only when asked to."""
    require("func", "azurite")
    settings = {"AzureWebJobs.refresh.Disabled": "true"}
    folder = tmp_path_factory.mktemp("real") / "state"
    with running_parts(folder, on_func=True, keeps_ledger=True, settings=settings) as parts:
        yield parts
