"""The compiler, where it is on PATH in the version that built what is committed."""

import shutil
from collections.abc import Iterator

import pytest

from tests.infra.compiler import Compiler, version, version_of_the_template

# Their assertions explain themselves, as those of tests do.
pytest.register_assert_rewrite("tests.infra.checks")


@pytest.fixture(scope="session")
def bicep() -> str:
    """The command; another version writes another template and knows other warnings, which is no fault of the files."""
    command = shutil.which("bicep")
    if command is None:
        pytest.skip("bicep is not on PATH")
    if (found := version(command)) != (needed := version_of_the_template()):
        pytest.skip(f"bicep {found} is on PATH, and infra/main.json was built by {needed}")
    return command


@pytest.fixture(scope="session")
def compiler(bicep: str) -> Iterator[Compiler]:
    with Compiler(bicep) as compiler:
        yield compiler
