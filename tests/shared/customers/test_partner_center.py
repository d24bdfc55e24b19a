"""Partner Center's client against the running stand-in: pages, repeats, limits, and whatever comes back."""

import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from local.state import StackState
from local.world import ADMIN, ARM, CONTOSO, NORTHWIND, PARTNER_APPLICATION, PARTNER_TENANT, TAILSPIN, WINGTIP
from shared.customers.customer import EnterpriseGrant
from shared.customers.errors import (
    CustomerUnknown,
    PartnerCenterMfaMissing,
    PartnerCenterRefused,
    PartnerCenterTokenRefused,
    PartnerCenterUnavailable,
)
from shared.customers.partner_center import PartnerCenter
from shared.customers.rest_service import LONGEST_WAIT
from shared.entra.place import Place
from shared.entra.tokens import AccessToken
from shared.errors import BrokerError
from shared.outbound import Outbound
from shared.retry_after import LONGEST_SECONDS
from tests.consent_http.rig import old_token
from tests.local_control import Controls
from tests.rough_server import rough_server
from tests.shared.samples import PARTNER_CENTER_SCOPE, authority_of

GRANT = EnterpriseGrant(application_id=ARM, scopes=("user_impersonation",))
NOBODY = "99990000-1111-4222-8333-444444440001"
CORRELATION = "7c9c0ff5-6c3b-4a41-9b0b-8a5f0d3f7b52"
CONSENTS = ".*/applicationconsents"
EVENING = datetime(2026, 11, 28, 20, tzinfo=UTC)


@pytest.fixture
def controls(stack: StackState) -> Iterator[Controls]:
    made = Controls(stack, stack.partner_center)
    made.clear("requests")
    yield made
    made.clear("faults")
    Controls(stack, stack.entra).clear("consents")


@pytest.fixture
def token(stack: StackState) -> AccessToken:
    """Ada's, with MFA."""
    authority = authority_of(stack)
    return authority.exchange(
        old_token(stack, ADMIN), tenant_id=PARTNER_TENANT, scope=PARTNER_CENTER_SCOPE, place=Place.HOME
    ).access_token


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def center(stack: StackState, slept: list[float], controls: Controls) -> Iterator[PartnerCenter]:  # noqa: ARG001 - faults end with it
    outbound = Outbound(trusted_ca_file=str(stack.ca_file), threads=4)
    yield PartnerCenter(outbound, url=stack.partner_center, clock=lambda: EVENING, sleep=slept.append)
    outbound.close()


def consent(center: PartnerCenter, token: AccessToken, customer: str = TAILSPIN) -> bool:
    return center.consent(
        token,
        customer,
        application_id=PARTNER_APPLICATION,
        display_name="Partner",
        grant=GRANT,
        correlation=CORRELATION,
    )


def test_every_customer_is_listed_page_after_page(
    stack: StackState, center: PartnerCenter, token: AccessToken, controls: Controls
) -> None:
    whole = center.customers(token, correlation=CORRELATION)
    assert [customer.tenant_id for customer in whole] == [CONTOSO, NORTHWIND, TAILSPIN, WINGTIP]
    assert (whole[0].name, whole[0].domain) == ("Contoso", "contoso.onmicrosoft.com")
    controls.clear("requests")
    with closing(Outbound(trusted_ca_file=str(stack.ca_file), threads=1)) as outbound:
        one_by_one = PartnerCenter(outbound, url=stack.partner_center, page_size=1)
        assert one_by_one.customers(token, correlation=CORRELATION) == whole
    assert controls.requests()["GET", "/v1/customers"] == 4


def test_a_consent_is_made_once_and_taken_back_once(
    center: PartnerCenter, token: AccessToken, stack: StackState
) -> None:
    assert consent(center, token)
    assert Controls(stack, stack.entra).consents(tenant=TAILSPIN, client=PARTNER_APPLICATION)[ARM] == [
        "user_impersonation"
    ]
    assert not consent(center, token), "there is one already"
    remove: dict[str, Any] = {"application_id": PARTNER_APPLICATION, "correlation": CORRELATION}
    assert center.remove_consent(token, TAILSPIN, **remove)
    assert not center.remove_consent(token, TAILSPIN, **remove), "there is none any more"


