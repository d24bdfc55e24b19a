"""What the authority says of itself: believed on its own origin alone, kept for a bounded time, never guessed."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from local.state import StackState
from local.world import CONTOSO, PARTNER_TENANT
from shared.entra.discovery import PATH, Discovery
from shared.errors import AuthorityUnavailable
from tests.local_control import Controls
from tests.shared.samples import AGES, AUTHORITY, ScriptedOutbound, authority_of

GOOD = {
    "authorization_endpoint": f"{AUTHORITY}/{PARTNER_TENANT}/oauth2/v2.0/authorize",
    "token_endpoint": f"{AUTHORITY}/{PARTNER_TENANT}/oauth2/v2.0/token",
    "device_authorization_endpoint": f"{AUTHORITY}/{PARTNER_TENANT}/oauth2/v2.0/devicecode",
    "jwks_uri": f"{AUTHORITY}/{PARTNER_TENANT}/discovery/v2.0/keys",
    "issuer": "https://anything.example",
    "userinfo_endpoint": "https://graph.microsoft.com/oidc/userinfo",
}
ENDPOINTS = [name for name in GOOD if name.endswith(("_endpoint", "_uri")) and not name.startswith("userinfo")]


class Scene:
    """A broker that asks nobody, and time in the test's hand."""

    def __init__(self, answer: Callable[[], object] = lambda: GOOD, *, host: str = AUTHORITY) -> None:
        self.outbound, self.now = ScriptedOutbound(answer), 1000.0
        self.discovery = Discovery(
            self.outbound,
            authority_host=host,
            home_tenant=PARTNER_TENANT,
            ages=AGES,
            monotonic=lambda: self.now,
            start=lambda work: work(),
        )

    def token_endpoint(self, tenant_id: str = CONTOSO) -> str:
        return self.discovery.document(tenant_id)["token_endpoint"]


def down() -> object:
    raise requests.ConnectionError


def test_one_document_serves_every_tenant_and_only_what_is_used_is_kept() -> None:
    scene = Scene()
    assert scene.token_endpoint() == f"{AUTHORITY}/{CONTOSO}/oauth2/v2.0/token"
    assert scene.discovery.document(PARTNER_TENANT) == {
        **{name: GOOD[name] for name in ENDPOINTS},
        "issuer": f"{AUTHORITY}/{PARTNER_TENANT}/v2.0",
    }
    assert scene.outbound.urls == [f"{AUTHORITY}/{PARTNER_TENANT}{PATH}"]


ODD = [
    "https://evil.example/{tenant}/oauth2/v2.0/token",
    "http://{host}/{tenant}/oauth2/v2.0/token",
    "https://{host}:8443/{tenant}/oauth2/v2.0/token",
    "https://{host}.evil.example/{tenant}/oauth2/v2.0/token",
    "https://{host}@evil.example/{tenant}/oauth2/v2.0/token",
    "https://evil.example#https://{host}/{tenant}/token",
    "https://{host}/other/oauth2/v2.0/token",
    "https://{host}/{tenant}x/oauth2/v2.0/token",
    "https://{host}/{tenant}/../other/oauth2/v2.0/token",
    "https://{host}/{tenant}/token?to=evil",
    "https://{host}/{tenant}/token#evil",
    "https://{host}/{tenant}\\@evil.example/token",
    "https://{host}/{tenant}/%2e%2e/token",
    "https://{host}/{tenant}/token\n",
    "//{host}/{tenant}/token",
    "{tenant}",
    "",
    None,
    1,
    ["https://{host}/{tenant}/oauth2/v2.0/token"],
]


