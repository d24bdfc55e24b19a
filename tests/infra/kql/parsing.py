"""The text of a query made into its parts: statements, operators between bars, expressions."""

import re
from collections.abc import Callable
from dataclasses import dataclass

TOKEN = re.compile(
    r"\s+|//[^\n]*|(?P<text>'[^']*')|(?P<span>\d+[hd]\b)|(?P<number>\d+)"
    r"|(?P<word>mv-expand\b|[A-Za-z_]\w*)|(?P<sign>==|!=|>=|<=|[=<>+\-*/().,|;\[\]])"
)
# From the loosest to the tightest.
BINARY = (("or",), ("and",), ("==", "!=", "<", "<=", ">", ">=", "has", "startswith", "in"), ("+", "-"), ("*", "/"))


@dataclass(frozen=True, slots=True)
class Value:
    """A literal: text, number, or a span of time as its text."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """A field of a dynamic value."""

    of: "Expression"
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function or a binary sign over its arguments."""

    name: str
    arguments: tuple["Expression", ...]


type Expression = Value | Column | Member | Call


@dataclass(frozen=True, slots=True)
class Named:
    """`Name = expression`; the name is the expression's own when none is given."""

    name: str
    expression: Expression


@dataclass(frozen=True, slots=True)
class Operator:
    """What stands between two bars; `by` belongs to summarize, `descending` to order."""

    name: str
    items: tuple[Named, ...]
    by: tuple[Named, ...] = ()
    descending: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Tables, put together, and what is done to their rows."""

    sources: tuple[str, ...]
    operators: tuple[Operator, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """A pipeline; `name` is what `let` calls it."""

    name: str
    pipeline: Pipeline


def parsed(query: str) -> list[Statement]:
    """The statements of a query, the last of which is its outcome."""
    parser = _Parser(query)
    statements = [parser.statement()]
    while parser.accept(";"):
        statements.append(parser.statement())
    parser.expect("")
    return statements


def own_name(expression: Expression) -> str:
    """What Kusto calls the column of an expression that has been given no name."""
    match expression:
        case Column(name) | Member(_, name):
            return name
        case Call("bin", (Column(name), _)):
            return name
    return ""


class _Parser:
    """Reads one token after the other; the empty token ends the query."""

    def __init__(self, query: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        place = 0
        while place < len(query):
            found = TOKEN.match(query, place)
            if found is None:
                raise SyntaxError(f"not understood: {query[place : place + 20]!r}")
            if found.lastgroup:
                self._tokens.append((found.lastgroup, found[0]))
            place = found.end()
        self._tokens.append(("end", ""))

    def accept(self, *texts: str) -> str:
        """The next token if it is one of these, else nothing."""
        kind, text = self._tokens[0]
        if kind == "text" or text not in texts:
            return ""
        self._tokens.pop(0)
        return text

    def expect(self, text: str) -> None:
        """The next token has to be this one."""
        if self._tokens[0][1] != text:
            raise SyntaxError(f"{text!r} expected, not {self._tokens[0][1]!r}")
        self._tokens.pop(0)

    def statement(self) -> Statement:
        name = ""
        if self.accept("let"):
            name = self._word()
            self.expect("=")
        sources = self._list(self._word) if self.accept("union") else [self._word()]
        operators = []
        while self.accept("|"):
            operators.append(self._operator())
        return Statement(name, Pipeline(tuple(sources), tuple(operators)))

    def _operator(self) -> Operator:
        name = self._word()
        match name:
            case "where":
                return Operator(name, (Named("", self._expression()),))
            case "extend" | "project":
                return Operator(name, tuple(self._list(self._named)))
            case "summarize":
                items = tuple(self._list(self._named))
                return Operator(name, items, by=tuple(self._list(self._named)) if self.accept("by") else ())
            case "mv-expand":
                item = self._named()
                for expected in ("to", "typeof", "(", "string", ")"):
                    self.expect(expected)
                return Operator(name, (item,))
            case "order":
                self.expect("by")
                found = self._list(lambda: (self._named(), self.accept("asc", "desc") != "asc"))
                return Operator(name, tuple(item for item, _ in found), descending=tuple(down for _, down in found))
        raise SyntaxError(f"no operator that is known here: {name}")

    def _list[T](self, read: Callable[[], T]) -> list[T]:
        found = [read()]
        while self.accept(","):
            found.append(read())
        return found

    def _named(self) -> Named:
        if self._tokens[0][0] == "word" and self._tokens[1][1] == "=":
            name = self._word()
            self.expect("=")
            return Named(name, self._expression())
        expression = self._expression()
        return Named(own_name(expression), expression)

    def _expression(self, level: int = 0) -> Expression:
        if level == len(BINARY):
            return self._member()
        left = self._expression(level + 1)
        while sign := self.accept(*BINARY[level]):
            right = self._arguments() if sign == "in" else (self._expression(level + 1),)
            left = Call(sign, (left, *right))
        return left

    def _member(self) -> Expression:
        found = self._primary()
        while sign := self.accept(".", "["):
            if sign == ".":
                found = Member(found, self._word())
                continue
            # A name that is a word of the language, such as `as`.
            found = Member(found, self._text())
            self.expect("]")
        return found

    def _primary(self) -> Expression:
        kind, text = self._tokens.pop(0)
        if kind in {"text", "span", "number"}:
            return Value(kind, text.strip("'"))
        if kind == "word":
            return Call(text, self._arguments()) if self._tokens[0][1] == "(" else Column(text)
        if text != "(":
            raise SyntaxError(f"not an expression: {text!r}")
        inner = self._expression()
        self.expect(")")
        return inner

    def _arguments(self) -> tuple[Expression, ...]:
        self.expect("(")
        if self.accept(")"):
            return ()
        found = self._list(self._expression)
        self.expect(")")
        return tuple(found)

    def _text(self) -> str:
        kind, text = self._tokens.pop(0)
        if kind != "text":
            raise SyntaxError(f"a text expected, not {text!r}")
        return text.strip("'")

    def _word(self) -> str:
        kind, text = self._tokens.pop(0)
        if kind != "word":
            raise SyntaxError(f"a name expected, not {text!r}")
        return text
