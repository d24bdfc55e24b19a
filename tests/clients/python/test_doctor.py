"""whoami and doctor: which identity asks, and what is seen here, by the broker, and in Graph and ARM."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from local.state import StackState
from local.world import BROKER_API, DEFAULT_WORLD, PARTNER_APPLICATION
from tests.clients.python.answers import answering
from tests.clients.python.people import Shell

DONE, PERSON, AWAY, NOT_ALLOWED = 0, 1, 3, 4
BROKER = DEFAULT_WORLD.identity("broker").object_id
VAULT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults"
ROLES = ("Token.Issue", "Consent.Manage", "Consent.Read", "Customers.Read", "Customers.Manage", "Policy.Read")
EVERY_ACTION = ["Microsoft.KeyVault/vaults/secrets/getSecret/action", "Microsoft.KeyVault/vaults/secrets/*"]


@pytest.mark.parametrize(("program", "identity"), [("partner-token", "reports"), ("partner-broker", "operator")])
def test_whoami_tells_the_object_id_the_roles_and_the_broker(
    shell: Shell, consented: StackState, program: str, identity: str
) -> None:
    done = shell.run(identity, program, "whoami", "--output", "json")
    told = json.loads(done.stdout)
    known = DEFAULT_WORLD.identity(identity)
    assert done.returncode == DONE
    assert (told["identity"], told["object_id"], told["broker"]) == ("managed", known.object_id, consented.host)
    assert sorted(told["roles"]) == sorted(known.roles)


def test_whoami_gives_the_line_of_the_policy_and_no_token(shell: Shell) -> None:
    done = shell.run("reports", "partner-token", "whoami")
    assert f'"caller": "{DEFAULT_WORLD.identity("reports").object_id}"' in done.stderr
    assert "eyJ" not in done.stdout + done.stderr


def test_whoami_says_that_a_role_is_missing(shell: Shell) -> None:
    assert "No app role" in shell.run("stranger", "partner-token", "whoami").stderr


def rows(stdout: str) -> dict[str, dict[str, str]]:
    """What a doctor has seen, by its name."""
    return {row["what"]: row for row in json.loads(stdout)}


def test_all_is_well_here_and_at_the_broker_and_azure_is_not_seen(shell: Shell) -> None:
    done = shell.run("operator", "partner-broker", "doctor", "--output", "json", *nowhere())
    found = rows(done.stdout)
    assert done.returncode == DONE
    assert {row["state"] for row in found.values() if row["where"] in {"here", "broker"}} == {"good"}
    assert {row["state"] for row in found.values() if row["where"] in {"graph", "arm"}} == {"not seen"}


def nowhere() -> tuple[str, ...]:
    """Options by which nobody answers as Graph or ARM."""
    return "--graph-url", "http://127.0.0.1:9", "--arm-url", "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("identity", "environment", "what", "code"),
    [
        (None, {"PATH": "/nowhere"}, "sign-in", NOT_ALLOWED),
        ("reports", {}, "roles", NOT_ALLOWED),
        ("operator", {"BROKER_URL": "https://nowhere.invalid"}, "names", AWAY),
        ("operator", {"BROKER_URL": "http://localhost:9"}, "broker", AWAY),
        ("operator", {"BROKER_URL": "http://broker.example"}, "settings", PERSON),
        ("operator", {"BROKER_AUDIENCE": ""}, "settings", PERSON),
    ],
    ids=["signed out", "wrong role", "no such name", "nobody there", "no https", "no audience"],
)
def test_what_is_wrong_here_comes_first(
    shell: Shell, *, identity: str | None, environment: Mapping[str, str], what: str, code: int
) -> None:
    done = shell.run(identity, "partner-broker", "doctor", "--output", "json", *nowhere(), **environment)
    found = rows(done.stdout)
    assert (found[what]["state"], bool(found[what]["to_do"])) == ("bad", True)
    assert done.returncode == code


def test_a_consent_that_is_not_there_leaves_the_rest_untried(shell: Shell) -> None:
    done = shell.run("operator", "partner-broker", "doctor", "--consent", "spare", "-o", "json", *nowhere())
    found = rows(done.stdout)
    assert found["partner_center"]["state"] == "not tried"
    assert found["token_vault"]["state"] == "good"


def registrations(consented: StackState) -> dict[str, Any]:
    """Graph's answers about registrations as infra/app/entra.bicep makes them."""
    roles = [{"value": name, "id": f"role-{name}", "isEnabled": True} for name in ROLES]
    assigned = [{"appRoleId": f"role-{name}"} for name in ROLES]
    return {
        f"/v1.0/applications(appId='{PARTNER_APPLICATION}')": {
            "id": "partner",
            "displayName": "Partner",
            "web": {"redirectUris": [f"{consented.host}/api/consent/redirect"]},
        },
        "/v1.0/applications/partner/federatedIdentityCredentials": {"value": [{"subject": BROKER}]},
        f"/v1.0/applications(appId='{BROKER_API}')": {
            "id": "broker",
            "identifierUris": [f"api://{BROKER_API}"],
            "appRoles": roles,
        },
        f"/v1.0/servicePrincipals(appId='{BROKER_API}')/appRoleAssignedTo": {"value": assigned},
    }


