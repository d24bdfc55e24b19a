"""The templates of one package with the shared layout: Jinja2, where every value is escaped unless it says otherwise.

Texts are `gettext` ids (the English sentence itself), so that another language is a catalogue and no change of code.
Jinja2 is imported with the first page: it costs a tenth of a second, which no token should wait for.
"""

import gettext
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.clock import for_people, from_text

if TYPE_CHECKING:
    import jinja2

SHARED = Path(__file__).parent
ENGLISH = gettext.NullTranslations()


class Templates:
    """Renders what stands in `folder`, or beside this module; `translations` is the language of the pages."""

    def __init__(self, folder: Path, *, translations: gettext.NullTranslations = ENGLISH) -> None:
        self._folder = folder
        self._translations = translations

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        """The HTML; raises jinja2.UndefinedError for a value that the template needs and nobody gave."""
        return self._environment.get_template(template).render(values)

    def text(self, message: str) -> str:
        """A sentence that stands in the code (an error's, say) in the language of the pages."""
        return self._translations.gettext(message)

    def translated(self, translations: gettext.NullTranslations) -> "Templates":
        """The same templates in another language."""
        return Templates(self._folder, translations=translations)

    @cached_property
    def style(self) -> str:
        """The one stylesheet, as it stands in each page."""
        return (SHARED / "style.css").read_text("utf-8").strip()

    @cached_property
    def _environment(self) -> "jinja2.Environment":
        import jinja2  # noqa: PLC0415 - see the module

        environment = jinja2.Environment(
            autoescape=True,
            auto_reload=False,
            extensions=["jinja2.ext.i18n"],
            loader=jinja2.FileSystemLoader([self._folder, SHARED]),
            undefined=jinja2.StrictUndefined,
        )
        environment.policies["ext.i18n.trimmed"] = True
        # Its values are escaped, its messages are not: an id stands in a template, and whoever translates is trusted.
        environment.install_gettext_translations(self._translations, newstyle=True)  # type: ignore[attr-defined]
        environment.globals["language"] = self._translations.info().get("language", "en")
        environment.filters["moment"] = lambda text: for_people(from_text(text))
        environment.globals["style"] = self.style
        return environment
