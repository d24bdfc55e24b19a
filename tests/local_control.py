"""The control door of a stand-in, as tests use it."""

from local.controls import Controls

__all__ = ["Controls"]
