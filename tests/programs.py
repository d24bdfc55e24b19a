"""Programs that some tests need and most machines do not have."""

import shutil

import pytest


def require(*programs: str) -> None:
    """Skip the test where PATH lacks one of them, with a reason that is the same everywhere."""
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not on PATH")
