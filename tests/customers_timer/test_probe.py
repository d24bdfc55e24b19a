"""The probe: a token without a role is told from one that works, and what nobody answered is no verdict."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from customers_timer.probe import OrganizationProbe
from customers_timer.target import Part, Target
from shared.cloud import PUBLIC
from shared.consents.consent import Person
from shared.customers.errors import DelegatedRoleMissing
from shared.entra.tokens import AccessToken
from shared.errors import AuthorityUnavailable
from shared.outbound import Outbound
from tests.customers_timer.scene import ARM, GRAPH, tenant
from tests.rough_server import Act, RoughServer, close, rough_server

TOKEN = AccessToken(token="opaque", expires_on=datetime(2030, 1, 1, tzinfo=UTC), scope="", tenant_id=tenant(1))


@pytest.fixture
def server() -> Iterator[RoughServer]:
    with rough_server() as running:
        yield running


@pytest.fixture
def probe(server: RoughServer) -> Iterator[OrganizationProbe]:
    outbound = Outbound(trusted_ca_file=None, threads=1)
    yield OrganizationProbe(outbound, url=server.url.rstrip("/"), family=PUBLIC.family)
    outbound.close()


def target(resource: str = GRAPH) -> Target:
    person = Person(tenant_id=tenant(0), object_id="person", username="ada")
    part = Part(consent="partner", lineage="l1", person=person, refresh_token="refresh")
    return Target(
        part=part, tenant_id=tenant(1), customer="x", domain="", resource=resource, named=resource, before=None
    )


def says(status: str) -> Act:
    raw = f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\n{{}}".encode()
    return lambda connection, _count: connection.sendall(raw)


def test_it_reads_one_id_and_no_more_with_the_token(probe: OrganizationProbe, server: RoughServer) -> None:
    probe(TOKEN, target())
    (request,) = server.requests
    assert request.startswith(b"GET /v1.0/organization?$select=id HTTP/1.1")
    assert b"Authorization: Bearer opaque" in request


def test_without_a_role_it_says_so(probe: OrganizationProbe, server: RoughServer) -> None:
    server.act = says("403 Forbidden")
    with pytest.raises(DelegatedRoleMissing):
        probe(TOKEN, target())


@pytest.mark.parametrize("act", [says("429 Too Many Requests"), says("503 Busy"), says("401 Unauthorized"), close])
def test_what_is_no_answer_is_no_verdict(probe: OrganizationProbe, server: RoughServer, act: Act) -> None:
    server.act = act
    with pytest.raises(AuthorityUnavailable) as silent:
        probe(TOKEN, target())
    assert "opaque" not in silent.value.description


def test_graph_says_how_long_to_wait(probe: OrganizationProbe, server: RoughServer) -> None:
    server.act = says("429 Too Many Requests\r\nRetry-After: 7")
    with pytest.raises(AuthorityUnavailable) as silent:
        probe(TOKEN, target())
    assert silent.value.retry_after == 7


def test_a_token_of_another_api_is_taken_as_it_is(probe: OrganizationProbe, server: RoughServer) -> None:
    probe(TOKEN, target(ARM))
    assert server.requests == []
