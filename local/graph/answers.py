"""What operations answer beside plain objects: something made, and lists page after page (learn: graph/paging)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.graph.refusals import GraphError

USUAL_PAGE, LARGEST_PAGE = 100, 999


@dataclass(frozen=True, slots=True)
class Made:
    """An object that did not exist before: 201."""

    body: Mapping[str, Any]


def page_of(objects: Sequence[Mapping[str, Any]], query: Mapping[str, str], url: str) -> dict[str, Any]:
    """A page of these; `url` is where the list is."""
    size, begin = int(query.get("$top", USUAL_PAGE)), int(query.get("$skiptoken", "0"))
    if not 1 <= size <= LARGEST_PAGE:
        raise GraphError(400, "Request_UnsupportedQuery", "Invalid page size specified.")
    page: dict[str, Any] = {"value": list(objects[begin : begin + size])}
    if begin + size < len(objects):
        others = "".join(f"{name}={value}&" for name, value in query.items() if name not in {"$top", "$skiptoken"})
        page["@odata.nextLink"] = f"{url}?{others}$top={size}&$skiptoken={begin + size}"
    return page
