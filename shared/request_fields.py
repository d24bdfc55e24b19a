"""What a request asks for: the fields of its JSON body or the parameters of its query, known by name or refused."""

import re
from collections.abc import Collection, Mapping
from typing import Any

import azure.functions as func

from shared.errors import BodyTooLarge, InvalidRequest, LengthRequired
from shared.quoted import quoted
from shared.strict_json import parse_json

MAX_BODY = 16_384
WHOLE_NUMBER = re.compile(r"-?[0-9]{1,9}", re.ASCII)
_JSON_NAMES: Mapping[type, str] = {
    str: "a string",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}


def request_body(req: func.HttpRequest, *, limit: int = MAX_BODY) -> bytes:
    """The body as it arrived, empty where none did; `limit` in bytes.

    Raises BodyTooLarge, and LengthRequired for a body sent in chunks that arrived empty.
    """
    body: bytes = req.get_body()
    if len(body) > limit:
        raise BodyTooLarge(f"At most {limit} bytes.")
    if not body and "chunked" in req.headers.get("Transfer-Encoding", "").lower():
        raise LengthRequired
    return body


def json_body(req: func.HttpRequest, allowed: Mapping[str, type], *, limit: int = MAX_BODY) -> dict[str, Any]:
    """The fields of a request that takes them in a JSON body alone; `limit` in bytes.

    Raises InvalidRequest naming what is unknown, twice there, or mistyped. `{}` is a body; an absent one is refused:
    a body that was lost on its way must not become a request for every default.
    """
    checked_parameters(req.params, ())
    body = request_body(req, limit=limit)
    if not body:
        raise InvalidRequest("The body is absent. Send JSON; {} names no field.")
    content = parse_json(body, what="The body")
    if not isinstance(content, dict):
        raise InvalidRequest("The body is not a JSON object.")
    _require_known("field", content, allowed)
    for name, value in content.items():
        if type(value) is not allowed[name]:
            raise _mistyped(name, allowed)
    return content


def require_no_body(req: func.HttpRequest) -> None:
    """Raise InvalidRequest for a body that says something on a route that reads none; `{}` says nothing."""
    if request_body(req).strip() not in {b"", b"{}"}:
        raise InvalidRequest("This route takes no body, so what yours says would not be done.")


def checked_parameters(unverified: Mapping[str, str], known: Collection[str]) -> Mapping[str, str]:
    """The parameters of a query; raises InvalidRequest for one that is unknown or repeated.

    The Functions host joins the values of a repeated parameter by a comma, and no value that a route takes has one.
    """
    _require_known("parameter", unverified, known)
    for name, value in unverified.items():
        if "," in value:
            raise InvalidRequest(f"{name}: it is there twice, or has a comma.")
    return unverified


def body_or_query(
    req: func.HttpRequest, allowed: Mapping[str, type], *, body_alone: Collection[str]
) -> Mapping[str, Any]:
    """The fields of a request that takes them either way, but not both; the query takes none of `body_alone`."""
    if not req.params:
        return json_body(req, allowed)
    if request_body(req):
        raise InvalidRequest("There are a body and parameters: send one of them.")
    for name in body_alone:
        if name in req.params:
            raise InvalidRequest(f"{name}: in a body alone.")
    given = checked_parameters(req.params, [name for name in allowed if name not in body_alone])
    return {name: _typed(name, text, allowed) for name, text in given.items()}


def _typed(name: str, text: str, allowed: Mapping[str, type]) -> str | int:
    if allowed[name] is str:
        return text
    if allowed[name] is int and WHOLE_NUMBER.fullmatch(text):
        return int(text)
    raise _mistyped(name, allowed)


def _require_known(kind: str, given: Collection[str], known: Collection[str]) -> None:
    unknown = [name for name in given if name not in known]
    if unknown:
        raise InvalidRequest(f"Unknown {kind}: {quoted(unknown)}; this route takes {', '.join(known) or 'none'}.")


def _mistyped(name: str, allowed: Mapping[str, type]) -> InvalidRequest:
    return InvalidRequest(f"{name}: it should be {_JSON_NAMES[allowed[name]]}.")
