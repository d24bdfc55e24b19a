"""Processes forked from one that has loaded what they load: up sooner, and otherwise as if started from here."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping
from multiprocessing import forkserver, reduction, resource_tracker
from multiprocessing.process import BaseProcess
from typing import Any, Protocol

# The parts of a stack, and the libraries of the app that one of them serves; importing them does nothing.
_PRELOADED = ["local.stack", "azure.functions", "azure.identity", "azure.keyvault.secrets"]


class _Descriptor(Protocol):
    """A file descriptor on its way to another process."""

    def detach(self) -> int:
        """Its number there."""
        ...


def preload(*modules: str) -> None:
    """Have these loaded too, for those who know what the app imports; before the first process is forked."""
    _PRELOADED.extend(modules)


def forked(run: Callable[..., None], arguments: tuple[object, ...], options: Mapping[str, object]) -> BaseProcess:
    """A process that calls `run`, not started yet; it ends with this one at the latest."""
    _ensure_running()
    here = {"environment": dict(os.environ), "stderr": _Stderr()}
    context = multiprocessing.get_context("forkserver")
    return context.Process(target=_run_as_from_there, args=(run, arguments, options), kwargs=here, daemon=True)


def _ensure_running() -> None:
    resource_tracker.ensure_running()  # it takes the same care, and would undo ours
    # Ctrl-C in a terminal is sent to every process: it is for this one, which then needs the server to end the parts.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.set_forkserver_preload(_PRELOADED)
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Stderr:
    """This process's stderr, where a part says why it does not start; a process forked elsewhere has another."""

    def __reduce__(self) -> tuple[Callable[[_Descriptor], _Descriptor], tuple[Any]]:
        return _arrived, (reduction.DupFd(2),)


def _arrived(descriptor: _Descriptor) -> _Descriptor:
    return descriptor


def _run_as_from_there(
    run: Callable[..., None],
    arguments: tuple[object, ...],
    options: Mapping[str, object],
    *,
    environment: Mapping[str, str],
    stderr: _Descriptor,
) -> None:
    """Call `run` with the environment and the stderr of whoever started the process."""
    os.environ.clear()
    os.environ.update(environment)
    os.dup2(stderr.detach(), 2)
    run(*arguments, **options)
