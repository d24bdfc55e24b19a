"""The authority's signing keys: fetched once, asked for again sparingly, kept through an outage."""

import json
import ssl
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from local.state import StackState
from local.world import CONTOSO, PARTNER_TENANT
from shared.errors import AuthorityUnavailable
from shared.keys.errors import AssertionInvalid
from shared.keys.signed_claims import verified_claims
from shared.keys.signing_keys import SigningKeys
from shared.outbound import Outbound
from tests.conftest import StackMaker
from tests.local_control import Controls
from tests.shared.samples import AGES, AUTHORITY, HomeTenant


def published(tenant: HomeTenant) -> list[str]:
    return [key["kid"] for key in tenant.stack_keys.key_set()["keys"]]


def down() -> object:
    raise requests.ConnectionError


def test_a_known_key_is_fetched_once_from_the_tenants_own_address(home: HomeTenant) -> None:
    (key_id,) = published(home)
    found = [home.keys.key(PARTNER_TENANT, key_id) for _ in range(5)]
    assert [key.key_id for key in found if key] == [key_id] * 5
    assert home.outbound.urls == [f"{AUTHORITY}/{PARTNER_TENANT}/discovery/v2.0/keys"]


def test_key_ids_that_nobody_published_make_one_request_in_a_minute(home: HomeTenant) -> None:
    """Whoever sends made-up tokens must not make the broker ask the authority each time."""
    home.keys.key(PARTNER_TENANT, published(home)[0])
    home.monotonic += AGES.again
    assert [home.keys.key(PARTNER_TENANT, f"made-up-{number}") for number in range(20)] == [None] * 20
    assert len(home.outbound.urls) == 2
    home.monotonic += AGES.again - 1
    home.keys.key(PARTNER_TENANT, "made-up")
    assert len(home.outbound.urls) == 2
    home.monotonic += 1
    home.keys.key(PARTNER_TENANT, "made-up")
    assert len(home.outbound.urls) == 3


def test_a_new_key_is_known_at_its_first_use(home: HomeTenant) -> None:
    home.keys.key(PARTNER_TENANT, published(home)[0])
    home.monotonic += AGES.again
    rolled = home.stack_keys.rotate()
    found = home.keys.key(PARTNER_TENANT, rolled)
    assert found is not None
    assert found.key_id == rolled


def test_keys_are_looked_at_again_after_a_day_and_a_withdrawn_one_is_gone(home: HomeTenant) -> None:
    """A key the authority withdrew, because it leaked, must not verify for ever."""
    old = published(home)[0]
    assert home.keys.key(PARTNER_TENANT, old) is not None
    home.stack_keys.rotate()
    home.outbound.answer = lambda: {"keys": home.stack_keys.key_set()["keys"][1:]}
    home.monotonic += AGES.fresh - 1
    assert home.keys.key(PARTNER_TENANT, old) is not None
    home.monotonic += 1
    assert home.keys.key(PARTNER_TENANT, old) is None


@pytest.mark.parametrize(
    "answer",
    [
        down,
        lambda: b"<html>",
        lambda: None,
        list,
        dict,
        lambda: "keys",
        lambda: {"keys": None},
        lambda: {"keys": []},
        lambda: {"keys": 1},
        lambda: {"keys": ["key", 1, None, [], {}]},
        lambda: {"keys": [{"kty": "RSA", "kid": "k"}]},
    ],
)
def test_an_outage_of_the_authority_keeps_the_last_good_keys(home: HomeTenant, answer: Callable[[], object]) -> None:
    (key_id,) = published(home)
    good = home.keys.key(PARTNER_TENANT, key_id)
    home.outbound.answer = answer
    home.monotonic += AGES.fresh
    assert home.keys.key(PARTNER_TENANT, key_id) == good
    assert home.keys.key(PARTNER_TENANT, key_id) == good
    assert home.keys.generation(PARTNER_TENANT) == {key_id}
    assert len(home.outbound.urls) == 2, "one try, and then not again for a minute"


