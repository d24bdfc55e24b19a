"""The Key Vault stand-in, held to the real SDK's words about who gets in, how often, and through which trouble."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ServiceResponseError
from azure.keyvault.secrets import SecretClient

from local.key_vault.throttle import Limits
from local.signing import SigningKeys
from local.world import CONTOSO, PARTNER_TENANT
from tests.contract.conftest_key_vault import RunningVaults, StaticCredential


@pytest.fixture(scope="module")
def vaults(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningVaults]:
    with RunningVaults(tmp_path_factory.mktemp("key-vault"), seeds={"policy_vault": {"policy-1": "{}"}}) as running:
        yield running


def test_a_request_without_a_token_is_told_where_to_get_one(vaults: RunningVaults) -> None:
    with vaults.http() as http:
        answer = http.put("/secrets/any?api-version=2026-04-01", content=b"")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == (
        f'Bearer authorization="{vaults.state.entra}/{PARTNER_TENANT}", resource="https://vault.azure.net"'
    )
    assert answer.json() == {
        "error": {"code": "Unauthorized", "message": "AKV10000: Request is missing a Bearer or PoP token."}
    }


def test_the_sdk_takes_scope_and_tenant_from_the_challenge_once(vaults: RunningVaults) -> None:
    credential = StaticCredential(vaults.token())
    client = vaults.client(credential=credential)
    client.set_secret("challenged", "1")
    assert client.get_secret("challenged").value == "1"
    assert credential.asked == [(("https://vault.azure.net/.default",), PARTNER_TENANT)]


def test_an_audience_with_a_trailing_slash_is_taken(vaults: RunningVaults) -> None:
    client = vaults.client(credential=StaticCredential(vaults.token(aud="https://vault.azure.net/")))
    assert client.set_secret("slash", "1").value == "1"


def _junk(_vaults: RunningVaults, _folder: Path) -> str:
    return "junk"


def _by_a_stranger(vaults: RunningVaults, folder: Path) -> str:
    stranger = SigningKeys(folder)
    stranger.rotate()
    return stranger.sign(vaults.keys.verify(vaults.token(), audience="https://vault.azure.net"))


def _under_a_known_key_id(vaults: RunningVaults, folder: Path) -> str:
    token, known = _by_a_stranger(vaults, folder), jwt.get_unverified_header(vaults.token())["kid"]
    pem = next(folder.glob("*.pem")).read_bytes()
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode(claims, pem, algorithm="RS256", headers={"kid": known})


@pytest.mark.parametrize(
    ("unacceptable", "reason"),
    [
        (lambda vaults, _: vaults.token(aud="https://management.azure.com/"), "AKV10022"),
        (lambda vaults, _: vaults.token(exp=int(time.time()) - 1), "TokenExpired"),
        (lambda vaults, _: vaults.token(exp=None), "exp"),
        (lambda vaults, _: vaults.token(nbf=int(time.time()) + 600), "not yet valid"),
        (lambda vaults, _: vaults.token(tid=CONTOSO), "AKV10032"),
        (_junk, "Error validating token"),
        (_by_a_stranger, "unknown key id"),
        (_under_a_known_key_id, "Signature verification failed"),
    ],
    ids=[
        "wrong audience",
        "expired",
        "no expiry",
        "not yet valid",
        "other tenant",
        "junk",
        "unknown key",
        "foreign signature",
    ],
)
def test_a_token_that_is_not_in_order_is_refused(
    vaults: RunningVaults, tmp_path: Path, unacceptable: Callable[[RunningVaults, Path], str], reason: str
) -> None:
    token = unacceptable(vaults, tmp_path)
    with pytest.raises(ClientAuthenticationError):
        vaults.client(credential=StaticCredential(token)).get_secret("any")
    with vaults.http(token=token) as http:
        answer = http.get("/secrets/any?api-version=2026-04-01")
    assert reason in answer.json()["error"]["message"]
    assert "resource=" in answer.headers["www-authenticate"]


@pytest.mark.parametrize(
    ("identity", "vault", "operation", "action"),
    [
        ("broker", "policy_vault", lambda client: client.set_secret("policy-1", "{}"), "setSecret"),
        ("broker", "policy_vault", lambda client: client.update_secret_properties("policy-1"), "update"),
        ("broker", "token_vault", lambda client: client.begin_delete_secret("any"), "delete"),
        ("broker", "token_vault", lambda client: client.purge_deleted_secret("any"), "purge"),
        ("broker", "token_vault", lambda client: client.begin_recover_deleted_secret("any"), "recover"),
        ("broker", "token_vault", lambda client: client.backup_secret("any"), "backup"),
        ("broker", "token_vault", lambda client: client.restore_secret_backup(b"any"), "restore"),
        ("broker", "policy_vault", lambda client: client.backup_secret("policy-1"), "backup"),
        ("policy-editor", "token_vault", lambda client: client.get_secret("consent-partner"), "getSecret"),
        ("reports", "token_vault", lambda client: client.get_secret("consent-partner"), "getSecret"),
        ("reports", "policy_vault", lambda client: list(client.list_properties_of_secrets()), "readMetadata"),
        ("policy-editor", "policy_vault", lambda client: client.purge_deleted_secret("any"), "purge"),
    ],
)
def test_an_identity_does_only_what_its_role_on_that_vault_allows(
    vaults: RunningVaults, identity: str, vault: str, *, operation: Callable[[SecretClient], object], action: str
) -> None:
    with pytest.raises(HttpResponseError, match=f"secrets/{action}") as refusal:
        operation(vaults.client(identity, vault=vault))
    assert refusal.value.status_code == 403
    assert refusal.value.error is not None
    assert (refusal.value.error.code, refusal.value.error.innererror) == ("Forbidden", {"code": "ForbiddenByRbac"})


def test_a_person_of_the_tenant_without_a_role_gets_nothing(vaults: RunningVaults) -> None:
    token = vaults.token(oid="dddd0000-1111-4222-8333-444444440001")
    with pytest.raises(HttpResponseError) as refusal:
        vaults.client(credential=StaticCredential(token)).get_secret("any")
    assert refusal.value.status_code == 403


def test_the_broker_reads_the_policy_vault(vaults: RunningVaults) -> None:
    assert vaults.client(vault="policy_vault").get_secret("policy-1").value == "{}"


def test_each_kind_of_request_is_throttled_at_its_own_limit_until_the_window_passes(tmp_path: Path) -> None:
    limits = Limits(creates=2, others=4, window=1.0)
    with RunningVaults(tmp_path, limits=limits) as running:
        client = running.client(retry_total=0)
        for _ in range(limits.creates):
            client.set_secret("busy", "1")
        for _ in range(3):
            with pytest.raises(HttpResponseError, match=r"^\(Throttled\) .* too many requests"):
                client.set_secret("busy", "1")
        with running.http(token=running.token()) as http:
            answer = http.put("/secrets/busy?api-version=7.6", json={"value": "1"})
        assert answer.status_code == 429
        assert "retry-after" not in answer.headers
        for _ in range(limits.others):
            client.get_secret("busy")
        with pytest.raises(HttpResponseError, match="too many requests"):
            client.get_secret("busy")
        time.sleep(limits.window)
        assert client.set_secret("busy", "2").value == client.get_secret("busy").value


def test_a_lost_answer_is_not_a_lost_write(vaults: RunningVaults) -> None:
    client = vaults.client()
    client.set_secret("lost-before", "the first call of a client is the challenge's")
    vaults.fault(method="PUT", path="/secrets/lost", drop="after")
    assert client.set_secret("lost", "1").value == "1"
    versions = [version.version for version in client.list_properties_of_secret_versions("lost")]
    assert len(versions) == 2


def test_an_answer_lost_without_a_second_try_leaves_the_new_value_as_the_latest(vaults: RunningVaults) -> None:
    client = vaults.client(retry_total=0)
    client.set_secret("in-doubt", "old")
    vaults.fault(method="PUT", path="/secrets/in-doubt", drop="after")
    with pytest.raises(ServiceResponseError):
        client.set_secret("in-doubt", "new")
    assert client.get_secret("in-doubt").value == "new"


def test_the_sdk_rides_over_short_trouble_and_reports_long_trouble(vaults: RunningVaults) -> None:
    client = vaults.client()
    client.set_secret("trouble", "1")
    vaults.fault(path="/secrets/trouble/", status=503, times=2)
    assert client.get_secret("trouble").value == "1"
    vaults.fault(path="/secrets/trouble/", status=503, times=4)
    with pytest.raises(HttpResponseError) as refusal:
        client.get_secret("trouble")
    assert refusal.value.status_code == 503
