"""The Key Vault stand-in, held to what the real SDK sends and expects of the secrets it keeps."""

import json
import stat
import string
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.keyvault.secrets import ApiVersion
from hypothesis import given, settings
from hypothesis import strategies as st

from local.clock import write_offset
from tests.contract.conftest_key_vault import RunningVaults

PAGED = {f"paged-{number:02d}": "x" for number in range(60)}

_texts = st.text(max_size=40)
_names = st.text(alphabet=string.ascii_letters + string.digits + "-", min_size=1, max_size=127)
_tags = st.dictionaries(st.text(min_size=1, max_size=20), _texts, max_size=15)


@pytest.fixture(scope="module")
def vaults(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningVaults]:
    folder = tmp_path_factory.mktemp("key-vault")
    with RunningVaults(folder, seeds={"policy_vault": PAGED}) as running:
        yield running


def test_a_secret_is_read_as_it_was_set(vaults: RunningVaults) -> None:
    client = vaults.client()
    expires, begins = datetime(2027, 5, 6, 7, 8, 9, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    before = datetime.now(UTC).replace(microsecond=0)
    client.set_secret(
        "whole", "välue", tags={"a": "1"}, content_type="text/plain", expires_on=expires, not_before=begins
    )
    secret = client.get_secret("whole")
    assert secret.value == "välue"
    assert secret.properties.vault_url == vaults.state.token_vault
    assert (secret.properties.tags, secret.properties.content_type) == ({"a": "1"}, "text/plain")
    assert (secret.properties.expires_on, secret.properties.not_before) == (expires, begins)
    assert secret.properties.enabled
    assert (secret.properties.recovery_level, secret.properties.recoverable_days) == ("Recoverable+Purgeable", 90)
    assert secret.properties.created_on == secret.properties.updated_on
    assert secret.properties.created_on is not None
    assert before <= secret.properties.created_on <= datetime.now(UTC)
    assert secret.properties.created_on.microsecond == 0


@settings(max_examples=15, deadline=None)
@given(name=_names, value=_texts, tags=_tags)
def test_whatever_is_set_is_what_is_read(vaults: RunningVaults, name: str, value: str, tags: dict[str, str]) -> None:
    client = vaults.client()
    written = client.set_secret(name, value, tags=tags)
    read = client.get_secret(name.swapcase(), written.properties.version)
    assert (read.value, read.properties.tags or {}) == (value, tags)
    assert client.get_secret(name).id == written.id


def test_an_expired_secret_and_one_not_yet_valid_can_be_read(vaults: RunningVaults) -> None:
    client = vaults.client()
    now = datetime.now(UTC)
    client.set_secret("expired", "old", expires_on=now - timedelta(days=1))
    client.set_secret("not-yet", "new", not_before=now + timedelta(days=1))
    assert (client.get_secret("expired").value, client.get_secret("not-yet").value) == ("old", "new")


def test_each_set_makes_a_version_and_the_last_is_the_latest(vaults: RunningVaults) -> None:
    client = vaults.client()
    written = [client.set_secret("versions", str(number)).properties.version or "" for number in range(8)]
    assert client.get_secret("versions").properties.version == written[-1]
    assert client.get_secret("versions", written[3]).value == "3"
    assert all(len(version) == 32 for version in written)


def test_versions_are_listed_by_their_ids_and_not_by_time(vaults: RunningVaults) -> None:
    client = vaults.client()
    written = [client.set_secret("many", str(number)).properties.version or "" for number in range(30)]
    pages = [list(page) for page in client.list_properties_of_secret_versions("many").by_page()]
    assert [len(page) for page in pages] == [25, 5]
    assert [version.version for page in pages for version in page] == sorted(written)


@pytest.mark.parametrize(("asked", "pages"), [(None, [25, 25, 10]), (20, [20, 20, 20])])
def test_secrets_are_listed_in_pages(vaults: RunningVaults, asked: int | None, pages: list[int]) -> None:
    client = vaults.client("broker", vault="policy_vault")
    found = [list(page) for page in client.list_properties_of_secrets(max_page_size=asked).by_page()]
    shown = [secret.name for page in found for secret in page if (secret.name or "").startswith("paged-")]
    assert shown == list(PAGED)
    assert [len(page) for page in found] == pages


def test_the_link_of_the_last_page_is_null_and_page_sizes_are_bounded(vaults: RunningVaults) -> None:
    with vaults.http(vault="policy_vault", token=vaults.token()) as http:
        first = http.get("/secrets?api-version=7.3&maxresults=25").json()
        assert first["nextLink"].startswith(f"{vaults.state.policy_vault}/secrets?api-version=7.3&$skiptoken=")
        assert set(first["value"][0]) == {"id", "attributes"}
        while first["nextLink"]:
            first = http.get(first["nextLink"]).json()
        assert first["nextLink"] is None
        for query in ("maxresults=0", "maxresults=26", "maxresults=x", "$skiptoken=%21"):
            refused = http.get(f"/secrets?api-version=7.3&{query}")
            assert (refused.status_code, refused.json()["error"]["code"]) == (400, "BadParameter")


def test_a_list_shows_the_latest_versions_tags_even_when_it_is_disabled(vaults: RunningVaults) -> None:
    client = vaults.client()
    client.set_secret("listed", "1", tags={"n": "1"})
    client.set_secret("listed", "2", tags={"n": "2"}, content_type="x", enabled=False)
    (listed,) = (secret for secret in client.list_properties_of_secrets() if secret.name == "listed")
    assert (listed.tags, listed.content_type, listed.enabled, listed.version) == ({"n": "2"}, "x", False, None)


def test_an_update_of_one_version_leaves_the_others_and_makes_none(vaults: RunningVaults) -> None:
    client = vaults.client()
    first = client.set_secret("updated", "1", tags={"kept": "no"}, content_type="kept").properties
    latest = client.set_secret("updated", "2").properties
    changed = client.update_secret_properties("updated", first.version, tags={"new": "yes"})
    assert (changed.tags, changed.content_type, changed.version) == ({"new": "yes"}, "kept", first.version)
    assert client.get_secret("updated").properties.tags is None
    assert {found.version for found in client.list_properties_of_secret_versions("updated")} == {
        first.version,
        latest.version,
    }


def test_an_update_without_a_version_hits_whichever_is_the_latest(vaults: RunningVaults) -> None:
    client = vaults.client()
    client.set_secret("unnamed", "1")
    latest = client.set_secret("unnamed", "2").properties.version
    assert client.update_secret_properties("unnamed", enabled=False).version == latest
    with pytest.raises(ResourceNotFoundError):
        client.update_secret_properties("unnamed", "0" * 32, enabled=True)


def test_an_update_says_when_it_was_made_and_changes_what_it_names_alone(tmp_path: Path) -> None:
    with RunningVaults(tmp_path) as running:
        client = running.client()
        begins, expires = datetime(2015, 2, 2, 8, tzinfo=UTC), datetime(2050, 2, 2, 8, tzinfo=UTC)
        before = client.set_secret("aged", "1", not_before=begins, content_type="password", tags={"foo": "old"})
        write_offset(running.state.clock_file, timedelta(minutes=10))
        after = client.update_secret_properties(
            "aged", before.properties.version, content_type="text/plain", expires_on=expires, tags={}, enabled=False
        )
        assert after.id == before.id
        assert (after.content_type, after.tags, after.enabled) == ("text/plain", {}, False)
        assert (after.not_before, after.expires_on) == (begins, expires)
        assert after.created_on == before.properties.created_on
        assert after.updated_on is not None
        assert before.properties.updated_on is not None
        assert after.updated_on >= before.properties.updated_on + timedelta(minutes=10)


def test_the_answer_to_an_update_carries_no_value(vaults: RunningVaults) -> None:
    vaults.client().set_secret("silent", "do not show")
    with vaults.http(token=vaults.token()) as http:
        answer = http.patch("/secrets/silent/?api-version=2026-04-01", json={"tags": {}})
    assert answer.status_code == 200
    assert set(answer.json()) == {"id", "attributes", "tags"}


def test_a_disabled_version_cannot_be_read_until_it_is_enabled(vaults: RunningVaults) -> None:
    client = vaults.client()
    old = client.set_secret("disabled", "1").properties.version
    client.set_secret("disabled", "2", enabled=False)
    with pytest.raises(HttpResponseError) as refusal:
        client.get_secret("disabled")
    assert refusal.value.status_code == 403
    assert refusal.value.error is not None
    assert (refusal.value.error.code, refusal.value.error.innererror) == ("Forbidden", {"code": "SecretDisabled"})
    assert client.get_secret("disabled", old).value == "1"
    client.update_secret_properties("disabled", enabled=True)
    assert client.get_secret("disabled").value == "2"


def test_a_missing_secret_and_a_missing_version_are_not_found(vaults: RunningVaults) -> None:
    client = vaults.client("vault-administrator")
    client.set_secret("present", "1")
    with pytest.raises(ResourceNotFoundError) as refusal:
        client.get_secret("absent")
    assert refusal.value.error is not None
    assert refusal.value.error.code == "SecretNotFound"
    for name, version in (("present", "0" * 32), ("absent", "0" * 32)):
        with pytest.raises(ResourceNotFoundError, match=f"{name}/0000"):
            client.get_secret(name, version)
    for refused in (client.begin_delete_secret, client.update_secret_properties, client.get_deleted_secret):
        with pytest.raises(ResourceNotFoundError):
            refused("absent")
    assert list(client.list_properties_of_secret_versions("absent")) == []


def test_a_deleted_secret_blocks_its_name_until_it_is_recovered_with_its_versions(vaults: RunningVaults) -> None:
    client = vaults.client("policy-editor", vault="policy_vault")
    first = client.set_secret("zz-deleted", "1", tags={"a": "b"}).properties.version or ""
    client.set_secret("zz-deleted", "2")
    deleted = client.begin_delete_secret("zz-deleted").result()
    assert deleted.recovery_id == f"{vaults.state.policy_vault}/deletedsecrets/zz-deleted"
    assert deleted.deleted_date is not None
    assert deleted.scheduled_purge_date == deleted.deleted_date + timedelta(days=90)
    assert "zz-deleted" in {secret.name for secret in client.list_deleted_secrets()}
    assert "zz-deleted" not in {secret.name for secret in client.list_properties_of_secrets()}
    with pytest.raises(ResourceNotFoundError):
        client.get_secret("zz-deleted")
    with pytest.raises(ResourceExistsError) as refusal:
        client.set_secret("ZZ-deleted", "3")
    assert refusal.value.error is not None
    assert refusal.value.error.innererror == {"code": "ObjectIsDeletedButRecoverable"}
    client.begin_recover_deleted_secret("zz-deleted").wait()
    assert (client.get_secret("zz-deleted").value, client.get_secret("zz-deleted", first).value) == ("2", "1")
    with pytest.raises(ResourceNotFoundError, match="Deleted Secret not found: zz-deleted"):
        client.get_deleted_secret("zz-deleted")
    client.begin_delete_secret("zz-deleted").wait()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/secrets/under_score", {"value": "x"}),
        ("/secrets/dot.ted", {"value": "x"}),
        (f"/secrets/{'n' * 128}", {"value": "x"}),
        ("/secrets/refused", {}),
        ("/secrets/refused", {"value": 1}),
        ("/secrets/refused", {"value": None}),
        ("/secrets/refused", {"value": "\ud800"}),
        ("/secrets/refused", {"value": "x" * (25 * 1024 + 1)}),
        ("/secrets/refused", {"value": "é" * (25 * 512 + 1)}),
        ("/secrets/refused", {"value": "x", "contentType": "c" * 256}),
        ("/secrets/refused", {"value": "x", "tags": {str(number): "" for number in range(16)}}),
        ("/secrets/refused", {"value": "x", "tags": {"t" * 513: ""}}),
        ("/secrets/refused", {"value": "x", "tags": {"t": "v" * 513}}),
        ("/secrets/refused", {"value": "x", "tags": {"t": 1}}),
        ("/secrets/refused", {"value": "x", "attributes": {"exp": "soon"}}),
        ("/secrets/refused", {"value": "x", "attributes": {"enabled": "yes"}}),
        ("/secrets/refused", []),
    ],
)
def test_what_breaks_a_limit_is_refused_and_nothing_is_stored(vaults: RunningVaults, path: str, body: object) -> None:
    with vaults.http(token=vaults.token()) as http:
        answer = http.put(f"{path}?api-version=2026-04-01", content=json.dumps(body))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadParameter")
    with pytest.raises(ResourceNotFoundError):
        vaults.client().get_secret("refused")


