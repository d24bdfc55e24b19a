"""One stack on the real Functions host for the whole session, with a consent of its own for each test."""

import re
from collections.abc import Iterator

import pytest

from local.parts import Parts
from local.stack import running_parts
from tests.browser.conftest import chromium, executable, new_context, watch
from tests.infra.project import INFRA
from tests.programs import require

__all__ = ["BODY_LIMIT", "body_limit", "chromium", "executable", "new_context", "watch"]
BODY_LIMIT = "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"


def body_limit() -> int:
    """What the deployment says to the host, in bytes."""
    (found,) = re.findall(rf"{BODY_LIMIT}: '(\d+)'", (INFRA / "app/settings.bicep").read_text("utf-8"))
    return int(found)


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """Its timer fires only when asked to."""
    require("func", "azurite")
    settings = {"AzureWebJobs.refresh.Disabled": "true", BODY_LIMIT: str(body_limit())}
    folder = tmp_path_factory.mktemp("real") / "state"
    with running_parts(folder, on_func=True, keeps_ledger=True, settings=settings) as parts:
        yield parts