@pytest.mark.parametrize(("customer", "error"), [(NOBODY, CustomerUnknown), (WINGTIP, PartnerCenterRefused)])
def test_an_unknown_customer_and_one_without_delegated_rights_are_told_apart(
    center: PartnerCenter, token: AccessToken, customer: str, error: type[BrokerError]
) -> None:
    with pytest.raises(error) as refused:
        consent(center, token, customer)
    assert token.token not in refused.value.description


def test_a_token_without_mfa_is_refused_with_partner_centers_own_code(center: PartnerCenter, stack: StackState) -> None:
    without = old_token(stack, ADMIN, mfa=False)
    found = authority_of(stack).exchange(
        without, tenant_id=PARTNER_TENANT, scope=PARTNER_CENTER_SCOPE, place=Place.HOME
    )
    with pytest.raises(PartnerCenterRefused, match="900421"):
        center.customers(found.access_token, correlation=CORRELATION)


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 429}, {"drop": "before"}, {"status": 500}], ids=str)
def test_a_reading_is_tried_again_and_works(
    center: PartnerCenter, token: AccessToken, controls: Controls, fault: dict[str, Any]
) -> None:
    controls.post("faults", {"method": "GET", "path": "/v1/customers", "times": 2, **fault})
    assert center.customers(token, correlation=CORRELATION)


def test_a_change_that_was_put_off_for_certain_is_tried_again(
    center: PartnerCenter, token: AccessToken, controls: Controls
) -> None:
    controls.post("faults", {"method": "POST", "path": CONSENTS, "times": 2, "status": 429})
    assert consent(center, token)


@pytest.mark.parametrize("fault", [{"drop": "after"}, {"drop": "before"}, {"status": 500}, {"status": 503}], ids=str)
def test_a_change_that_may_have_been_done_is_sent_once(
    center: PartnerCenter, token: AccessToken, controls: Controls, fault: dict[str, Any]
) -> None:
    """Sent again, it could be told that there is a consent already: whoever wants it looks first."""
    controls.post("faults", {"method": "POST", "path": CONSENTS, "times": 1, **fault})
    with pytest.raises(PartnerCenterUnavailable):
        consent(center, token)
    assert sum(count for (method, _), count in controls.requests().items() if method == "POST") == 1


def test_what_does_not_pass_is_given_up_after_three_tries(
    center: PartnerCenter, token: AccessToken, controls: Controls, slept: list[float]
) -> None:
    fault = {"method": "GET", "path": "/v1/customers", "times": -1, "status": 503, "headers": {"Retry-After": "3600"}}
    controls.post("faults", fault)
    with pytest.raises(PartnerCenterUnavailable):
        center.customers(token, correlation=CORRELATION)
    assert controls.requests()["GET", "/v1/customers"] == 3
    assert slept == [5.0, 5.0], "nobody sleeps for as long as a server likes"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("9" * 400, LONGEST_SECONDS),
        ("3600", LONGEST_SECONDS),
        ("7", 7),
        ("0", None),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("Sat, 28 Nov 2026 20:00:30 GMT", 30),
        ("Fri, 01 Jan 2100 00:00:00 GMT", LONGEST_SECONDS),
    ],
    ids=lambda value: str(value)[:12],
)
def test_whatever_retry_after_says_nobody_is_sent_away_for_hours(  # noqa: PLR0917 - fixtures
    center: PartnerCenter,
    token: AccessToken,
    controls: Controls,
    slept: list[float],
    given: str,
    told: int | None,
) -> None:
    controls.post("faults", {"path": "/v1/customers", "times": -1, "status": 503, "headers": {"Retry-After": given}})
    with pytest.raises(PartnerCenterUnavailable) as refused:
        center.customers(token, correlation=CORRELATION)
    assert refused.value.retry_after == told
    assert max(slept) <= LONGEST_WAIT


def test_the_documented_limit_is_kept_whatever_is_asked(
    stack: StackState, token: AccessToken, controls: Controls
) -> None:
    """Fifty a second: time stands still here, so the exact wait of each request shows."""
    body = {"items": [], "links": {"next": {"uri": "/customers?size=500&seekOperation=Next", "headers": []}}}
    controls.post("faults", {"path": "/v1/customers", "times": -1, "status": 200, "body": body})
    waits: list[float] = []
    with closing(Outbound(trusted_ca_file=str(stack.ca_file), threads=1)) as outbound:
        still = PartnerCenter(outbound, url=stack.partner_center, sleep=waits.append, monotonic=lambda: 100.0)
        with pytest.raises(PartnerCenterUnavailable):
            still.customers(token, correlation=CORRELATION)
    assert waits == [1.0] * 50 + [2.0] * 50 + [3.0] * 50


