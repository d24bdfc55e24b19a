"""One host of each kind for the whole session; `host` is either, so that a test that asks for it holds for both."""

from collections.abc import Iterator

import pytest

from local import func
from local import host as local_host_part
from tests.contract.host.hosts import Host, left_missed, left_missed_in_storage, serving, wait_until_up
from tests.programs import require

OFTEN = {"OFTEN": "*/2 * * * * *"}


@pytest.fixture(scope="session")
def local_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("local")
    with serving(local_host_part.run, folder, before=left_missed, changed=OFTEN) as served:
        wait_until_up(served)
        yield served


@pytest.fixture(scope="session")
def func_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    require("func", "azurite")
    folder = tmp_path_factory.mktemp("func")
    with serving(func.run, folder, before=left_missed_in_storage, changed=OFTEN) as served:
        wait_until_up(served)
        yield served


@pytest.fixture(params=["local", "func"])
def host(request: pytest.FixtureRequest) -> Host:
    served: Host = request.getfixturevalue(f"{request.param}_host")
    return served