def roles_on_vaults(consented: StackState) -> dict[str, Any]:
    """ARM's answers about two vaults on which the broker's identity has a role."""
    vaults = {"token": consented.token_vault, "policy": consented.policy_vault}
    listed = [
        {"id": f"{VAULT}/{name}", "properties": {"vaultUri": f"{url}/", "enableRbacAuthorization": True}}
        for name, url in vaults.items()
    ]
    role = {"properties": {"roleName": "Keeper", "permissions": [{"dataActions": EVERY_ACTION}]}}
    assigned = {"value": [{"properties": {"roleDefinitionId": "/roles/keeper"}}]}
    return {
        "/subscriptions": {"value": [{"subscriptionId": "s"}]},
        "/subscriptions/s/providers/Microsoft.KeyVault/vaults": {"value": listed},
        **{f"{VAULT}/{name}/providers/Microsoft.Authorization/roleAssignments": assigned for name in vaults},
        "/roles/keeper": role,
    }


def seen_in_azure(
    shell: Shell, consented: StackState, **changed: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, str]]]:
    """What a doctor sees in Graph and ARM with these answers changed."""
    graph, arm = registrations(consented), roles_on_vaults(consented)
    graph.update(changed.get("graph", {}))
    arm.update(changed.get("arm", {}))
    with answering(graph) as graph_service, answering(arm) as arm_service:
        urls = ("--graph-url", graph_service.url, "--arm-url", arm_service.url)
        done = shell.run("operator", "partner-broker", "doctor", "--output", "json", *urls)
        assert all(method == "GET" for method, _, _ in [*graph_service.asked, *arm_service.asked])
    yield from ((name, row) for name, row in rows(done.stdout).items() if row["where"] in {"graph", "arm"})


def test_registrations_and_roles_as_they_should_be_are_good(shell: Shell, consented: StackState) -> None:
    found = dict(seen_in_azure(shell, consented))
    assert {row["state"] for row in found.values()} == {"good"}
    assert set(found) == {
        *("partner application", "redirect URI", "federated credential"),
        *("identifier URI", "app roles", "who has roles", "roles on token_vault", "roles on policy_vault"),
    }


def damages(host: str) -> dict[str, tuple[str, dict[str, Any], str]]:
    """What is wrong, whose answer it changes, and which line tells it."""
    partner = f"/v1.0/applications(appId='{PARTNER_APPLICATION}')"
    broker = f"/v1.0/applications(appId='{BROKER_API}')"
    redirect = f"{host}/api/consent/redirect"
    return {
        "no redirect": ("graph", {partner: {"id": "partner", "web": {"redirectUris": []}}}, "redirect URI"),
        "spa": ("graph", {partner: {"id": "partner", "spa": {"redirectUris": [redirect]}}}, "redirect URI"),
        "another subject": (
            "graph",
            {"/v1.0/applications/partner/federatedIdentityCredentials": {"value": [{"subject": "another"}]}},
            "federated credential",
        ),
        "no registration": ("graph", {partner: 404}, "partner application"),
        "no roles": ("graph", {broker: {"identifierUris": [f"api://{BROKER_API}"], "appRoles": []}}, "app roles"),
        "another uri": ("graph", {broker: {"identifierUris": ["api://another"], "appRoles": []}}, "identifier URI"),
        "nobody assigned": (
            "graph",
            {f"/v1.0/servicePrincipals(appId='{BROKER_API}')/appRoleAssignedTo": {"value": []}},
            "who has roles",
        ),
        "no role on the vault": (
            "arm",
            {f"{VAULT}/token/providers/Microsoft.Authorization/roleAssignments": {"value": []}},
            "roles on token_vault",
        ),
        "a role that only reads": (
            "arm",
            {"/roles/keeper": {"properties": {"permissions": [{"dataActions": EVERY_ACTION[:1]}]}}},
            "roles on token_vault",
        ),
    }


@pytest.mark.parametrize("damage", damages(""))
def test_what_is_wrong_in_azure_is_told_with_what_to_do(shell: Shell, consented: StackState, damage: str) -> None:
    service, changed, what = damages(consented.host)[damage]
    found = dict(seen_in_azure(shell, consented, **{service: changed}))
    assert (found[what]["state"], bool(found[what]["to_do"])) == ("bad", True)


def test_what_an_operator_may_not_see_is_no_failure(shell: Shell, consented: StackState) -> None:
    forbidden = {f"/v1.0/applications(appId='{client}')": 403 for client in (PARTNER_APPLICATION, BROKER_API)}
    found = dict(seen_in_azure(shell, consented, graph=forbidden, arm={"/subscriptions": {"value": []}}))
    assert {row["state"] for row in found.values()} == {"not seen"}
