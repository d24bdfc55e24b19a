"""The parts of one stack by name: each in a process of its own, killed and started again where it was."""

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess

from local.ports import BACKLOG, hold, port_of
from local.processes import answers, kill, start, stop, wait_until
from local.state import StackState


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """How one part runs: `run(state, sockets, **options)`, handed the sockets that `doors` names.

    A door bears the name of the field of the state that holds its address.
    """

    run: Callable[..., None]
    doors: tuple[str, ...]
    options: Mapping[str, object] = field(default_factory=dict)


class Parts:
    """The parts of one stack; `parts` in the order in which they start."""

    def __init__(self, state: StackState, parts: Mapping[str, Part]) -> None:
        self.state = state
        self._parts = parts
        self._processes: dict[str, BaseProcess] = {}
        self._ports: dict[str, int] = {}
        self._held: dict[str, socket.socket] = {}

    @contextmanager
    def running(self, sockets: Mapping[str, socket.socket]) -> Iterator[None]:
        """Start all on these bound sockets and wait until the host answers; stop all on the way out.

        Raises StackFailed, and then nothing is left running.
        """
        self._ports = {door: port_of(bound) for door, bound in sockets.items()}
        self._held = dict(sockets)
        try:
            for name in self._parts:
                self._start(name)
            wait_until(lambda: answers(self.state), self._processes, self.state)
            yield
        finally:
            _close(self._held)
            for process in reversed(self._processes.values()):
                stop(process)

    def kill(self, name: str) -> None:
        """End a part with SIGKILL, amid whatever it does; returns when it is gone and its address refuses connections.

        What it keeps in its folder is there when it starts again; what it keeps in memory (at Entra ID consents,
        credentials, codes, revocations and orders of errors) begins anew. Raises KeyError when it does not run.
        """
        kill(self._processes.pop(name))
        for door in self._parts[name].doors:
            if door not in self._held:
                self._held[door] = hold(self._ports[door])

    def start(self, name: str) -> None:
        """Start a part that was killed, with the same address, folder and settings; returns when it answers.

        Raises KeyError when it was not killed, and StackFailed.
        """
        if name in self._processes:
            raise KeyError(name)
        self._start(name)
        door = self._parts[name].doors[0]
        wait_until(lambda: answers(self.state, door), {name: self._processes[name]}, self.state)

    def _start(self, name: str) -> None:
        part = self._parts[name]
        sockets = {door: self._listen(door) for door in part.doors}
        try:
            self._processes[name] = start(part.run, self.state, sockets, **part.options)
        finally:
            _close(sockets)

    def _listen(self, door: str) -> socket.socket:
        """The socket for the part; another one holds the port, so that nobody takes it when the part is killed."""
        listening = self._held.pop(door)
        with suppress(OSError):
            self._held[door] = hold(self._ports[door])
        listening.listen(BACKLOG)
        return listening


def _close(sockets: Mapping[str, socket.socket]) -> None:
    """Close our own copies: they would keep a port open after its part is gone."""
    for listening in sockets.values():
        listening.close()
