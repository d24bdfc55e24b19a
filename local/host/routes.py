"""ASP.NET route templates, as the Functions host reads them, and what they match.

Known: literals, `{a}`, `{a?}`, `{a:int}` and the other constraints below, `{*rest}`, and mixtures within a segment.
Source: learn.microsoft.com, "Routing in ASP.NET Core".
"""

import re
from dataclasses import dataclass

_CONSTRAINTS = {
    "int": r"[-+]?[0-9]+",
    "long": r"[-+]?[0-9]+",
    "alpha": r"[a-zA-Z]+",
    "bool": r"true|false",
    "guid": r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}",
}
_PARAMETER = re.compile(r"\{(?P<all>\*{0,2})(?P<name>[A-Za-z_]\w*)(?::(?P<constraint>\w+))?(?P<optional>\??)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A compiled template."""

    template: str
    _pattern: re.Pattern[str]

    def match(self, path: str) -> dict[str, str] | None:
        """The route values of a decoded path, unset optional ones left out; None when the path is another's."""
        found = self._pattern.fullmatch(path)
        return None if found is None else {name: value for name, value in found.groupdict().items() if value}


def compile_route(template: str) -> Route:
    """Compile one template, given without a leading slash; raises ValueError when it uses what is not known here."""
    segments = [segment for segment in template.split("/") if segment]
    try:
        pattern = re.compile("".join(map(_segment, segments)) + "/?", re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"the route {template} is not understood: {error}") from error
    return Route(template=template, _pattern=pattern)


def _segment(segment: str) -> str:
    parameter = _PARAMETER.fullmatch(segment)
    if parameter and parameter["all"]:
        return f"(?:/(?P<{parameter['name']}>.*))?"
    text, position = "", 0
    for part in _PARAMETER.finditer(segment):
        if parameter is None and (part["all"] or part["optional"]):
            raise ValueError(f"the route part {segment} mixes what must stand alone")
        text += _literal(segment[position : part.start()]) + f"(?P<{part['name']}>{_values(part['constraint'])})"
        position = part.end()
    text += _literal(segment[position:])
    return f"(?:/{text})?" if parameter and parameter["optional"] else f"/{text}"


def _literal(text: str) -> str:
    if "{" in text or "}" in text:
        raise ValueError(f"the route part {text} is not understood")
    return re.escape(text)


def _values(constraint: str | None) -> str:
    if constraint is None:
        return "[^/]+"
    if constraint not in _CONSTRAINTS:
        raise ValueError(f"the route constraint {constraint} is not known here")
    return _CONSTRAINTS[constraint]
