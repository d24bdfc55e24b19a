"""What a person can try on a running stack, in words."""

import os
from pathlib import Path

from local.state import StackState
from local.workload import Workload
from local.world import ADMIN, READER, SECOND_ADMIN, WITHOUT_MFA


def what_to_try(state: StackState, folder: Path, *, usual_folder: Path) -> str:
    """The people, a consent link, and the commands, for the stack in `folder`."""
    command = "python -m local" if "VIRTUAL_ENV" in os.environ else ".venv/bin/python -m local"
    here = "" if folder == usual_folder else f" --state {folder}"
    consent_link = Workload(state=state, name="operator").link()
    people = "\n".join(
        f"  {user.username:<24} {user.password:<22} {'with MFA' if user.mfa else 'without MFA: refused'}"
        for user in (ADMIN, SECOND_ADMIN, WITHOUT_MFA)
    )
    operators = "\n".join(
        f"  {user.username:<24} {user.password:<22} {may}"
        for user, may in ((READER, "sees consents and customers"), (ADMIN, "sees them and may change them"))
    )
    return told(
        host=state.host,
        link=consent_link,
        people=people,
        operators=operators,
        command=command,
        here=here,
        log=str(folder / "log"),
    )


def told(*, host: str, link: str, people: str, operators: str, command: str, here: str, log: str) -> str:
    """The text with these things in their places."""
    return f"""
The local stack is up: {host}   (health: {host}/api/health)

1. Consent: open this link in a browser (one use, 30 minutes) and sign in as one of
{people}

{link}

2. A token, as the managed identity `reports`:
  {command} token contoso graph{here}
   or with any client (curl reads what is secret from a pipe: any process can read its arguments):
  eval "$({command} env{here})"
  printf 'X-IDENTITY-HEADER: %s' "$IDENTITY_HEADER" |
    curl -s -H @- "$IDENTITY_ENDPOINT?api-version=2019-08-01&resource=$BROKER_AUDIENCE" |
    sed 's/.*"access_token":"\\([^"]*\\)".*/Authorization: Bearer \\1/' |
    curl -s "$BROKER_URL/api/token" -H @- \\
      -H "Content-Type: application/json" -d '{{"tenant": "contoso", "resource": "graph"}}'

3. Time and the timer:
  {command} clock +60d{here}
  {command} timer{here}

4. A rough network (silence, reset, huge, ...; `calm` ends it):
  {command} rough entra silence{here}

5. The console, as an operator sees it: open {host}/api/console in a browser and sign in as one of
{operators}

A new link: {command} link{here}.   Everything else: {command} --help.   Logs: {log}.   Ctrl-C ends all.
"""
