"""What `make run` says to try, tried."""

import re
import subprocess
import sys

import httpx

from local.demo import claims_of
from local.guide import what_to_try
from local.person import Person
from local.workload import Workload
from local.world import ADMIN, CONTOSO, READER
from tests.conftest import StackMaker
from tests.documents.pages import ROOT

THE_CONSOLE = r"open (\S+/api/console) in a browser and sign in as one of\n((?:  .+\n)+)"


def test_the_requests_of_the_guide_give_a_token_to_any_client(make_stack: StackMaker) -> None:
    with make_stack() as state, Person() as person:
        assert person.consent(Workload(state=state, name="operator").link(), ADMIN).is_success
        guide = what_to_try(state, state.folder, usual_folder=ROOT)
        console = re.search(THE_CONSOLE, guide)
        assert console
        assert httpx.get(console[1]).status_code == httpx.codes.UNAUTHORIZED
        people = [line.split()[:2] for line in console[2].splitlines()]
        assert people == [[user.username, user.password] for user in (READER, ADMIN)]
        requests = guide[guide.index('  eval "$(') : guide.index("\n3. ")]
        done = subprocess.run(  # noqa: S603 - our own guide
            ["bash", "-c", requests.replace(".venv/bin/python", sys.executable)],  # noqa: S607
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert '"resource": "https://graph.microsoft.com"' in done.stdout.replace('":"', '": "'), done.stderr
    token = done.stdout.partition('"access_token"')[2].split('"')[1]
    assert claims_of(token)["tid"] == CONTOSO
