"""A service that is not part of the stack: it gives the answers that it was made with, and notes who asked what."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Where it listens, and what it was asked: method, path with query, and the Authorization header."""

    url: str
    asked: list[tuple[str, str, str]] = field(default_factory=list)


@contextmanager
def answering(answers: Mapping[str, Any]) -> Iterator[Service]:
    """Answers by the path without its query: JSON, or a number for a bare status; 404 for any other path."""
    heard: list[tuple[str, str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append((self.command, unquote(self.path), self.headers.get("Authorization", "")))
            answer = answers.get(unquote(self.path).partition("?")[0], 404)
            body = b"" if isinstance(answer, int) else json.dumps(answer).encode()
            self.send_response(answer if isinstance(answer, int) else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Service(url=f"http://127.0.0.1:{server.server_port}", asked=heard)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
