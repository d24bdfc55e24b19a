"""Policy documents out of a vault: each keeps its own last good version, and loses it when it is taken away."""

import json
import logging

import pytest

from local.key_vault.parameters import LARGEST_VALUE
from shared.cloud import PUBLIC
from shared.vault_errors import VaultUnavailable
from tests.fakes.memory_vault import MemoryVault
from tests.token_http.samples import CONTOSO_ID, HOME_ID, NORTHWIND_ID, OTHER_ID, caller, document, request, row
from token_http.policy_source import PolicySource
from token_http.refusals import NotPermitted


class Scene:
    """A policy vault and its reader."""

    def __init__(self) -> None:
        self.vault = MemoryVault()
        self.source = PolicySource(self.vault, home_tenant=HOME_ID, cloud=PUBLIC)

    def write(self, name: str, text: str) -> None:
        self.vault.put(name, text, tags={})

    def enable(self, name: str, *, enabled: bool) -> None:
        self.vault.patch(name, self.vault.written[name][-1].version.version, enabled=enabled)

    def read(self) -> None:
        """As whoever serves a request does."""
        self.source.read()
        self.source.tell()

    def granted(self) -> set[str]:
        """The tenants that the caller may have tokens of, as the vault says now."""
        policy, tenants = self.source.read(), set()
        for tenant in (CONTOSO_ID, NORTHWIND_ID):
            try:
                tenants.add(policy.check(caller(), request(tenant), own=HOME_ID).tenant_id)
            except NotPermitted:
                continue
        return tenants


NORTHWIND_ROW = document(row(tenants=["northwind"]))


@pytest.fixture
def scene() -> Scene:
    made = Scene()
    made.write("policy-1", document(row()))
    made.write("policy-2", NORTHWIND_ROW)
    return made


def test_an_empty_vault_grants_nothing() -> None:
    assert Scene().granted() == set()


def test_all_documents_count(scene: Scene) -> None:
    assert scene.granted() == {CONTOSO_ID, NORTHWIND_ID}


@pytest.mark.parametrize("name", ["policy", "policy-", "policy-x", "policy-1000", "xpolicy-3", "policy-3-old"])
def test_secrets_of_other_names_are_no_policy_and_are_not_read(scene: Scene, name: str) -> None:
    read: list[str] = []
    scene.vault.written.clear()
    scene.write(name, document(row()))
    scene.vault.before = lambda operation, secret: read.append(secret) if operation == "get" else None
    assert scene.granted() == set()
    assert read == []


def test_a_broken_document_keeps_its_own_last_good_version_and_the_others_go_on(scene: Scene) -> None:
    scene.granted()
    scene.write("policy-1", "{")
    scene.write("policy-2", document())
    assert scene.granted() == {CONTOSO_ID}
    assert scene.granted() == {CONTOSO_ID}, "for as long as it stays broken"
    scene.write("policy-1", NORTHWIND_ROW)
    assert scene.granted() == {NORTHWIND_ID}


def test_a_document_that_was_broken_from_the_start_grants_nothing(scene: Scene) -> None:
    scene.write("policy-1", document(row(), row(tenants=["nobody-knows"])))
    assert scene.granted() == {NORTHWIND_ID}


def test_a_disabled_document_grants_nothing_and_its_last_good_version_is_gone(scene: Scene) -> None:
    scene.granted()
    scene.enable("policy-1", enabled=False)
    assert scene.granted() == {NORTHWIND_ID}
    scene.write("policy-1", "{")
    assert scene.granted() == {NORTHWIND_ID}, "what was taken away does not come back by a mistake"


def test_a_disabled_document_is_not_even_read(scene: Scene) -> None:
    scene.enable("policy-1", enabled=False)
    read: list[str] = []
    scene.vault.before = lambda operation, name: read.append(name) if operation == "get" else None
    scene.granted()
    assert read == ["policy-2"]


def test_a_deleted_document_grants_nothing(scene: Scene) -> None:
    scene.granted()
    del scene.vault.written["policy-1"]
    assert scene.granted() == {NORTHWIND_ID}


