"""A tenant that signs for the tests of one module, and the parts of the broker that speak to the running stack."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.signing import SigningKeys
from local.stack import identity_environment
from local.state import StackState
from local.workload import Workload
from shared.entra.authority import Authority
from shared.key_vault import KeyVault
from tests.contract.conftest_key_vault import StaticCredential
from tests.local_control import Controls
from tests.shared.samples import HomeTenant, authority_of, sign_in


@pytest.fixture(scope="session")
def one_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one signing key, made once: making one takes a while."""
    folder = tmp_path_factory.mktemp("one-key") / "keys"
    SigningKeys(folder).rotate()
    return folder


@pytest.fixture
def home(tmp_path: Path, one_key: Path) -> HomeTenant:
    """A tenant with one signing key and a broker that has not asked for it yet."""
    return HomeTenant(Path(shutil.copytree(one_key, tmp_path / "keys")))


@pytest.fixture(scope="session")
def key_vault(stack: StackState) -> KeyVault:
    """The token vault as the broker's own identity sees it; the SDK has met its challenge already."""
    token = Workload(state=stack, name="broker").assertion("https://vault.azure.net")
    vault = KeyVault(stack.token_vault, StaticCredential(token), trusted_ca_file=str(stack.ca_file))
    vault.get("first-use")
    return vault


@pytest.fixture
def vault_controls(stack: StackState) -> Iterator[Controls]:
    """The control door of the token vault, left without faults."""
    controls = Controls(stack, stack.token_vault)
    controls.clear("requests")
    yield controls
    controls.clear("faults")


@pytest.fixture
def entra_controls(stack: StackState) -> Iterator[Controls]:
    """The control door of Entra ID, left without faults, ordered errors and changed consents."""
    controls = Controls(stack, stack.entra)
    controls.clear("requests")
    yield controls
    for route in ("faults", "errors", "consents"):
        controls.clear(route)


@pytest.fixture
def as_broker(stack: StackState, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process has the broker's managed identity, as the platform would give it."""
    for name, value in identity_environment(stack, "broker").items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def refresh_token(stack: StackState) -> str:
    """What a real sign-in of Ada left: good for every customer tenant."""
    authority = authority_of(stack)
    begun, code = sign_in(stack, authority)
    return authority.redeem(begun, code).refresh_token


@pytest.fixture
def authority(stack: StackState) -> Authority:
    """A broker's side of Entra ID that has spoken to it never before."""
    return authority_of(stack)
