"""The rig, and the operator's side, of the tests of consent."""

from collections.abc import Iterator

import pytest

from local.state import StackState
from tests.consent_http.rig import Rig, running_rig


@pytest.fixture
def rig(stack: StackState) -> Iterator[Rig]:
    """A consent flow of the test's own, whose vault and clock nobody shares."""
    with running_rig(stack) as made:
        yield made
