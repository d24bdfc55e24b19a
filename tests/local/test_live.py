"""The host against services that are not its own stack's: settings from a file, identity from an `az` on the PATH.

The "real services" here are another stack's stand-ins, and `az` is a script that hands out its managed identity's
tokens; what is proven is the way there: file, protocol, client secret, address.
"""

import json
import os
import sys
from pathlib import Path

import httpx
import pytest

from local.live import running_live
from local.person import Person
from local.processes import StackFailed
from local.stack import APP_FOLDER, host_environment, identity_environment
from local.state import StackState
from local.workload import Workload
from local.world import ADMIN
from tests.health import health_of

PLATFORM = {"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "AZURE_CLIENT_ID", "PUBLIC_URL", "NO_PROXY", "no_proxy"}
AZ = """#!{python}
import json, sys, urllib.parse, urllib.request
resource = sys.argv[sys.argv.index("--resource") + 1]
query = urllib.parse.urlencode({{"api-version": "2019-08-01", "resource": resource}})
request = urllib.request.Request("{endpoint}?" + query, headers={{"X-IDENTITY-HEADER": "{header}"}})
answer = json.load(urllib.request.build_opener(urllib.request.ProxyHandler({{}})).open(request))
print(json.dumps({{"accessToken": answer["access_token"], "expires_on": int(answer["expires_on"])}}))
"""


@pytest.fixture
def az_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stack: StackState) -> None:
    platform = identity_environment(stack, "broker")
    az = tmp_path / "bin" / "az"
    az.parent.mkdir()
    az.write_text(
        AZ.format(python=sys.executable, endpoint=platform["IDENTITY_ENDPOINT"], header=platform["IDENTITY_HEADER"])
    )
    az.chmod(0o755)
    monkeypatch.setenv("PATH", f"{az.parent}{os.pathsep}{os.environ['PATH']}")


def app_folder(tmp_path: Path, values: dict[str, str]) -> Path:
    """The app as it is, with a local.settings.json beside it."""
    folder = tmp_path / "app"
    folder.mkdir()
    for name in (
        "function_app.py",
        "host.json",
        "shared",
        "consent_http",
        "customers_http",
        "customers_timer",
        "refresh_timer",
        "token_http",
    ):
        (folder / name).symlink_to(APP_FOLDER / name)
    (folder / "local.settings.json").write_text(json.dumps({"IsEncrypted": False, "Values": values}))
    return folder


@pytest.mark.usefixtures("az_of")
def test_a_filled_in_settings_file_and_az_login_are_enough(tmp_path: Path, stack: StackState) -> None:
    values = {name: text for name, text in host_environment(stack).items() if name not in PLATFORM}
    values["PARTNER_CLIENT_SECRET_NAME"] = "partner-client-secret"
    with running_live(tmp_path / "state", app_folder=app_folder(tmp_path, values)) as live:
        assert health_of(live.host).json()["status"] == "up"
        # The callers are the stack's; the broker they call is the live one.
        operator = Workload(state=stack, name="operator").assertion()
        made = httpx.post(
            f"{live.host}/api/consents/live/link",
            headers={"Authorization": f"Bearer {operator}"},
            json={},
            trust_env=False,
        )
        link = made.raise_for_status().json()["url"]
        assert link.startswith(live.host)
        with Person() as person:
            assert "Your consent is stored" in person.consent(link, ADMIN).text


def test_without_a_settings_file_every_missing_setting_is_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = app_folder(tmp_path, {})
    with pytest.raises(StackFailed), running_live(tmp_path / "state", app_folder=folder):
        pass
    told = capfd.readouterr().err
    for name in ("PARTNER_TENANT_ID", "PARTNER_CLIENT_ID", "BROKER_CLIENT_ID", "TOKEN_VAULT_URL", "POLICY_VAULT_URL"):
        assert f"{name} is missing" in told
