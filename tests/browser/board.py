"""A site of our own on loopback, that shows pages as a broker would send them, and pages of somebody else's."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType

from shared.pages.page import Page


class Board:
    """Each page put up has an address of its own."""

    def __init__(self, address: str) -> None:
        """`address` is where the site is."""
        self._address = address
        self.shown: list[Page] = []

    def show(self, page: Page) -> str:
        """Put a page up, with its own status and headers; its address."""
        self.shown.append(page)
        return f"{self._address}/{len(self.shown) - 1}"

    def show_html(self, html: str, headers: Mapping[str, str] = MappingProxyType({})) -> str:
        """Put up a page that is not ours; its address."""
        return self.show(Page(html=html, status=200, headers=headers))


@contextmanager
def running_board() -> Iterator[Board]:
    """A board that is up as long as the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            number = self.path.strip("/")
            if not number.isdecimal() or int(number) >= len(board.shown):
                self.send_error(404)
                return
            page = board.shown[int(number)]
            body = page.html.encode()
            self.send_response(page.status)
            for name, value in {**page.headers, "Content-Type": "text/html; charset=utf-8"}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        board = Board(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield board
        finally:
            server.shutdown()
            thread.join()
