"""Azurite's tables over TLS, whose bearer tokens it reads; a token for them that nobody has signed."""

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jwt

from local.certificates import write_certificates
from local.func.programs import program, running
from local.processes import START_SECONDS

ACCOUNT = "devstoreaccount1"


@contextmanager
def running_tables(folder: Path) -> Iterator[tuple[str, Path]]:
    """Azurite's table service on a free port of loopback; yields its URL and the authority to trust (PEM)."""
    ca, certificate, key = (folder / name for name in ("ca.pem", "server.pem", "server-key.pem"))
    write_certificates(ca=ca, certificate=certificate, key=key)
    log = folder / "log" / "azurite.log"
    command = [program("azurite"), "--location", str(folder), "--skipApiVersionCheck", "--oauth", "basic"]
    command += ["--cert", str(certificate), "--key", str(key)]
    for service in ("blob", "queue", "table"):
        command += [f"--{service}Host", "127.0.0.1", f"--{service}Port", "0"]
    with running(command, folder=folder, environment=os.environ, log=log) as process:
        until = time.monotonic() + START_SECONDS
        while not (found := re.search(r"Table service is successfully listening at (https://\S+)", log.read_text())):
            if process.poll() is not None or time.monotonic() > until:
                raise AssertionError(log.read_text())
            time.sleep(0.05)
        yield f"{found[1]}/{ACCOUNT}", ca


def storage_token() -> str:
    """A token of the form that the emulator accepts: it looks at issuer, audience and times, and at no signature."""
    now = int(time.time())
    claims = {"iss": "https://sts.windows.net/tenant/", "aud": "https://storage.azure.com", "iat": now, "nbf": now}
    return jwt.encode({**claims, "exp": now + 3600}, "no key that anybody would look at, 32 bytes", algorithm="HS256")
