"""The place that a host sends its telemetry to, and the rows that Azure Monitor would make of it.

The host posts lines of JSON, gzipped, to /v2/track. What else it asks for (live metrics) is answered with nothing.
"""

import gzip
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.infra.kql import Row

LEVELS = {name: number for number, name in enumerate(("Verbose", "Information", "Warning", "Error", "Critical"))}


@dataclass(slots=True)
class Ingestion:
    """What came, as text and as items; `connection_string` is what sends a host here."""

    connection_string: str
    texts: list[str] = field(default_factory=list)

    def items(self) -> list[Mapping[str, Any]]:
        return [json.loads(line) for text in self.texts for line in text.splitlines() if line]

    def strings(self) -> list[str]:
        """Every text in every item, as it was before it became JSON."""
        return list(_strings(self.items()))

    def tables(self, *, since: datetime | None = None, until: datetime | None = None) -> dict[str, list[Row]]:
        """The tables that our queries ask, in the workspace's columns; rows of this stretch of time alone."""
        tables: dict[str, list[Row]] = {name: [] for name in COLUMNS}
        for item in self.items():
            at = datetime.fromisoformat(item["time"])
            if item["name"] in COLUMNS and (since is None or at >= since) and (until is None or at < until):
                tables[item["name"]].append({"TimeGenerated": at, **COLUMNS[item["name"]](item["data"]["baseData"])})
        return tables


def _strings(found: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    match found:
        case str():
            yield found
        case Mapping():
            yield from _strings([*found.keys(), *found.values()])
        case list():
            for one in found:
                yield from _strings(one)


def _trace(data: Mapping[str, Any]) -> Row:
    return {
        "Message": data["message"],
        "SeverityLevel": LEVELS[data["severityLevel"]],
        "Category": data["properties"]["Category"],
    }


def _request(data: Mapping[str, Any]) -> Row:
    hours, minutes, seconds = data["duration"].split(":")  # no function of ours runs for days
    milliseconds = 1000 * (float(seconds) + 60 * (int(minutes) + 60 * int(hours)))
    return {
        "Name": data["name"],
        "ResultCode": data["responseCode"],
        "Success": data["success"],
        "DurationMs": milliseconds,
    }


def _exception(data: Mapping[str, Any]) -> Row:
    messages = [exception["message"] for exception in data["exceptions"]]
    return {"OuterMessage": messages[0], "InnermostMessage": messages[-1]}


COLUMNS: Mapping[str, Callable[[Mapping[str, Any]], Row]] = {
    "AppTraces": _trace,
    "AppRequests": _request,
    "AppExceptions": _exception,
}


@contextmanager
def listening() -> Iterator[Ingestion]:
    """Take telemetry on a free port while the context lasts: longer than the host, which sends its last rows late."""
    texts: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        """Takes whatever comes."""

        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Keep what was sent to the track, and say that all of it was taken."""
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path.endswith("/track"):
                unpacked = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
                texts.append(unpacked.decode())
            count = texts[-1].count("\n") + 1 if texts else 0
            answer = json.dumps({"itemsReceived": count, "itemsAccepted": count, "errors": []}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_arguments: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_address[1]}/"
        key = "00000000-0000-4000-8000-000000000001"
        try:
            yield Ingestion(f"InstrumentationKey={key};IngestionEndpoint={address};LiveEndpoint={address}", texts)
        finally:
            server.shutdown()
            thread.join()
