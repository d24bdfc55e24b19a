"""The messages between host and worker as plain objects: what `azure_functions_runtime` takes for its `protos`.

In Azure these are protobuf classes (azure-functions-language-worker-protobuf, FunctionRpc.proto); the library only
makes them by keyword and reads their attributes, so neither protobuf nor gRPC is needed here.
"""

from enum import IntEnum
from types import SimpleNamespace


class Message(SimpleNamespace):
    """Any message: the fields it was made with."""


class TypedData(Message):
    """A value under the name of its one kind: `http`, `json`, `string`, `bytes`, ..."""

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802 - protobuf's name
        """The kind of value held; None when there is none."""
        return next(iter(vars(self)), None)


class ParameterBinding(Message):
    """A value bound to a parameter of the function."""

    def WhichOneof(self, _group: str) -> str:  # noqa: N802 - protobuf's name
        """How the value travels: always within the message, never in shared memory."""
        return "data"


class StatusResult(Message):
    """How a request to the worker ended."""

    Failure = 0
    Success = 1


class BindingInfo(Message):
    """A binding and its direction."""

    undefined = 0
    out = 1
    inout = 2


class RpcHttpCookie(Message):
    """A cookie of a response."""

    SameSite = IntEnum("SameSite", {"None": 0, "Lax": 1, "Strict": 2, "ExplicitNone": 3})


WorkerInitResponse = WorkerMetadata = FunctionMetadataResponse = FunctionLoadResponse = InvocationResponse = Message
RpcFunctionMetadata = RpcRetryOptions = RpcException = RpcHttp = Message
NullableString = NullableBool = NullableDouble = NullableTimestamp = Timestamp = Message
