"""PowerShell's syntax tree, as the tests ask it: functions, parameters, help, commands, and values of literals."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

CLIENT = Path(__file__).resolve().parents[3] / "clients" / "powershell"
MODULE = CLIENT / "PartnerToken"
FILES = sorted(file for file in CLIENT.rglob("*") if file.suffix in {".ps1", ".psm1", ".psd1"})
# Around a single value the grammar wraps one node for each operator that could have stood there.
WRAPPERS = re.compile(r".*_expression|pipeline|pipeline_chain|statement_list|string_literal|key_expression")


@cache
def tree(file: Path) -> Node:
    """The file's tree; reading it twice costs nothing."""
    return Parser(Language(tree_sitter_powershell.language())).parse(file.read_bytes()).root_node


def descendants(node: Node, *kinds: str) -> Iterator[Node]:
    """Every node of these kinds below (and at) the node, in the order of the text."""
    if node.type in kinds:
        yield node
    for child in node.children:
        yield from descendants(child, *kinds)


def text(node: Node) -> str:
    return (node.text or b"").decode()


def errors(file: Path) -> list[str]:
    """Where the grammar did not understand the file."""

    def found(node: Node) -> Iterator[str]:
        if node.type == "ERROR" or node.is_missing:
            yield f"{file.name}:{node.start_point.row + 1}: {text(node)[:80]}"
        for child in node.children:
            yield from found(child)

    return list(found(tree(file)))


def functions(folder: Path) -> dict[str, Node]:
    """Function name -> its node, of every script in the folder."""
    return {
        text(next(descendants(node, "function_name"))): node
        for file in sorted(folder.glob("*.ps1"))
        for node in descendants(tree(file), "function_statement")
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter as declared: without the dollar, with its type in lower case."""

    name: str
    type: str
    aliases: frozenset[str]
    values: frozenset[str]
    mandatory: bool


def parameters(function: Node) -> dict[str, Parameter]:
    """Name -> parameter, of the function's own param block."""
    block = next(descendants(function, "param_block"))
    return {one.name: one for node in descendants(block, "script_parameter") for one in [_parameter(node)]}


def _parameter(node: Node) -> Parameter:
    attributes = [text(attribute) for attribute in descendants(node, "attribute")]
    types = [one for one in attributes if "(" not in one]
    quoted = {
        one.partition("(")[0].strip("[ "): frozenset(re.findall(r"'([^']*)'", one)) for one in attributes if "(" in one
    }
    return Parameter(
        name=text(next(child for child in node.children if child.type == "variable")).removeprefix("$"),
        type=types[-1].removeprefix("[").removesuffix("]").lower() if types else "",
        aliases=quoted.get("Alias", frozenset()),
        values=quoted.get("ValidateSet", frozenset()),
        mandatory=any(one.startswith("[Parameter(") and "Mandatory" in one for one in attributes),
    )


def help_of(function: Node) -> dict[str, list[str]]:
    """The comment-based help inside the function: keyword -> its sections, the rest of the keyword's line first."""
    comment = next((text(node) for node in descendants(function, "comment") if text(node).startswith("<#")), "")
    sections: dict[str, list[str]] = {}
    for match in re.finditer(r"^ *\.([A-Z]+)(.*?)(?=^ *\.[A-Z]+|#>)", comment, re.MULTILINE | re.DOTALL):
        sections.setdefault(match[1], []).append(match[2].strip())
    return sections


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command that is called by name: its parameters without their dash, and the variables among its arguments."""

    name: str
    parameters: frozenset[str]
    variables: frozenset[str]
    text: str


def commands(node: Node) -> list[Command]:
    """Every command called in the node, those within arguments of others included."""
    return [_command(one) for one in descendants(node, "command") if one.child_by_field_name("command_name")]


def _command(node: Node) -> Command:
    elements = node.child_by_field_name("command_elements")
    own = list(_outside_of_blocks(elements)) if elements else []
    return Command(
        name=text(node.children[0]),
        parameters=frozenset(text(one).strip("-:") for one in own if one.type == "command_parameter"),
        variables=frozenset(name_of(one) for one in own if one.type == "variable"),
        text=text(node),
    )


def _outside_of_blocks(node: Node) -> Iterator[Node]:
    """The nodes of a command's own arguments, not of commands and script blocks among them."""
    yield node
    for child in node.children:
        if child.type not in {"command", "script_block"}:
            yield from _outside_of_blocks(child)


def name_of(variable: Node) -> str:
    """A variable's name as declared: without dollar, splat and braces, in lower case (PowerShell ignores it)."""
    return text(variable).strip("$@{}").lower()


class NotAValue(Exception):
    """The expression is more than a literal with variables in it."""


def value(node: Node, variables: Mapping[str, Any]) -> Any:  # noqa: ANN401, PLR0911 - whatever the literal is, one return for each kind
    """What a literal is worth: tables, strings with `${variables}` and escaped ones in them, `$true`.

    Raises NotAValue for everything that would have to be run.
    """
    match node.type:
        case "hash_literal_expression":
            entries = [entry for body in node.named_children for entry in body.named_children]
            return {
                str(value(entry.named_children[0], variables)): value(entry.named_children[-1], variables)
                for entry in entries
                if entry.type == "hash_entry"
            }
        case "verbatim_string_characters":
            return text(node)[1:-1].replace("''", "'")
        case "expandable_string_literal":
            return _expanded(text(node)[1:-1], variables)
        case "simple_name":
            return text(node)
        case "variable":
            name = text(node).strip("${}")
            return {"true": True, "false": False}.get(name) if name in {"true", "false"} else variables[name]
        case "array_expression":
            items = [value(child, variables) for child in node.named_children]
            return items[0] if len(items) == 1 and isinstance(items[0], list) else items
        case kind if WRAPPERS.fullmatch(kind) and len(node.named_children) == 1:
            return value(node.named_children[0], variables)
        case "array_literal_expression":
            return [value(child, variables) for child in node.named_children]
    raise NotAValue(f"{node.type}: {text(node)}")


def _expanded(template: str, variables: Mapping[str, Any]) -> str:
    """An expandable string; a variable without braces is refused, since `?` and `:` behind it would belong to it."""
    done = re.sub(
        r"\$\(\[uri\]::EscapeDataString\(\$(\w+)\)\)", lambda match: quote(str(variables[match[1]]), safe=""), template
    )
    done = re.sub(r"\$\{(\w+)\}", lambda match: str(variables[match[1]]), done)
    if "$" in done or "`" in done:
        raise NotAValue(template)
    return done


def returned(function: Node, variables: Mapping[str, Any]) -> Any:  # noqa: ANN401 - whatever the literal is
    """The value of a function whose body is one literal."""
    body = next(descendants(function, "script_block_body"))
    (statements,) = body.named_children
    (pipeline,) = (child for child in statements.named_children if child.type != "comment")
    return value(pipeline, variables)
