"""A reader of Bicep, as far as a test has to know: declarations, data as values, any other expression as code.

A test asks for `properties.enablePurgeProtection is True`, which a text search cannot tell from a comment, and a parser
that does not keep names and strings apart cannot tell from a parameter of that name.
Anything outside the language as used here raises SyntaxError, so that nothing is silently left unchecked.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r]+|//[^\n]*|/\*.*?\*/)
  | (?P<newline>\n)
  | (?P<string>'''.*?'''|'(?:\\.|\$\{(?:[^{}']|'(?:[^'\\]|\\.)*'|\{[^{}]*\})*\}|[^'\\\n])*')
  | (?P<number>\d+)
  | (?P<name>[A-Za-z_][A-Za-z_0-9]*)
  | (?P<sign>==|!=|=~|!~|<=|>=|&&|\|\||\?\?|\.\?|\.\.\.|=>|::|[{}\[\](),:;=.!?<>+\-*/%@|])
    """,
    re.VERBOSE | re.DOTALL,
)
ESCAPES = {"'": "'", "\\": "\\", "n": "\n", "r": "\r", "t": "\t", "$": "$"}
OPENING, CLOSING = {"{": "}", "[": "]", "(": ")"}, {"}", "]", ")"}
CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Code:
    """An expression that is not plain data, in one spelling: no spaces but where names would run together."""

    text: str

    def __contains__(self, part: str) -> bool:
        return part in self.text


@dataclass(frozen=True, slots=True)
class Loop:
    """`[for item in items: body]`."""

    over: str
    body: "Value"


type Value = str | int | bool | Code | Loop | list[Value] | dict[str, Value] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """One param, var, resource, module or output; `type` is a resource's type with version, or a module's path."""

    kind: str
    name: str
    type: str = ""
    value: Value = None
    existing: bool = False
    condition: str = ""
    decorators: tuple[str, ...] = ()
    parts: "tuple[Declaration, ...]" = ()

    @property
    def loops(self) -> bool:
        return isinstance(self.value, Loop)

    @property
    def body(self) -> dict[str, Value]:
        """The properties of a resource or module, of one element if it is a loop."""
        value = self.value.body if isinstance(self.value, Loop) else self.value
        assert isinstance(value, dict), self.name
        return value

    def at(self, path: str) -> Value:
        """What stands at a dotted path of the body; LookupError when nothing does."""
        value: Value = self.body
        for step in path.split("."):
            value = value[step] if isinstance(value, dict) else _absent(path)
        return value

    def mapping(self, path: str) -> "dict[str, Value]":
        """The object at a path."""
        found = self.at(path)
        return found if isinstance(found, dict) else _absent(path)

    def items(self, path: str) -> "list[dict[str, Value]]":
        """The objects of the array at a path."""
        found = self.at(path)
        return objects(found) if isinstance(found, list) else _absent(path)

    def code(self, path: str) -> str:
        """The text of the expression at a path."""
        found = self.at(path)
        return found.text if isinstance(found, Code) else _absent(path)


def objects(value: Value) -> list[dict[str, Value]]:
    """The elements of an array of objects; LookupError when it is none."""
    found = value if isinstance(value, list) else _absent(str(value))
    return [one if isinstance(one, dict) else _absent(str(one)) for one in found]


def _absent(path: str) -> NoReturn:
    raise LookupError(path)


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    line: int


@dataclass(slots=True)
class File:
    """The declarations of one file by name; a parameter, a resource and an output may share one."""

    path: Path
    declarations: list[Declaration] = field(default_factory=list)

    def of(self, kind: str) -> dict[str, Declaration]:
        return {one.name: one for one in self.declarations if one.kind == kind}

    def resources(self, kind: str) -> list[Declaration]:
        """The resources of this type (whatever version) that this file makes, nested ones included."""
        made = [one for one in self.every_resource() if not one.existing]
        return [one for one in made if one.type.partition("@")[0] == kind]

    def every_resource(self) -> Iterator[Declaration]:
        for one in self.declarations:
            if one.kind == "resource":
                yield one
                yield from one.parts


def read(path: Path) -> File:
    """A file's declarations; raises SyntaxError on anything that this reader does not know."""
    return _Reader(path).file()


