"""How routes are declared: open to the host and guarded in code, with an answer for every method and every failure."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import azure.functions as func

from shared.bursts import Bursts
from shared.errors import MethodNotAllowed
from shared.leaks import require_nothing_leaked
from shared.responses import Handler, Renderer, answering, correlation_id, error_response
from shared.witness import witnessed

# To the host; every route is guarded in code (docs/decisions/no-easy-auth.md), and managed identities hold no keys.
ANONYMOUS = func.AuthLevel.ANONYMOUS
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Served:
    """One method of one path."""

    handler: Handler
    render: Renderer


class Routes:
    """Collects handlers by path and method; each becomes the function of its own name.

    The host answers a method that no function takes with an empty 404. So the first function of a path takes all
    methods that no other takes, and those that nobody serves are refused with 405. No path is two functions' for one
    method: of two that match, the host takes the one whose name sorts first, and not the one whose route says more.
    """

    def __init__(
        self, render: Renderer = error_response, *, refuse_leaks: bool = True, bursts: Bursts | None = None
    ) -> None:
        """`render` makes an answer of an error; `refuse_leaks` is off where a query may hold OAuth's code.

        `bursts` puts refusals on record; whatever is due there is written by the next request.
        """
        self._render = render
        self._bursts = bursts or Bursts()
        self._refuse_leaks = refuse_leaks
        self._paths: dict[str, dict[str, _Served]] = {}

    def get(self, path: str, *, render: Renderer | None = None) -> Callable[[Handler], Handler]:
        """Serve GET."""
        return self._serving("GET", path, render)

    def post(self, path: str, *, render: Renderer | None = None) -> Callable[[Handler], Handler]:
        """Serve POST."""
        return self._serving("POST", path, render)

    def put(self, path: str) -> Callable[[Handler], Handler]:
        """Serve PUT."""
        return self._serving("PUT", path)

    def delete(self, path: str) -> Callable[[Handler], Handler]:
        """Serve DELETE."""
        return self._serving("DELETE", path)

    def blueprint(self) -> func.Blueprint:
        """The functions of all that was declared."""
        blueprint = func.Blueprint()
        for path, served in self._paths.items():
            for method, one in served.items():
                blueprint.route(route=path, methods=_methods(method, served), auth_level=ANONYMOUS)(
                    self._guarded(one, method, allow=", ".join(served))
                )
        return blueprint

    def _serving(self, method: str, path: str, render: Renderer | None = None) -> Callable[[Handler], Handler]:
        def decorate(handler: Handler) -> Handler:
            served = self._paths.setdefault(path, {})
            served[method] = _Served(handler=handler, render=render or self._render)
            return handler

        return decorate

    def _guarded(self, served: _Served, method: str, *, allow: str) -> Handler:
        @answering(served.render)
        @functools.wraps(served.handler)
        async def guarded(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
            correlation, route = correlation_id(context), served.handler.__name__
            self._bursts.write_what_is_due()
            if self._refuse_leaks:
                require_nothing_leaked(req.params, route=route, correlation=correlation, bursts=self._bursts)
            if req.method == method:
                with witnessed() as witness:
                    try:
                        return await served.handler(req, context)
                    except Exception as error:
                        witness.refused(error, route=route, correlation=correlation)
                        raise
            refusal = served.render(MethodNotAllowed(f"It takes {allow}."), correlation)
            refusal.headers["Allow"] = allow
            return refusal

        return guarded


def _methods(method: str, served: Mapping[str, _Served]) -> list[func.HttpMethod] | None:
    """The methods that a function is called with; None is the host's word for all."""
    if len(served) == 1:
        return None
    others = [other for other in METHODS if other not in served] if method == next(iter(served)) else []
    return [func.HttpMethod[name] for name in (method, *others)]
