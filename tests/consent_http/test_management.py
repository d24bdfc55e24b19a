"""The management application's consent: given like any other, under a name of its own, and no caller's."""

from collections.abc import Iterator, Mapping

import pytest

from consent_http.link import Link, requested
from consent_http.link_standing import Standing
from local.person import Person
from local.stack import running_stack
from local.state import StackState
from local.workload import Workload
from local.world import ADMIN, CONTOSO, MANAGEMENT_APPLICATION, PARTNER_APPLICATION, TAILSPIN
from shared.consents.consent import MANAGEMENT_NAME
from shared.consents.errors import ManagementAbsent
from shared.errors import InvalidRequest
from shared.settings import SettingsError, read_settings
from tests.consent_http.rig import OPERATOR, old_token
from tests.local_control import Controls
from tests.shared.samples import ENVIRONMENT

WITH = {**ENVIRONMENT, "MANAGEMENT_CLIENT_ID": MANAGEMENT_APPLICATION}


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackState]:
    """A stack whose broker has both consents, given through a browser."""
    with running_stack(tmp_path_factory.mktemp("management") / "state") as running, Person() as person:
        operator = Workload(state=running, name="operator")
        for name in ("partner", MANAGEMENT_NAME):
            assert person.consent(operator.link(name), ADMIN).is_success
        yield running


def test_it_is_proven_at_once_and_belongs_to_the_management_application(state: StackState) -> None:
    operator = Workload(state=state, name="operator")
    shown = operator.call("GET", f"consents/{MANAGEMENT_NAME}").json()
    assert (shown["status"], shown["mfa"]) == ("ok", "yes")
    # The check redeems it as the same application; the partner application could not.
    pairs = {"pairs": [{"tenant": "home", "resource": "graph"}]}
    (told,) = operator.call("POST", f"consents/{MANAGEMENT_NAME}/check", pairs).json()["pairs"]
    assert told["outcome"] == "works"
    assert "DelegatedPermissionGrant.ReadWrite.All" in told["granted"]


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_no_caller_gets_a_token_of_it(state: StackState, method: str) -> None:
    """The reports workload may have tokens of the partner's consent, for just this."""
    reports = Workload(state=state, name="reports")
    asked = {"tenant": "contoso", "resource": "graph", "consent": MANAGEMENT_NAME}
    assert reports.token("contoso", "graph").is_success
    if method == "POST":
        answer = reports.call("POST", "token", asked)
    else:
        path = f"msi/{MANAGEMENT_NAME}/{CONTOSO}?resource=https://graph.microsoft.com&api-version=2019-08-01"
        answer = reports.call("GET", path)
    assert answer.status_code == 403
    assert "access_token" not in answer.text


def test_a_refresh_token_of_the_other_application_is_not_taken_for_it(state: StackState) -> None:
    operator = Workload(state=state, name="operator")
    foreign = old_token(state, ADMIN, client=PARTNER_APPLICATION)
    answer = operator.call("POST", f"consents/{MANAGEMENT_NAME}/import", {"refresh_token": foreign})
    assert answer.json()["code"] == "import_foreign"
    own = old_token(state, ADMIN, client=MANAGEMENT_APPLICATION)
    assert operator.call("POST", f"consents/{MANAGEMENT_NAME}/import", {"refresh_token": own}).is_success


def test_a_new_customer_gets_both_applications_in_one_request(state: StackState) -> None:
    told = Workload(state=state, name="provisioning").call("PUT", f"customers/{TAILSPIN}/consent?dry_run=false").json()
    assert (told["outcome"], told["management"]) == ("created", {"outcome": "created"})
    held = Controls(state, state.entra).consents(tenant=TAILSPIN, client=MANAGEMENT_APPLICATION)
    assert list(held.values()) == [["DelegatedPermissionGrant.ReadWrite.All", "Directory.Read.All"]]


def asked(fields: Mapping[str, str], environment: Mapping[str, str]) -> Link:
    """The link that an operator's request for the management consent leads to."""
    settings, nothing = read_settings(environment), Standing(act=None)
    return requested(MANAGEMENT_NAME, fields, standing=nothing, settings=settings, operator=OPERATOR)


def test_without_the_application_the_name_is_refused() -> None:
    with pytest.raises(ManagementAbsent):
        asked({}, ENVIRONMENT)
    assert asked({}, WITH).name == MANAGEMENT_NAME


def test_it_is_for_the_partners_own_people() -> None:
    with pytest.raises(InvalidRequest, match="own tenant"):
        asked({"tenant": CONTOSO}, {**WITH, "CONSENT_TENANTS": CONTOSO})


def test_one_application_cannot_be_both() -> None:
    with pytest.raises(SettingsError, match="another application"):
        read_settings({**ENVIRONMENT, "MANAGEMENT_CLIENT_ID": ENVIRONMENT["PARTNER_CLIENT_ID"].upper()})
    names = {"MANAGEMENT_CLIENT_SECRET_NAME": "a", "MANAGEMENT_CERTIFICATE_NAME": "b"}
    with pytest.raises(SettingsError, match="exclude each other"):
        read_settings({**WITH, **names})
