"""Routes as they are declared: no method without an answer, no path with two, and nothing leaked is looked at."""

import asyncio
import json
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, cast

import azure.functions as func
import pytest

from shared.errors import BrokerError, InvalidRequest
from shared.responses import error_response, json_response
from shared.routes import METHODS, Routes

ALL = frozenset(METHODS)


@dataclass(frozen=True)
class Invocation:
    invocation_id: str = "the-invocation"


def page(error: BrokerError, correlation: str) -> func.HttpResponse:
    return func.HttpResponse(f"{error.code} {correlation}", status_code=error.status, mimetype="text/html")


def declared(routes: Routes) -> Routes:
    @routes.get("things")
    async def things_list(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:  # noqa: ARG001 - as bound
        return json_response(["a"], correlation="the-id")

    @routes.put("things/{name}")
    async def things_put(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:  # noqa: ARG001 - as bound
        return json_response({"put": req.route_params["name"]}, correlation="the-id")

    @routes.delete("things/{name}")
    async def things_delete(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:  # noqa: ARG001 - as bound
        raise InvalidRequest("No.")

    return routes


def functions(routes: Routes) -> dict[str, func.Function]:
    app = func.FunctionApp()
    app.register_functions(routes.blueprint())
    return {str(function.get_function_name()): function for function in app.get_functions()}


def trigger_of(function: func.Function) -> dict[str, Any]:
    trigger = function.get_trigger()
    assert trigger is not None
    return dict(trigger.get_dict_repr())


def methods_of(function: func.Function) -> frozenset[str]:
    methods = trigger_of(function).get("methods")
    return ALL if methods is None else frozenset(str(method) for method in methods)


def called(function: func.Function, method: str, **parameters: str) -> func.HttpResponse:
    request = func.HttpRequest(
        method=method, url="https://broker.example", params=parameters, route_params={"name": "a"}, body=b""
    )
    handler = function.get_user_function()
    return asyncio.run(cast("Coroutine[None, None, func.HttpResponse]", handler(request, Invocation())))


def content(response: func.HttpResponse) -> Any:  # noqa: ANN401 - JSON
    return json.loads(response.get_body())


def test_every_handler_is_a_function_of_its_own_name_that_the_host_guards_by_no_key() -> None:
    found = functions(declared(Routes()))
    assert set(found) == {"things_list", "things_put", "things_delete"}
    triggers = [trigger_of(function) for function in found.values()]
    assert {(trigger["route"], str(trigger["authLevel"])) for trigger in triggers} == {
        ("things", "ANONYMOUS"),
        ("things/{name}", "ANONYMOUS"),
    }


def test_each_method_of_a_path_is_one_functions() -> None:
    """Of two that match, the host takes the one whose name comes first in the alphabet."""
    found = functions(declared(Routes()))
    assert methods_of(found["things_list"]) == ALL
    assert methods_of(found["things_put"]) == ALL - {"DELETE"}
    assert methods_of(found["things_delete"]) == {"DELETE"}


def test_the_methods_that_are_declared_are_served() -> None:
    found = functions(declared(Routes()))
    assert content(called(found["things_list"], "GET")) == ["a"]
    assert content(called(found["things_put"], "PUT")) == {"put": "a"}
    assert content(called(found["things_delete"], "DELETE"))["code"] == "invalid_request"


@pytest.mark.parametrize("method", [*sorted(ALL - {"PUT", "DELETE"}), "TRACE", "PROPFIND"])
def test_any_other_method_is_refused_with_those_that_the_path_takes(method: str) -> None:
    answer = called(functions(declared(Routes()))["things_put"], method)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "PUT, DELETE")
    assert content(answer)["code"] == "method_not_allowed"
    assert "PUT, DELETE" in content(answer)["error_description"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_leaked_is_refused_before_anything_else_is_looked_at(method: str) -> None:
    answer = called(functions(declared(Routes()))["things_list"], method, code="0.AXoA")
    assert (answer.status_code, content(answer)["code"]) == (400, "secret_leaked")


def test_a_route_may_be_where_oauths_code_belongs() -> None:
    found = functions(declared(Routes(refuse_leaks=False)))
    assert content(called(found["things_list"], "GET", code="0.AXoA")) == ["a"]


def test_refusals_are_rendered_as_the_route_has_it() -> None:
    found = functions(declared(Routes(page)))
    refused = called(found["things_list"], "POST")
    assert (refused.get_body(), refused.headers["Allow"]) == (b"method_not_allowed the-invocation", "GET")
    assert called(found["things_list"], "GET", code="x").get_body() == b"secret_leaked the-invocation"
    assert called(found["things_delete"], "DELETE").get_body() == b"invalid_request the-invocation"


def test_one_route_may_render_in_its_own_way() -> None:
    routes = Routes(page)

    @routes.get("own", render=error_response)
    async def own(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:  # noqa: ARG001 - as bound
        raise InvalidRequest

    assert content(called(functions(routes)["own"], "GET"))["code"] == "invalid_request"
