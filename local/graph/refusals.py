"""How Microsoft Graph refuses (learn: graph/errors)."""

from typing import Any


class GraphError(Exception):
    """A refusal with Graph's own code."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def body(self) -> dict[str, Any]:
        """The refusal as it is sent."""
        return {"error": {"code": self.code, "message": str(self), "innerError": {}}}


def missing(what: str) -> GraphError:
    """There is no such object."""
    return GraphError(404, "Request_ResourceNotFound", f"Resource '{what}' does not exist.")
