"""How long the commands of the Python client take: help and completion, and a token beside the SDKs by hand."""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SOURCES = Path(__file__).resolve().parent.parent / "clients" / "python" / "src"
ROUNDS = 9
ANSWER = {"access_token": "a.b.c", "expires_on": 4_000_000_000, "resource": "r", "token_type": "Bearer"}
# The least that a program does which gets the same token with the same libraries.
BY_HAND = """
import argparse, json, os
from azure.core.pipeline import Pipeline
from azure.core.pipeline.policies import HeadersPolicy, RetryPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest
from azure.identity import ManagedIdentityCredential
argparse.ArgumentParser().parse_args([])
token = ManagedIdentityCredential().get_token("api://broker/.default").token
request = HttpRequest("POST", os.environ["BROKER_URL"] + "/api/token", json={"tenant": "contoso"})
request.headers["Authorization"] = "Bearer " + token
with Pipeline(RequestsTransport(), [HeadersPolicy(), RetryPolicy()]) as pipeline:
    print(json.loads(pipeline.run(request).http_response.text())["access_token"])
"""


class _Everybody(BaseHTTPRequestHandler):
    """Broker and managed identity in one: every answer holds a token."""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.dumps(ANSWER).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    """Print medians of nine interleaved rounds: time, processor time, and that as a ratio to the bare interpreter."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Everybody)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        _measure(_environment(f"http://127.0.0.1:{server.server_port}", folder))
    server.shutdown()


def _measure(environment: dict[str, str]) -> None:
    broker, token = ["-m", "partner_token.broker_command"], ["-m", "partner_token.token_command"]
    tab = {"_PARTNER_BROKER_COMPLETE": "bash_complete", "COMP_WORDS": "partner-broker cu", "COMP_CWORD": "1"}
    runs: dict[str, tuple[list[str], dict[str, str]]] = {
        "bare interpreter": (["-c", "pass"], {}),
        "import click": (["-c", "import click"], {}),
        "partner-broker --version": ([*broker, "--version"], {}),
        "partner-broker --help": ([*broker, "--help"], {}),
        "partner-broker cu<Tab>": (broker, tab),
        "partner-token --help": ([*token, "--help"], {}),
        "a token by hand, argparse and SDKs": (["-c", BY_HAND], {}),
        "partner-token contoso graph": ([*token, "contoso", "graph"], {}),
    }
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    for number in range(ROUNDS + 1):
        for name, (arguments, more) in runs.items():
            found = _timed(arguments, environment | more)
            # The first round compiles.
            taken[name] += [found] if number else []
    base = statistics.median(worked for _, worked in taken["bare interpreter"])
    for name, found_all in taken.items():
        lasted, worked = (statistics.median(one) for one in zip(*found_all, strict=True))
        print(f"{name:<36} {lasted * 1000:6.0f} ms   {worked * 1000:6.0f} ms of processor   {worked / base:5.1f} x")


def _timed(arguments: list[str], environment: dict[str, str]) -> tuple[float, float]:
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, *arguments], env=environment, check=True, capture_output=True)  # noqa: S603
    lasted, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return lasted, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _environment(url: str, folder: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(SOURCES),
        "PYTHONPYCACHEPREFIX": folder,
        "IDENTITY_ENDPOINT": f"{url}/msi/token",
        "IDENTITY_HEADER": "header",
        "BROKER_URL": url,
        "BROKER_AUDIENCE": "api://broker",
    }


if __name__ == "__main__":
    main()
