"""A language that is no language: every letter of a text gets an accent, so what was forgotten stays plain."""

import gettext
import re
from collections.abc import Iterable
from html import unescape
from typing import Any

_ACCENTED = {
    **{ord(letter): 0x0251 + place for place, letter in enumerate("abcdefghijklmnopqrstuvwxyz")},
    **{ord(letter): 0x0391 + place for place, letter in enumerate("ABCDEFGHIJKLMNOP")},
    **{ord(letter): 0x0411 + place for place, letter in enumerate("QRSTUVWXYZ")},
}
_PLACEHOLDER = re.compile(r"(%\([a-z_]+\)s)")
_UNSEEN = re.compile(r"<style>.*?</style>|<[^>]*>", re.DOTALL)


class Pseudo(gettext.NullTranslations):
    """Translates whatever it is asked for."""

    def gettext(self, message: str) -> str:
        """The message with its placeholders untouched."""
        parts = _PLACEHOLDER.split(message)
        return "".join(part if _PLACEHOLDER.fullmatch(part) else part.translate(_ACCENTED) for part in parts)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The same, in English's two forms."""
        return self.gettext(msgid1 if n == 1 else msgid2)

    def info(self) -> dict[str, Any]:
        """Which language it is."""
        return {"language": "x-pseudo"}


PSEUDO = Pseudo()


def untranslated(html: str, data: Iterable[str] = ()) -> list[str]:
    """The words of a page, as a reader sees it, that no translation reached and that are none of these."""
    text = unescape(_UNSEEN.sub(" ", html))
    for given in sorted(data, key=len, reverse=True):
        text = text.replace(given, " ")
    return re.findall(r"[A-Za-z]{2,}", text)
