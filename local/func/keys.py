"""The keys of the real host: the same as the local host's, so that whoever runs this stack can call both alike."""

from local.func.storage import write_blob
from local.host.keys import Keys

HOST_ID = "local-stack"


def write_keys(storage: str, keys: Keys) -> None:
    """Put the master key and the default function key where the host reads them; `storage` is a connection string."""
    content = {
        "masterKey": {"name": "master", "value": keys.master, "encrypted": False},
        "functionKeys": [{"name": "default", "value": keys.default, "encrypted": False}],
        "systemKeys": [],
        "source": "runtime",
    }
    write_blob(storage, "azure-webjobs-secrets", f"{HOST_ID}/host.json", content)