def test_what_just_keeps_the_limits_is_stored(vaults: RunningVaults) -> None:
    client = vaults.client()
    tags = {f"{number:0512d}": "v" * 512 for number in range(15)}
    written = client.set_secret("n" * 127, "x" * 25 * 1024, tags=tags, content_type="c" * 255)
    assert client.get_secret("n" * 127).properties.tags == written.properties.tags == tags


@pytest.mark.parametrize("version", ApiVersion)
def test_every_api_version_of_the_sdk_is_served(vaults: RunningVaults, version: ApiVersion) -> None:
    client = vaults.client(api_version=version)
    name = f"api-{version.value.replace('.', '-')}"
    assert client.set_secret(name, "1").id == client.get_secret(name).id


def test_an_api_version_is_required_and_an_unknown_one_is_told_the_latest(vaults: RunningVaults) -> None:
    with vaults.http(token=vaults.token()) as http:
        refused = http.get("/secrets")
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "BadParameter")
    with pytest.raises(HttpResponseError) as refusal:
        vaults.client(api_version="8.1").get_secret("any")
    assert refusal.value.status_code == 400
    assert refusal.value.message == (
        "(BadParameter) The specified version (8.1) is not recognized. "
        "Consider using the latest supported version (2026-04-01).\n"
        "Code: BadParameter\n"
        "Message: The specified version (8.1) is not recognized. "
        "Consider using the latest supported version (2026-04-01)."
    )


