"""The folder that `func` serves: the app alone, so that no local.settings.json gets among the stack's settings."""

import shutil
from pathlib import Path

LEFT_OUT = "local.settings.json"


def link_app(app: Path, folder: Path) -> Path:
    """Make `folder` anew with a link to everything of the app but its local settings; returns it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for entry in app.resolve().iterdir():
        if entry.name != LEFT_OUT and not entry.name.startswith("."):
            (folder / entry.name).symlink_to(entry)
    return folder