@pytest.mark.parametrize("name", ENDPOINTS)
@pytest.mark.parametrize("odd", ODD, ids=str)
def test_an_endpoint_elsewhere_is_not_believed_and_its_document_not_kept(name: str, odd: Any) -> None:  # noqa: ANN401 - JSON
    host = AUTHORITY.removeprefix("https://")
    given_there = odd.format(host=host, tenant=PARTNER_TENANT) if isinstance(odd, str) else odd
    scene = Scene(lambda: {**GOOD, name: given_there})
    with pytest.raises(AuthorityUnavailable):
        scene.token_endpoint()
    scene.outbound.answer = lambda: GOOD
    scene.now += AGES.failed
    assert scene.token_endpoint() == f"{AUTHORITY}/{CONTOSO}/oauth2/v2.0/token"


@given(st.sampled_from(ENDPOINTS), st.text(max_size=60))
def test_no_text_makes_another_origin_believed(name: str, text: str) -> None:
    for address in (text, f"https://{text}/{PARTNER_TENANT}/token", f"{AUTHORITY}{text}"):
        told = {**GOOD, name: address}
        try:
            believed = Scene(partial(dict, told)).discovery.document(PARTNER_TENANT)[name]
        except AuthorityUnavailable:
            continue
        assert believed.startswith(f"{AUTHORITY}/")
        assert f"/{PARTNER_TENANT}/" in f"{believed}/"


@pytest.mark.parametrize("without", ["device_authorization_endpoint", "jwks_uri"])
def test_an_authority_without_what_is_not_needed_is_believed(without: str) -> None:
    scene = Scene(lambda: {name: address for name, address in GOOD.items() if name != without})
    assert scene.token_endpoint()
    assert without not in scene.discovery.document(CONTOSO)


@pytest.mark.parametrize(
    ("host", "page", "believed"),
    [
        ("https://127.0.0.1:9", "http://localhost:10", True),
        ("https://localhost:9", "http://127.0.0.1:10", True),
        ("https://127.0.0.1:9", "http://evil.example", False),
        ("https://127.0.0.1:9", "http://user@127.0.0.1", False),
        (AUTHORITY, "http://localhost:10", False),
    ],
)
def test_pages_for_a_browser_may_be_plain_where_the_authority_is_this_machine(
    host: str, page: str, *, believed: bool
) -> None:
    there = {name: address.replace(AUTHORITY, host) for name, address in GOOD.items()}
    scene = Scene(lambda: {**there, "authorization_endpoint": f"{page}/{PARTNER_TENANT}/authorize"}, host=host)
    if believed:
        assert scene.discovery.document(CONTOSO)["authorization_endpoint"] == f"{page}/{CONTOSO}/authorize"
    else:
        with pytest.raises(AuthorityUnavailable):
            scene.token_endpoint()
    plain = Scene(lambda: {**there, "token_endpoint": f"{page}/{PARTNER_TENANT}/token"}, host=host)
    with pytest.raises(AuthorityUnavailable):
        plain.token_endpoint()


@pytest.mark.parametrize("answer", [down, lambda: b"<html>", list, dict, lambda: None, lambda: {**GOOD, "jwks_uri": 1}])
def test_the_last_good_document_serves_through_an_outage_for_a_bounded_time(answer: Callable[[], object]) -> None:
    scene = Scene()
    good = scene.token_endpoint()
    scene.outbound.answer = answer
    scene.now += AGES.fresh
    assert scene.token_endpoint() == good
    assert len(scene.outbound.urls) == 2, "it was looked for anew"
    scene.now += AGES.last_good
    with pytest.raises(AuthorityUnavailable):
        scene.token_endpoint()
    scene.outbound.answer = lambda: GOOD
    scene.now += AGES.failed
    assert scene.token_endpoint() == good


def test_health_asks_whether_the_authority_answers(stack: StackState, entra_controls: Controls) -> None:
    discovery = authority_of(stack)._calls._http._discovery
    discovery.require_available()
    for fault in ({"status": 503}, {"status": 302}, {"drop": "before", "times": 2}):
        entra_controls.post("faults", {"path": f"/{PARTNER_TENANT}{PATH}", "times": 1, **fault})
        with pytest.raises(AuthorityUnavailable):
            discovery.require_available()
        entra_controls.clear("faults")