def test_what_could_not_be_found_out_is_not_no(home: HomeTenant) -> None:
    """A key that has just rolled over, while the authority is away: its caller comes again, and is then served."""
    known = published(home)[0]
    home.keys.key(PARTNER_TENANT, known)
    home.monotonic += AGES.again
    rolled = home.stack_keys.rotate()
    home.outbound.answer = down
    for _ in range(5):
        with pytest.raises(AuthorityUnavailable) as away:
            home.keys.key(PARTNER_TENANT, rolled)
        assert away.value.retry_after is None or 0 < away.value.retry_after <= AGES.failed
        assert home.keys.key(PARTNER_TENANT, known) is not None, "whoever does not need the answer has no part in it"
    assert len(home.outbound.urls) == 2, "strangers cannot make it ask faster"
    home.outbound.answer = home.stack_keys.key_set
    home.monotonic += AGES.failed
    assert home.keys.key(PARTNER_TENANT, rolled) is not None


def test_the_last_good_keys_serve_for_a_bounded_time(home: HomeTenant) -> None:
    (key_id,) = published(home)
    assert home.keys.key(PARTNER_TENANT, key_id) is not None
    home.outbound.answer = down
    home.monotonic += AGES.last_good - 1
    assert home.keys.key(PARTNER_TENANT, key_id) is not None
    home.monotonic += 1 + AGES.failed
    with pytest.raises(AuthorityUnavailable):
        home.keys.key(PARTNER_TENANT, key_id)
    assert home.keys.generation(PARTNER_TENANT) == frozenset()


def test_a_slow_look_for_one_key_holds_up_nobody_with_another(home: HomeTenant) -> None:
    began, go_on = threading.Event(), threading.Event()

    def slow() -> object:
        began.set()
        assert go_on.wait(20)
        return home.stack_keys.key_set()

    keys = SigningKeys(home.outbound, authority_host=AUTHORITY, ages=replace(AGES, patience=0.05, again=0.0))
    known = published(home)[0]
    keys.key(PARTNER_TENANT, known)
    home.outbound.answer = slow
    with pytest.raises(AuthorityUnavailable):
        keys.key(PARTNER_TENANT, "unknown")
    assert began.is_set()
    assert keys.key(PARTNER_TENANT, known) is not None
    with pytest.raises(AuthorityUnavailable):
        keys.key(PARTNER_TENANT, "unknown")
    go_on.set()
    assert len(home.outbound.urls) == 2, "one look, whoever waits for it"


@pytest.mark.parametrize("status", [302, 400, 404, 429, 500, 503])
def test_an_answer_that_is_no_success_is_no_key_set(home: HomeTenant, status: int) -> None:
    home.outbound.status = status
    home.outbound.answer = home.stack_keys.key_set if status >= 400 else lambda: b""
    with pytest.raises(AuthorityUnavailable):
        home.keys.key(PARTNER_TENANT, published(home)[0])


def test_keys_never_seen_are_tried_for_again_soon_but_not_at_once(home: HomeTenant) -> None:
    (key_id,) = published(home)
    home.outbound.answer = down
    for _ in range(5):
        with pytest.raises(AuthorityUnavailable):
            home.keys.key(PARTNER_TENANT, key_id)
    assert len(home.outbound.urls) == 1
    assert home.keys.generation(PARTNER_TENANT) == frozenset()
    home.outbound.answer = home.stack_keys.key_set
    home.monotonic += AGES.failed
    assert home.keys.key(PARTNER_TENANT, key_id) is not None


def test_the_keys_of_one_tenant_are_not_those_of_another(home: HomeTenant) -> None:
    (key_id,) = published(home)
    assert home.keys.key(PARTNER_TENANT, key_id) is not None
    home.outbound.answer = lambda: {"keys": [{**home.stack_keys.key_set()["keys"][0], "kid": "of-contoso"}]}
    assert home.keys.key(CONTOSO, key_id) is None
    assert home.keys.generation(CONTOSO) == {"of-contoso"}
    assert home.keys.generation(PARTNER_TENANT) == {key_id}


# A key that should be nobody's but its owner's.
PRIVATE = rsa.generate_private_key(65_537, 2048)