def test_a_list_that_is_not_found_is_no_unknown_customer(
    center: PartnerCenter, token: AccessToken, controls: Controls
) -> None:
    controls.post("faults", {"path": "/v1/customers", "status": 404, "body": {"code": 404}})
    with pytest.raises(PartnerCenterRefused):
        center.customers(token, correlation=CORRELATION)


def test_a_token_that_is_none_is_refused_once_and_told_to_nobody(
    center: PartnerCenter, token: AccessToken, controls: Controls, caplog: pytest.LogCaptureFixture
) -> None:
    broken = replace(token, token=f"{token.token}x")
    with caplog.at_level("DEBUG"), pytest.raises(PartnerCenterRefused) as refused:
        center.customers(broken, correlation=CORRELATION)
    assert controls.requests()["GET", "/v1/customers"] == 1
    assert "401" in refused.value.detail
    assert caplog.text, "what the libraries say is in it"
    assert token.token not in f"{refused.value!r} {refused.value.description} {caplog.text}"


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"items": 5},
        {"items": ["customer"]},
        {"items": [{}]},
        {"items": [{"companyProfile": None}]},
        {"items": [{"id": "common"}]},
        {"items": [{"id": CONTOSO, "companyProfile": {"tenantId": "../organizations"}}]},
        {"items": [], "links": {"next": "customers"}},
        {"items": [], "links": {"next": {"method": "GET"}}},
        {"items": [], "links": {"next": {"uri": "/customers", "headers": [{"name": "x"}]}}},
        {"items": [], "links": {"next": {"uri": "/customers", "headers": [{"key": 5, "value": "x"}]}}},
        {"items": [], "links": {"next": {"uri": "/customers", "headers": [{"key": "x", "value": 5}]}}},
        {"items": [], "links": {"next": {"uri": "/customers", "headers": [{"key": "x", "value": "a\r\nb: c"}]}}},
        {"items": [], "links": {"next": {"uri": "/customers", "headers": ["x"]}}},
        {"items": [], "links": []},
    ],
    ids=str,
)
def test_an_answer_that_is_none_is_not_taken_for_one(
    center: PartnerCenter, token: AccessToken, controls: Controls, body: object
) -> None:
    controls.post("faults", {"path": "/v1/customers", "times": -1, "status": 200, "body": body})
    with pytest.raises(PartnerCenterUnavailable):
        center.customers(token, correlation=CORRELATION)


def test_pages_that_lead_in_a_circle_come_to_an_end(
    center: PartnerCenter, token: AccessToken, controls: Controls
) -> None:
    body = {"items": [], "links": {"next": {"uri": "/customers?size=500&seekOperation=Next", "headers": []}}}
    controls.post("faults", {"path": "/v1/customers", "times": -1, "status": 200, "body": body})
    with pytest.raises(PartnerCenterUnavailable, match="end"):
        center.customers(token, correlation=CORRELATION)
    assert controls.requests()["GET", "/v1/customers"] <= 200


@pytest.mark.parametrize(
    "uri", ["https://evil.example/steal", "//evil.example/steal", "/../../steal", "@evil.example/"]
)
def test_a_page_that_leads_elsewhere_is_never_followed_there(
    center: PartnerCenter, token: AccessToken, controls: Controls, uri: str
) -> None:
    """The token goes to Partner Center's own address alone."""
    body = {"items": [], "links": {"next": {"uri": uri, "headers": []}}}
    controls.post("faults", {"path": "/v1/customers", "times": 1, "status": 200, "body": body})
    with pytest.raises((CustomerUnknown, PartnerCenterRefused, PartnerCenterUnavailable)):
        center.customers(token, correlation=str(uuid.uuid4()))


@pytest.mark.parametrize("status", [200, 400])
def test_an_answer_that_nests_without_end_is_none(token: AccessToken, status: int) -> None:
    content = b"[" * 200_000
    head = b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(content))
    with rough_server() as server, closing(Outbound(trusted_ca_file=None, threads=1)) as outbound:
        server.act = lambda connection, _count: connection.sendall(head + content)
        with pytest.raises((PartnerCenterUnavailable, PartnerCenterRefused)):
            PartnerCenter(outbound, url=server.url.rstrip("/")).customers(token, correlation=CORRELATION)


