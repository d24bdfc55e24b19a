"""Every check of the infrastructure, a module for each concern."""

from importlib import import_module
from pathlib import Path

from tests.infra.check import Check

MODULES = [import_module(f"{__name__}.{path.stem}") for path in sorted(Path(__file__).parent.glob("[a-z]*.py"))]
CHECKS = [one for module in MODULES for one in vars(module).values() if isinstance(one, Check)]