def test_secrets_outlive_a_restart_and_are_seeded_once(tmp_path: Path) -> None:
    seeds = {"token_vault": {"seeded": "first"}}
    with RunningVaults(tmp_path, seeds=seeds) as running:
        client = running.client()
        assert client.get_secret("seeded").value == "first"
        client.set_secret("seeded", "second", tags={"kept": "yes"})
        files = list(tmp_path.glob("*-vault.sqlite*"))
        assert {file.name for file in files} >= {"token-vault.sqlite", "policy-vault.sqlite"}
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    with RunningVaults(tmp_path, seeds=seeds) as running:
        secret = running.client().get_secret("seeded")
        assert (secret.value, secret.properties.tags) == ("second", {"kept": "yes"})
        assert len(list(running.client().list_properties_of_secret_versions("seeded"))) == 2


def test_a_deleted_secret_is_gone_when_the_retention_ends(tmp_path: Path) -> None:
    with RunningVaults(tmp_path) as running:
        client = running.client("policy-editor", vault="policy_vault")
        client.set_secret("forgotten", "1")
        client.begin_delete_secret("forgotten").wait()
        later = timedelta(days=90)
        write_offset(running.state.clock_file, later)
        with running.http(vault="policy_vault", token=running.token("policy-editor", later=later)) as http:
            assert http.get("/deletedsecrets/forgotten?api-version=7.6").status_code == 404
            written = http.put("/secrets/forgotten?api-version=7.6", json={"value": "2"}).json()
        moved = datetime.fromtimestamp(written["attributes"]["created"], UTC) - datetime.now(UTC)
        assert abs(moved - later) < timedelta(minutes=1)
