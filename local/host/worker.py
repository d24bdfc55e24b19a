"""Microsoft's worker library in this process: it indexes and invokes the app here as it does in Azure.

Only names in `azure_functions_runtime.__all__` are used. The library keeps its functions in a module global, so a
process loads one app, once.
"""

import importlib
import logging
import os
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import azure_functions_runtime as runtime

from local.host import attribution, protos
from local.host.errors import StartError
from local.host.functions import Function, describe
from local.host.protos import Message, ParameterBinding, StatusResult, TypedData
from local.host.trace import TraceContext

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an invocation ended, and the function's return value as the worker encoded it."""

    succeeded: bool
    value: TypedData | None = None


async def load(folder: Path) -> tuple[Function, ...]:
    """Start the thread pool and index the app in `folder`, which must be on `sys.path`; raises StartError.

    The pool has PYTHON_THREADPOOL_THREAD_COUNT threads, by default Python's own choice.
    """
    runtime.start_threadpool_executor()
    _import_app(folder)
    init = Message(capabilities={}, function_app_directory=str(folder))
    properties = {"protos": protos, "host": "127.0.0.1"}
    initialised = await runtime.worker_init_request(
        Message(request=Message(worker_init_request=init), properties=properties)
    )
    if initialised.result.status != StatusResult.Success:
        logger.error("The worker cannot index the app.\n%s", initialised.result.exception.stack_trace)
        raise StartError(initialised.result.exception.message)
    answer = await runtime.functions_metadata_request(Message(request=Message(), properties={}))
    # The worker calls an app without functions a success.
    if not answer.function_metadata_results:
        raise StartError(f"The app in {folder} has no functions.")
    functions = tuple(describe(metadata, os.environ) for metadata in answer.function_metadata_results)
    for function, metadata in zip(functions, answer.function_metadata_results, strict=True):
        one = Message(function_id=function.id, metadata=metadata)
        await runtime.function_load_request(Message(request=Message(function_load_request=one), properties={}))
    return functions


def stop() -> None:
    """Wait for handlers that run in threads, and end the thread pool."""
    runtime.stop_threadpool_executor()


async def invoke(function: Function, data: TypedData, *, trace: TraceContext) -> Outcome:
    """Run one function; an exception in it goes to the log, and only its failure to the caller."""
    invocation_id = str(uuid.uuid4())
    invocation = Message(
        invocation_id=invocation_id,
        function_id=function.id,
        input_data=[ParameterBinding(name=function.parameter, data=data)],
        trigger_metadata={},
        trace_context=Message(trace_parent=trace.parent, trace_state=trace.state, attributes={}),
        retry_context=Message(retry_count=0, max_retry_count=0, exception=None),
    )
    started = time.perf_counter()
    with attribution.invocation(invocation_id):
        answer = await runtime.invocation_request(
            Message(request=Message(invocation_request=invocation), properties={})
        )
    succeeded = answer.result.status == StatusResult.Success
    milliseconds = 1000 * (time.perf_counter() - started)
    if not succeeded:
        logger.error("%s raised, invocation %s\n%s", function.name, invocation_id, answer.result.exception.stack_trace)
    outcome = "succeeded" if succeeded else "failed"
    logger.info("%s %s, invocation %s, %.0f ms", function.name, outcome, invocation_id, milliseconds)
    return Outcome(succeeded=succeeded, value=answer.return_value if succeeded else None)


def _import_app(folder: Path) -> None:
    """Import the app before the worker does, which would turn the exception into text and lose its `problems`."""
    script = os.environ.get("PYTHON_SCRIPT_FILE_NAME", "function_app.py")
    if not (folder / script).is_file():
        raise StartError(f"{folder} has no {script}, so it is an app without functions.")
    try:
        importlib.import_module(Path(script).stem)
    except SystemExit as error:
        raise StartError(f"{script} ended the process: {error}") from error
    except Exception as error:
        problems = tuple(str(problem) for problem in getattr(error, "problems", ()))
        raise StartError(*(problems or (f"{type(error).__name__}: {error}",))) from error
