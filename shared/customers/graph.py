"""Microsoft Graph as the broker uses it: one object, lists page after page, one change, twenty requests in one.

Sources: learn, graph/paging, graph/json-batching, graph/throttling.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import batched
from typing import Any

import requests

from shared.budget import Budget
from shared.clock import Clock, utc_now
from shared.customers.errors import GraphRefused, GraphUnavailable
from shared.customers.rest_service import RestService
from shared.entra.tokens import AccessToken
from shared.outbound import Outbound

VERSION = "v1.0"
MOST_PAGES, LONGEST_LIST = 400, 120.0
# Documented: at most twenty requests in a batch.
BATCH = 20
# A share of the documented limits, which are hundreds of times that for an application in one tenant.
REQUESTS_A_SECOND = 20
CODE = re.compile(r"[A-Za-z_]{1,60}")
OK, CREATED, NO_CONTENT, NOT_FOUND = 200, 201, 204, 404
DONE = frozenset({OK, CREATED, NO_CONTENT})


class Graph:
    """Every method may block; raises GraphRefused or GraphUnavailable. Whose tenant it is, the token says."""

    def __init__(
        self,
        outbound: Outbound,
        *,
        url: str,
        clock: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._monotonic = monotonic
        self._service = RestService(
            outbound,
            url=f"{url}/{VERSION}",
            unavailable=GraphUnavailable,
            budget=Budget(REQUESTS_A_SECOND, seconds=1.0, monotonic=monotonic, sleep=sleep),
            clock=clock,
            sleep=sleep,
        )

    def one(self, token: AccessToken, path: str, *, correlation: str) -> Mapping[str, Any] | None:
        """One object; None when there is none."""
        answer = self._service.answer("GET", path, token, correlation)
        return None if answer.status_code == NOT_FOUND else self._content(answer)

    def every(self, token: AccessToken, path: str, *, correlation: str) -> Iterator[Mapping[str, Any]]:
        """The objects of a list, whole or not at all."""
        until = self._monotonic() + LONGEST_LIST
        for _ in range(MOST_PAGES):
            if self._monotonic() > until:
                raise GraphUnavailable("Its list did not end in time.")
            content = self._content(self._service.answer("GET", path, token, correlation))
            yield from _objects(content)
            following = content.get("@odata.nextLink")
            if not following:
                return
            path = self._own(following)
        raise GraphUnavailable("Its pages do not come to an end.")

    def ask(self, token: AccessToken, path: str, content: Mapping[str, Any], *, correlation: str) -> Mapping[str, Any]:
        """What a POST answers that changes nothing."""
        return self._content(self._service.answer("POST", path, token, correlation, content=content, reading=True))

    def change(self, token: AccessToken, path: str, content: Mapping[str, Any], *, correlation: str) -> None:
        """A PATCH; GraphUnavailable: it may have been done."""
        _require_done(self._service.answer("PATCH", path, token, correlation, content=content))

    def add(self, token: AccessToken, path: str, content: Mapping[str, Any], *, correlation: str) -> None:
        """A POST that makes something; GraphUnavailable: it may have been done."""
        _require_done(self._service.answer("POST", path, token, correlation, content=content))

    def remove(self, token: AccessToken, path: str, *, correlation: str) -> bool:
        """A DELETE; False when there is nothing. GraphUnavailable: it may have been done."""
        answer = self._service.answer("DELETE", path, token, correlation)
        if answer.status_code == NOT_FOUND:
            return False
        _require_done(answer)
        return True

    def batch(
        self, token: AccessToken, paths: Sequence[str], *, correlation: str
    ) -> dict[str, Mapping[str, Any] | None]:
        """The objects at these paths, twenty in one request; None for what was refused or could not be had."""
        found: dict[str, Mapping[str, Any] | None] = dict.fromkeys(paths)
        for some in batched(paths, BATCH, strict=False):
            asked = [{"id": str(index), "method": "GET", "url": f"/{path}"} for index, path in enumerate(some)]
            content = self.ask(token, "$batch", {"requests": asked}, correlation=correlation)
            for told in content.get("responses") or ():
                try:
                    path = some[int(told["id"])]
                    found[path] = told["body"] if told["status"] == OK and isinstance(told["body"], Mapping) else None
                except (LookupError, TypeError, ValueError) as error:
                    raise GraphUnavailable("Its answer could not be read.") from error
        return found

    def _own(self, following: object) -> str:
        """The path of the next page; a token goes to no other place than the one it is for."""
        link = str(following)
        if not link.startswith(f"{self._service.url}/"):
            raise GraphUnavailable("Its next page is somewhere else.")
        return link.removeprefix(f"{self._service.url}/")

    def _content(self, answer: requests.Response) -> Mapping[str, Any]:
        _require_done(answer)
        return self._service.content(answer)


def _objects(content: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    objects = content.get("value")
    if not isinstance(objects, list) or not all(isinstance(one, Mapping) for one in objects):
        raise GraphUnavailable("Its answer could not be read.")
    yield from objects


def _require_done(answer: requests.Response) -> None:
    if answer.status_code in DONE:
        return
    try:
        code = str(answer.json()["error"]["code"])
    except (ValueError, LookupError, TypeError, RecursionError):
        code = ""
    told = f", code {code}" if CODE.fullmatch(code) else ""
    refused = GraphRefused(f"(HTTP {answer.status_code}{told})")
    refused.answered = answer.status_code
    raise refused
