"""Somebody who sits at a keyboard, and an identity of whoever that is."""

import io
import sys
import time

import pytest
from azure.core.credentials import AccessToken


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Own:
    def get_token(self, *_scopes: str, **_: object) -> AccessToken:
        return AccessToken("own", int(time.time()) + 3600)


def at_a_keyboard(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    # In the test itself: pytest puts its own streams back before it.
    told = Terminal()
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(sys, "stderr", told)
    return told