class _Reader:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._tokens = list(_tokens(path))
        self._at = 0

    def file(self) -> File:
        file = File(self._path)
        while self._skip_newlines() or self._now.kind != "end":
            if self._now.kind == "end":
                break
            file.declarations.append(self._declaration())
        return file

    def _declaration(self) -> Declaration:
        decorators = []
        while self._take("@"):
            decorators.append(self._code().text)
            self._skip_newlines()
        kind = self._name()
        match kind:
            case "targetScope":
                self._need("=")
                return Declaration(kind=kind, name=kind, value=self._value())
            case "extension":
                return Declaration(kind=kind, name=self._code().text)
            case "metadata" | "var":
                name = self._name()
                self._need("=")
                return Declaration(kind=kind, name=name, value=self._value(), decorators=tuple(decorators))
            case "param" | "output":
                name, of_type = self._name(), self._name()
                value = self._value() if self._take("=") else None
                return Declaration(kind=kind, name=name, type=of_type, value=value, decorators=tuple(decorators))
            case "resource" | "module":
                return self._resource(kind, tuple(decorators))
        raise self._wrong("a declaration")

    def _resource(self, kind: str, decorators: tuple[str, ...]) -> Declaration:
        name = self._name()
        of_type = self._string()
        existing = self._take("existing")
        self._need("=")
        condition = ""
        if self._take("if"):
            condition = self._code(until="{").text
        parts: list[Declaration] = []
        value = self._value(parts)
        return Declaration(
            kind=kind,
            name=name,
            type=of_type,
            value=value,
            existing=existing,
            condition=condition,
            decorators=decorators,
            parts=tuple(parts),
        )

    def _value(self, parts: list[Declaration] | None = None) -> Value:
        """Data as data where the whole value is data; else the text of the expression."""
        start = self._at
        value: Value
        if self._now.text == "{":
            value = self._object(parts)
        elif self._now.text == "[":
            value = self._array()
        elif self._now.kind in ("string", "number") or self._now.text in CONSTANTS:
            value = _plain(self._now)
            self._at += 1
        else:
            return self._code()
        if self._now.kind in ("newline", "end") or self._now.text in {",", *CLOSING}:
            return value
        self._at = start
        return self._code()

    def _object(self, parts: list[Declaration] | None = None) -> dict[str, Value]:
        self._need("{")
        found: dict[str, Value] = {}
        while self._skip_separators() or not self._take("}"):
            if self._now.text == "}":
                continue
            if parts is not None and self._now.text == "resource" and self._next.kind == "name":
                parts.append(self._declaration())
                continue
            if self._now.kind not in ("string", "name"):
                raise self._wrong("a property")
            key = _text(self._now) if self._now.kind == "string" else self._now.text
            self._at += 1
            self._need(":")
            if key in found:
                raise self._wrong(f"{key} once")
            found[key] = self._value()
        return found

    def _array(self) -> Value:
        self._need("[")
        if self._take("for"):
            over = self._code(until=":").text
            self._need(":")
            body = self._value()
            self._need("]")
            return Loop(over, body)
        found: list[Value] = []
        while self._skip_separators() or not self._take("]"):
            if self._now.text != "]":
                found.append(self._value())
        return found

    def _code(self, until: str = "") -> Code:
        """Everything up to the end of the value: a newline, comma or bracket that no bracket of its own encloses."""
        depth, texts = list[str](), list[str]()
        while True:
            now = self._now
            if not depth and (now.kind == "end" or now.text in {",", *CLOSING} or (now.text == until and texts)):
                break
            if not depth and now.kind == "newline" and self._after_newlines().text not in {"?", ":"}:
                break
            if now.kind == "end":
                raise self._wrong(f"a closing {depth[-1]}")
            if now.text in OPENING:
                depth.append(OPENING[now.text])
            elif depth and now.text == depth[-1]:
                depth.pop()
            if now.kind != "newline":
                runs_together = texts and now.kind in ("name", "number") and re.search(r"\w$", texts[-1])
                texts.append(f" {now.text}" if runs_together else now.text)
            self._at += 1
        if not texts:
            raise self._wrong("an expression")
        return Code("".join(texts))

    @property
    def _now(self) -> Token:
        return self._tokens[self._at]

    @property
    def _next(self) -> Token:
        return self._tokens[self._at + 1]

    def _after_newlines(self) -> Token:
        return next(token for token in self._tokens[self._at :] if token.kind != "newline")

    def _take(self, text: str) -> bool:
        taken = self._now.text == text and self._now.kind != "string"
        self._at += taken
        return taken

    def _need(self, text: str) -> None:
        if not self._take(text):
            raise self._wrong(text)

    def _name(self) -> str:
        if self._now.kind != "name":
            raise self._wrong("a name")
        self._at += 1
        return self._tokens[self._at - 1].text

    def _string(self) -> str:
        if self._now.kind != "string":
            raise self._wrong("a string")
        self._at += 1
        return _text(self._tokens[self._at - 1])

    def _skip_newlines(self) -> bool:
        while self._now.kind == "newline":
            self._at += 1
        return False

    def _skip_separators(self) -> bool:
        while self._now.kind == "newline" or self._now.text == ",":
            self._at += 1
        return False

    def _wrong(self, wanted: str) -> SyntaxError:
        return SyntaxError(f"{self._path.name}:{self._now.line}: {wanted} expected, {self._now.text!r} found")


def _tokens(path: Path) -> Iterator[Token]:
    text, at, line = path.read_text(encoding="utf-8"), 0, 1
    while at < len(text):
        found = TOKEN.match(text, at)
        if found is None:
            raise SyntaxError(f"{path.name}:{line}: {text[at : at + 20]!r} is no token")
        if found.lastgroup != "space":
            yield Token(str(found.lastgroup), found.group(), line)
        line += found.group().count("\n")
        at = found.end()
    yield Token("end", "", line)


def _plain(token: Token) -> Value:
    if token.kind == "number":
        return int(token.text)
    if token.kind == "name":
        return CONSTANTS[token.text]
    return Code(token.text) if re.search(r"(?<!\\)\$\{", token.text) else _text(token)


def _text(token: Token) -> str:
    """The text of a string; what is interpolated stays as it is written."""
    if token.text.startswith("'''"):
        return token.text[3:-3].removeprefix("\n")
    return re.sub(r"\\(.)", lambda found: ESCAPES[found.group(1)], token.text[1:-1])
