"""A tenant that signs for the tests of one module, and the parts of the broker that speak to the running stack."""

from pathlib import Path

import pytest

from tests.shared.samples import HomeTenant


@pytest.fixture
def home(tmp_path: Path) -> HomeTenant:
    """A tenant with one signing key and a broker that has not asked for it yet."""
    return HomeTenant(tmp_path / "keys")
