"""Azurite, where the real host keeps what a storage account keeps in Azure: locks, keys, and when timers ran last."""

import base64
import hashlib
import hmac
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import httpx

from local.func.programs import program, running
from local.processes import START_SECONDS, StackFailed
from local.state import StackState

# The account that every Azurite has, and its published key.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
SERVICES = ("Blob", "Queue", "Table")


@contextmanager
def running_storage(state: StackState) -> Iterator[str]:
    """Azurite on free ports of loopback, its content in the stack's folder; yields the connection string."""
    folder, log = state.folder / "storage", state.log_file("azurite")
    folder.mkdir(exist_ok=True)
    log.unlink(missing_ok=True)
    command = [program("azurite"), "--location", str(folder)]
    for service in SERVICES:
        command += [f"--{service.lower()}Host", "127.0.0.1", f"--{service.lower()}Port", "0"]
    with running(command, folder=folder, environment=os.environ, log=log) as azurite:
        until = time.monotonic() + START_SECONDS
        while len(addresses := _addresses(log)) < len(SERVICES):
            if azurite.poll() is not None or time.monotonic() > until:
                raise StackFailed(f"Azurite did not start; see {log}.")
            time.sleep(0.05)
        yield connection_string(addresses["Blob"])


def write_blob(storage: str, container: str, name: str, content: object) -> None:
    """Put a JSON document where the host looks for it; `storage` is a connection string."""
    address = storage.partition("BlobEndpoint=")[2].partition(";")[0]
    signature = _account_signature()
    with httpx.Client(trust_env=False, timeout=START_SECONDS) as client:
        made = client.put(f"{address}/{container}?restype=container&{signature}")
        if made.status_code != httpx.codes.CONFLICT:
            made.raise_for_status()
        headers = {"x-ms-blob-type": "BlockBlob"}
        blob = f"{address}/{container}/{name}?{signature}"
        client.put(blob, content=json.dumps(content), headers=headers).raise_for_status()


def connection_string(blobs: str) -> str:
    """How the host reaches the account: its blobs alone, as in Azure, where the broker's identity has no other role."""
    return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={blobs}/{ACCOUNT};"


def _addresses(log: Path) -> dict[str, str]:
    """What Azurite has said so far of where its services listen."""
    listening = r"Azurite (\w+) service is successfully listening at (http://127\.0\.0\.1:\d+)$"
    return dict(re.findall(listening, log.read_text(errors="replace"), re.MULTILINE))


def _account_signature() -> str:
    """A shared access signature for all blobs of the account (learn.microsoft.com, "Create an account SAS")."""
    fields = {
        "sp": "rwc",
        "ss": "b",
        "srt": "co",
        "se": "2099-01-01T00:00:00Z",
        "spr": "https,http",
        "sv": "2022-11-02",
    }
    signed = (
        ACCOUNT,
        *(fields[name] for name in ("sp", "ss", "srt")),
        "",
        fields["se"],
        "",
        fields["spr"],
        fields["sv"],
    )
    digest = hmac.digest(base64.b64decode(KEY), "\n".join((*signed, "", "")).encode(), hashlib.sha256)
    return urlencode({**fields, "sig": base64.b64encode(digest).decode()})
