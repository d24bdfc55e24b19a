"""`az login --identity` through the managed-identity dialect, with the unmodified Azure CLI."""

import json
import os
import shutil
import ssl
import subprocess
import threading
import venv
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from local.demo import claims_of
from local.person import Person
from local.stack import running_stack
from local.state import StackState
from local.workload import Workload
from local.world import ADMIN, CONTOSO
from tests.installing import one_at_a_time

ROOT = Path(__file__).resolve().parent.parent.parent
AZ_ENVIRONMENT = ROOT / ".az"
AZ_VERSION = "2.91.0"
GRAPH, ARM = "https://graph.microsoft.com", "https://management.azure.com"


@pytest.fixture(scope="module")
def az() -> str:
    """The Azure CLI of this machine; in CI one of its own, for it has some 300 packages and no place in ours."""
    with one_at_a_time():
        found = shutil.which("az") or shutil.which("az", path=AZ_ENVIRONMENT / "bin")
        if found is None and os.environ.get("CI"):
            venv.create(AZ_ENVIRONMENT, with_pip=True)
            python = AZ_ENVIRONMENT / "bin" / "python"
            subprocess.run([python, "-m", "pip", "install", "-q", f"azure-cli=={AZ_VERSION}"], check=True)  # noqa: S603
            found = shutil.which("az", path=AZ_ENVIRONMENT / "bin")
            assert found is not None
    if found is None:
        pytest.skip("no az on the PATH: the Azure CLI is not tried here")
    return found


@pytest.fixture(scope="module")
def consented(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackState]:
    with running_stack(tmp_path_factory.mktemp("az") / "state") as state, Person() as person:
        assert person.consent(Workload(state=state, name="operator").link(), ADMIN).is_success
        yield state


class NoSubscriptions(BaseHTTPRequestHandler):
    """Azure Resource Manager, as far as a login asks it: nobody has a subscription."""

    def do_GET(self) -> None:
        body = b'{"value": []}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def resource_manager(consented: StackState) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(consented.certificate_file, consented.certificate_key_file)
    with ThreadingHTTPServer(("127.0.0.1", 0), NoSubscriptions) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"https://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_az_gets_a_customers_tokens_with_two_variables(
    az: str, consented: StackState, resource_manager: str, tmp_path: Path
) -> None:
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AZURE_CONFIG_DIR": str(tmp_path / "az"),
        "AZURE_CORE_COLLECT_TELEMETRY": "false",
        "AZURE_CORE_INSTANCE_DISCOVERY": "false",
        "REQUESTS_CA_BUNDLE": str(consented.ca_file),
        "IDENTITY_ENDPOINT": f"{consented.host}/api/msi/partner/contoso",
        "IDENTITY_HEADER": Workload(state=consented, name="reports").assertion(),
    }

    def run(*arguments: str) -> str:
        done = subprocess.run([az, *arguments], env=variables, capture_output=True, text=True, check=False)  # noqa: S603
        assert done.returncode == 0, done.stderr
        return done.stdout

    # Where Resource Manager is, since there is none on this machine; the broker is reached by the two variables alone.
    run(
        *("cloud", "register", "--name", "local", "--skip-endpoint-discovery"),
        *("--endpoint-resource-manager", resource_manager, "--endpoint-active-directory", consented.entra),
        *("--endpoint-active-directory-resource-id", ARM, "--endpoint-management", ARM),
    )
    run("cloud", "set", "--name", "local")
    run("login", "--identity", "--allow-no-subscriptions")
    for resource in (GRAPH, ARM):
        token = json.loads(run("account", "get-access-token", "--resource", resource))["accessToken"]
        claims = claims_of(token)
        assert (claims["tid"], claims["aud"]) == (CONTOSO, resource)