@pytest.mark.parametrize("code", ["<script>", "x" * 500, {"a": 1}, None], ids=["markup", "long", "object", "null"])
def test_a_code_that_is_none_is_not_passed_on(
    center: PartnerCenter, token: AccessToken, controls: Controls, code: object
) -> None:
    fault = {"method": "POST", "path": CONSENTS, "status": 400, "body": {"code": code, "description": "secret text"}}
    controls.post("faults", fault)
    with pytest.raises(PartnerCenterRefused) as refused:
        consent(center, token)
    assert "secret text" not in refused.value.description
    assert str(code)[:60] not in refused.value.description or code is None


def test_partner_center_says_whether_it_sees_mfa(center: PartnerCenter, token: AccessToken) -> None:
    assert center.is_mfa_compliant(token, correlation=CORRELATION) is True


@pytest.mark.parametrize(
    ("told", "understood"),
    [
        ({"headers": {"isMfaCompliant": "false"}, "body": {"items": []}}, False),
        ({"headers": {"ismfacompliant": "True"}, "body": {"items": []}}, True),
        ({"headers": {"isMfaCompliant": "false"}, "body": {"isMfaCompliant": True}}, False),
        ({"body": {"isMfaCompliant": False}}, False),
        ({"body": {"isMfaCompliant": True}}, True),
        ({"body": {"items": []}}, None),
        ({"headers": {"isMfaCompliant": "perhaps"}, "body": {}}, None),
    ],
    ids=str,
)
def test_the_header_decides_then_the_body_then_nobody(  # noqa: PLR0917 - fixtures
    center: PartnerCenter, token: AccessToken, controls: Controls, told: dict[str, Any], understood: object
) -> None:
    controls.post("faults", {"path": "/v1/customers", "status": 200, **told})
    assert center.is_mfa_compliant(token, correlation=CORRELATION) is understood


def test_a_sign_in_without_mfa_is_told_by_an_error_of_its_own(
    center: PartnerCenter, stack: StackState, controls: Controls, token: AccessToken
) -> None:
    without = old_token(stack, ADMIN, mfa=False)
    found = authority_of(stack).exchange(
        without, tenant_id=PARTNER_TENANT, scope=PARTNER_CENTER_SCOPE, place=Place.HOME
    )
    with pytest.raises(PartnerCenterMfaMissing):
        center.is_mfa_compliant(found.access_token, correlation=CORRELATION)
    controls.post("faults", {"path": "/v1/customers", "status": 401, "body": {"code": 900420}})
    with pytest.raises(PartnerCenterTokenRefused):
        center.is_mfa_compliant(token, correlation=CORRELATION)


def test_a_customer_without_profile_or_domain_is_listed_with_what_is_known(
    center: PartnerCenter, token: AccessToken, controls: Controls
) -> None:
    items = [
        {"id": CONTOSO.upper(), "companyProfile": None},
        {"id": "x", "companyProfile": {"tenantId": NORTHWIND, "domain": None, "companyName": "Northwind"}},
        {"id": TAILSPIN},
    ]
    controls.post("faults", {"path": "/v1/customers", "status": 200, "body": {"items": items}})
    found = [(one.tenant_id, one.name, one.domain) for one in center.customers(token, correlation=CORRELATION)]
    assert found == [(CONTOSO, "", ""), (NORTHWIND, "Northwind", ""), (TAILSPIN, "", "")]


def test_a_list_that_goes_on_and_on_is_given_up_in_time(
    stack: StackState, token: AccessToken, controls: Controls
) -> None:
    body = {"items": [], "links": {"next": {"uri": "/customers?size=500&seekOperation=Next", "headers": []}}}
    controls.post("faults", {"path": "/v1/customers", "times": -1, "status": 200, "body": body})
    moments = iter(range(0, 100_000, 25))
    with closing(Outbound(trusted_ca_file=str(stack.ca_file), threads=1)) as outbound:
        slow = PartnerCenter(
            outbound, url=stack.partner_center, sleep=lambda _seconds: None, monotonic=lambda: float(next(moments))
        )
        with pytest.raises(PartnerCenterUnavailable, match="in time"):
            slow.customers(token, correlation=CORRELATION)
    assert controls.requests()["GET", "/v1/customers"] < 10