@pytest.mark.parametrize(
    "marked",
    [
        {"use": "enc"},
        {"use": ""},
        {"use": None},
        {"key_ops": ["encrypt"]},
        {"key_ops": ["sign"]},
        {"key_ops": []},
        {"key_ops": None},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": "EC"},
        {"kid": None},
        {"kid": 7},
        {"kid": ["k"]},
        {"n": None},
        {"n": "!"},
        {"e": "absent"},
        {"alg": "PS256"},
        {"alg": None},
        {"issuer": f"https://login.elsewhere.example/{PARTNER_TENANT}/v2.0"},
        {"issuer": f"{AUTHORITY}/{CONTOSO}/v2.0"},
        {"issuer": None},
        {"n": jwt.utils.to_base64url_uint((1 << 2046) + 1).decode()},
        {**json.loads(RSAAlgorithm.to_jwk(PRIVATE)), "key_ops": ["verify"]},
    ],
)
def test_a_key_that_is_not_for_verifying_never_verifies_and_spoils_no_other(
    home: HomeTenant, marked: dict[str, Any]
) -> None:
    good = home.stack_keys.key_set()["keys"][0]
    changed = {**good, "kid": "other", **marked}
    other = {name: said for name, said in changed.items() if said != "absent"}
    home.outbound.answer = lambda: {"keys": [other, good]}
    assert home.keys.key(PARTNER_TENANT, good["kid"]) is not None
    assert home.keys.key(PARTNER_TENANT, "other") is None
    assert home.keys.generation(PARTNER_TENANT) == {good["kid"]}


@pytest.mark.parametrize(
    "marked",
    [
        {},
        {"use": "sig"},
        {"key_ops": ["verify"]},
        {"alg": "RS256"},
        {"issuer": f"{AUTHORITY}/{{tenantid}}/v2.0"},
        {"issuer": f"{AUTHORITY}/{PARTNER_TENANT}/v2.0"},
    ],
)
def test_a_key_marked_for_verifying_verifies(home: HomeTenant, marked: dict[str, Any]) -> None:
    good = home.stack_keys.key_set()["keys"][0]
    bare = {name: good[name] for name in ("kty", "kid", "n", "e")}
    home.outbound.answer = lambda: {"keys": [bare | marked]}
    assert home.keys.key(PARTNER_TENANT, good["kid"]) is not None


def claims(state: StackState, keys: SigningKeys, token: str) -> str:
    found = verified_claims(
        token,
        keys=keys,
        tenant_id=PARTNER_TENANT,
        issuers=[f"https://sts.windows.net/{PARTNER_TENANT}/", f"{state.entra}/{PARTNER_TENANT}/v2.0"],
        audiences=["https://vault.azure.net"],
    )
    return str(found["oid"])


def vault_token(state: StackState) -> str:
    answer = httpx.get(
        f"{state.managed_identity}/msi/token",
        params={"api-version": "2019-08-01", "resource": "https://vault.azure.net"},
        headers={"X-IDENTITY-HEADER": state.identity_headers["reports"]},
        trust_env=False,
        verify=ssl.create_default_context(),
    )
    return str(answer.raise_for_status().json()["access_token"])


def test_a_rollover_and_an_outage_of_the_running_authority_refuse_nobody(make_stack: StackMaker) -> None:
    moment = [1000.0]
    with make_stack() as state:
        entra = Controls(state, state.entra)
        outbound = Outbound(trusted_ca_file=str(state.ca_file), threads=1)
        keys = SigningKeys(
            outbound, authority_host=state.entra, ages=AGES, monotonic=lambda: moment[0], start=lambda work: work()
        )
        before = vault_token(state)
        known = claims(state, keys, before)
        entra.post("keys/rotate")
        after = vault_token(state)
        with pytest.raises(AssertionInvalid):
            claims(state, keys, after)  # within the cooldown nobody is asked
        moment[0] += AGES.again
        assert claims(state, keys, after) == known
        entra.post("faults", {"path": ".*/keys", "status": 503, "times": -1})
        moment[0] += AGES.fresh
        assert [claims(state, keys, token) for token in (before, after)] == [known, known]
        outbound.close()
