"""The ledger of secrets: what the log-scrub test searches logs and responses for; off unless asked for."""

from local.state import StackState


class Ledger:
    """Appends each secret that comes into being to a file that only this user can read."""

    def __init__(self, state: StackState) -> None:
        self._file = state.ledger_file if state.keeps_ledger else None

    def record(self, kind: str, secret: str) -> None:
        """Write down one secret under its kind (`refresh_token`, `code`, `verifier`, ...)."""
        if self._file is None or not secret:
            return
        self._file.touch(mode=0o600)
        with self._file.open("a") as opened:
            opened.write(f"{kind} {secret}\n")
