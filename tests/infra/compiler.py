"""The real Bicep compiler: one process, asked over JSON-RPC, since each start of it takes seconds."""

import json
import subprocess
from pathlib import Path
from typing import Any, Self

from tests.infra.project import TEMPLATE

# Where each deployment is evaluated for; not the region of its resources, which a parameter gives.
PLACE = {
    "tenantId": "00000000-0000-0000-0000-000000000001",
    "subscriptionId": "00000000-0000-0000-0000-000000000002",
    "location": "westeurope",
    "deploymentName": "main",
}


class CompilerError(Exception):
    """The compiler refuses what it was given; the text is its own."""


class Compiler:
    """`bicep jsonrpc` for as long as the context lasts (learn: azure-resource-manager/bicep/bicep-cli)."""

    def __init__(self, command: str) -> None:
        arguments = [command, "jsonrpc", "--stdio"]
        self._process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def template(self, source: Path) -> str:
        """What `bicep build` writes; raises CompilerError."""
        answer = self._ask("bicep/compile", path=str(source))
        if not answer["success"]:
            raise CompilerError("\n".join(_told(one) for one in answer["diagnostics"]))
        return str(answer["contents"])

    def snapshot(self, parameters: Path) -> Any:  # noqa: ANN401 - JSON
        """What `bicep snapshot` writes, with the outputs in order, which it has not; raises CompilerError."""
        content = json.loads(self._ask("bicep/getSnapshot", path=str(parameters), metadata=PLACE)["snapshot"])
        return {**content, "outputs": dict(sorted(content["outputs"].items()))}

    def _ask(self, method: str, **params: object) -> Any:  # noqa: ANN401 - JSON
        asked = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": [params]}).encode()
        assert self._process.stdin
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(asked), asked))
        self._process.stdin.flush()
        answer = json.loads(self._message())
        if "error" in answer:
            raise CompilerError(f"{params['path']}: {answer['error']['message']}")
        return answer["result"]

    def _message(self) -> bytes:
        assert self._process.stdout
        length = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        if not length:
            raise CompilerError("it ended without an answer")
        return self._process.stdout.read(length)


def _told(diagnostic: Any) -> str:  # noqa: ANN401 - JSON
    line = diagnostic["range"]["start"]["line"] + 1
    return f"{diagnostic['source']}({line}): {diagnostic['level']} {diagnostic['code']}: {diagnostic['message']}"


def run(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One call of the command line."""
    return subprocess.run([command, *arguments], capture_output=True, text=True, check=False)  # noqa: S603


def version(command: str) -> str:
    """The compiler's, such as 0.49.2."""
    return run(command, "--version").stdout.split()[3]


def version_of_the_template() -> str:
    """That of the compiler that built infra/main.json."""
    built_by = json.loads(TEMPLATE.read_text(encoding="utf-8"))["metadata"]["_generator"]["version"]
    return str(built_by).rpartition(".")[0]