@pytest.mark.parametrize("fate", ["disabled", "deleted"])
def test_a_document_that_goes_while_it_is_read_grants_nothing(scene: Scene, fate: str) -> None:
    scene.granted()

    def go(operation: str, name: str) -> None:
        if (operation, name) == ("get", "policy-1"):
            scene.vault.before = lambda _operation, _name: None
            if fate == "disabled":
                scene.enable(name, enabled=False)
            else:
                del scene.vault.written[name]

    scene.vault.before = go
    assert scene.granted() == {NORTHWIND_ID}


def test_a_vault_that_is_away_is_not_an_empty_policy(scene: Scene) -> None:
    def away(operation: str, _name: str) -> None:
        if operation == "get":
            raise VaultUnavailable

    scene.granted()
    scene.vault.before = away
    with pytest.raises(VaultUnavailable):
        scene.source.read()
    scene.vault.before = lambda _operation, _name: None
    scene.write("policy-1", "{")
    assert scene.granted() == {CONTOSO_ID, NORTHWIND_ID}, "an outage costs no last good version"


def test_a_broken_document_is_reported_with_its_place_and_without_its_text(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.write("policy-3", '{"permissions": [{"caller": "pasted-secret"}]}')
    with caplog.at_level(logging.INFO, "broker.audit"):
        scene.source.read()
        assert caplog.messages == [], "a reading may outlive its request, whose host would drop the record"
        scene.source.tell()
        scene.write("policy-1", "{")
        scene.read()
    never, before = (json.loads(line) for line in caplog.messages)
    assert set(never) == set(before) == {"event", "document", "problem", "consequence"}
    assert (never["event"], never["document"]) == ("policy.document_invalid", "policy-3")
    assert never["problem"].startswith("policy-3[0]")
    assert "grants nothing" in never["consequence"]
    assert (before["document"], before["problem"]) == ("policy-1", "policy-1 is not JSON at line 1, column 2.")
    assert "last good version stays in force" in before["consequence"]
    assert "pasted-secret" not in caplog.text


def test_a_broken_document_is_reported_once_for_each_version(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """The documents are read every half minute, and an alert for each would be turned off."""
    caplog.set_level(logging.INFO, "broker.audit")
    for count, text in enumerate(("{", "{", '{"permissions": 7}'), start=1):
        scene.write("policy-1", text)
        for _ in range(3):
            scene.read()
        assert len(caplog.messages) == count
    scene.write("policy-1", document(row()))
    scene.read()
    scene.write("policy-2", "{")
    scene.read()
    assert [json.loads(line)["document"] for line in caplog.messages] == ["policy-1"] * 3 + ["policy-2"]


TENANTS_TO_A_DOCUMENT = 250


def test_a_thousand_named_tenants_fit_into_few_documents_and_each_is_decided_right() -> None:
    """Key Vault takes 25 KB a secret; a partner of that size must not need a document for each customer."""
    scene = Scene()
    ids = {f"customer-{number:04}": f"bbbb0000-0000-4000-8000-{number:012}" for number in range(1000)}
    names = sorted(ids)
    for number in range(4):
        here = names[number * TENANTS_TO_A_DOCUMENT : (number + 1) * TENANTS_TO_A_DOCUMENT]
        text = document(row(tenants=here), tenants={name: ids[name] for name in here})
        assert len(text.encode()) <= LARGEST_VALUE
        scene.write(f"policy-{number + 1}", text)
    policy = scene.source.read()
    for name, tenant_id in ids.items():
        for asked in (name, tenant_id):
            assert policy.check(caller(), request(asked), own=HOME_ID).tenant_id == tenant_id
        with pytest.raises(NotPermitted):
            policy.check(caller(), request(name, "arm"), own=HOME_ID)
        with pytest.raises(NotPermitted):
            policy.check(caller(OTHER_ID), request(name), own=HOME_ID)
    for stranger in ("customer-1000", "bbbb0000-0000-4000-8000-000000001000"):
        with pytest.raises(NotPermitted):
            policy.check(caller(), request(stranger), own=HOME_ID)
