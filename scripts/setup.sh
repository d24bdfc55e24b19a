#!/bin/sh
# Makes .venv from the locked requirements: with a uv that runs, else with a Python 3.13 found on this machine.
set -eu
cd "$(dirname "$0")/.."
venv=.venv
log=$(mktemp)
trap 'rm -f "$log"' EXIT

say() { printf '%s\n' "$*" >&2; }

# Through a link, whatever it leads to would be emptied.
if [ -L "$venv" ]; then
    say "$venv is a link: remove it, or set up where it leads to."
    exit 1
fi

# A shim on PATH is not yet a program: each candidate must run and be 3.13 with venv before it counts.
is_python() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 13))' >/dev/null 2>&1
}

find_python() {
    for candidate in python3.13 "$HOME"/.pyenv/versions/3.13*/bin/python3.13 /opt/homebrew/bin/python3.13 python3 python; do
        if is_python "$candidate"; then
            printf '%s\n' "$candidate"
            return 0
        fi
    done
    return 1
}

fail() {
    cat "$log" >&2
    say ""
    say "Setting up failed at: $1. What the installer said stands above."
    exit 1
}

with_uv() {
    say "Setting up with $(uv --version 2>/dev/null) ..."
    uv venv --quiet --clear --python 3.13 "$venv" >"$log" 2>&1 || return 1
    say "Installing the locked packages (about 100, once) ..."
    uv pip install --quiet --python "$venv" --require-hashes -r requirements-dev.txt >"$log" 2>&1 || fail "uv pip install"
}

with_python() {
    say "Setting up with $("$1" --version 2>&1) ($1) ..."
    "$1" -m venv --clear "$venv" >"$log" 2>&1 || fail "python -m venv"
    say "Installing the locked packages (about 100, once; half a minute) ..."
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt \
        >"$log" 2>&1 || fail "pip install"
}

if uv --version >/dev/null 2>&1 && with_uv; then
    :
elif python=$(find_python); then
    with_python "$python"
else
    cat >&2 <<'TXT'
Neither uv nor Python 3.13 with venv was found. One of these brings it:
  Debian, Ubuntu   curl -LsSf https://astral.sh/uv/install.sh | sh      (or: sudo apt install python3.13 python3.13-venv)
  macOS            brew install uv                                      (or: brew install python@3.13)
  Windows          winget install astral-sh.uv                          (then the `uv run` lines of the README)
TXT
    exit 1
fi
touch "$venv/.installed"
say "Ready: $venv"
