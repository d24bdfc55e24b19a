"""A shell in which every program notes its arguments, and whatever gives a secret gives one that can be found."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SECRET = "eyJ0eXAiOiJKV1QifQ.eyJzZWNyZXQiOiJ5ZXMifQ.c2lnbmF0dXJl"
# What a page leaves to the reader, where that is a secret.
SECRET_PLACE = re.compile(r"<[^<>\n]*\b(?:token|secret|password|assertion|refresh token)\b[^<>\n]*>", re.IGNORECASE)
SECRET_VARIABLE = re.compile(r"\$\{?(\w*(?:TOKEN|SECRET|ASSERTION|PASSWORD|HEADER))\b", re.IGNORECASE)
FIELD, RECORD = "\x1f", "\x1e"
# Programs that only handle text run for real; every other one is a stub, `rm` above all.
REAL = (
    *("base64", "bash", "cat", "cut", "date", "env", "grep", "head", "jq", "mktemp", "paste", "printenv", "sed", "sh"),
    *("sha256sum", "sort", "tail", "tee", "tr", "uniq", "wc", "xargs"),
)
PROGRAMS = (
    *("az", "azd", "brew", "curl", "docker", "func", "gh", "git", "make", "npm", "npx", "openssl", "pip", "pipx"),
    *("pwsh", "python", "python3", "rm", "ssh", "terraform", "uv", "wget"),
)
OURS = ("partner-token", "partner-broker")
IN_A_FOLDER = ("./my-job", "./partner-token.sh", ".venv/bin/python", ".ci/run", ".ci/install-azd", "my-program")
STUB = f"""#!/bin/sh
name=${{0##*/}}
{{ printf '%s' "$name"; for word; do printf '\\037%s' "$word"; done; printf '\\036'; }} >> "$NOTES/arguments"
real=$(PATH=$REAL_PATH command -v "$name")
case " {" ".join(REAL)} " in *" $name "*) exec "$real" "$@" ;; esac
case "$name $* " in
    "curl "*" --config - "* | "curl "*" -K - "* | "curl "*" @- "* | "az "*" @- "*) {{ cat; echo; }} >> "$NOTES/input" ;;
esac
case "$name $*" in
    "curl "*) printf '{{"access_token":"%s"}}' "$SECRET" ;;
    "az account get-access-token"* | "az keyvault secret show"* | "az ad app credential reset"* | "azd auth token"*)
        echo "$SECRET" ;;
    "python -m local env"*) printf 'export IDENTITY_HEADER=%s' "$SECRET" ;;
    "azd env get-values"* | "python3 -c import json, shlex"*) ;;
    "python -m local"* | "az "* | "azd "*) echo _ ;;
    "partner-token completion"* | "partner-broker completion"*) ;;
    "partner-token "*" --output header"*) echo "Authorization: Bearer $SECRET" ;;
    "partner-token.sh --exec "*)
        export "$2=$SECRET"
        while [ "$1" != -- ]; do shift; done
        shift && exec "$@" ;;
    *) echo "$SECRET" ;;
esac
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What the programs of a script were given."""

    arguments: list[list[str]]
    told: str
    complaint: str

    def betrayed(self) -> list[str]:
        """The programs that were given a secret as an argument."""
        return [" ".join(words).replace(SECRET, "SECRET") for words in self.arguments if SECRET in " ".join(words)]


def watch(script: str, folder: Path) -> Watched:
    """Run a script of a page, with a secret wherever the page has one; nothing real is called."""
    for name in {*REAL, *PROGRAMS, *OURS, *IN_A_FOLDER}:
        file = folder / (name if "/" in name else f"bin/{name}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(STUB)
        file.chmod(0o755)
    for name in re.findall(r"[\w-]+\.(?:txt|pem)\b", script):
        (folder / name).write_text(f"{SECRET}\n")
    notes = folder / "notes"
    notes.mkdir()
    variables = dict.fromkeys(SECRET_VARIABLE.findall(script), SECRET)
    bash = shutil.which("bash")
    assert bash
    done = subprocess.run(  # noqa: S603 - bash, on stubs
        [bash, "-c", prepared(script)],
        cwd=folder,
        env={
            **variables,
            "SECRET": SECRET,
            "NOTES": str(notes),
            "PATH": str(folder / "bin"),
            "REAL_PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TMPDIR": str(folder),
        },
        input=f"{SECRET}\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Watched(arguments=_records(notes / "arguments"), told=_text(notes / "input"), complaint=done.stderr)


def prepared(script: str) -> str:
    """The script with a word in each place that a page leaves open."""
    return re.sub(r"<\S[^<>\n]*>", "_", SECRET_PLACE.sub(SECRET, script))


def _records(file: Path) -> list[list[str]]:
    return [record.split(FIELD) for record in _text(file).split(RECORD) if record]


def _text(file: Path) -> str:
    return file.read_text() if file.exists() else ""
