"""Taking an application out of a tenant that fails at random: nothing is called removed that is there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customers_http.change import Change
from customers_http.taking import ABSENT, KEPT, LEFT, REMOVED, UNDONE, UNVERIFIED, WITH_PRINCIPAL, Item, Taking
from shared.customers.access import Actor
from shared.customers.errors import GraphRefused, GraphUnavailable, PartnerCenterUnavailable
from shared.customers.graph import Graph
from shared.customers.holdings import PRINCIPAL, Holding, holdings_of
from shared.entra.tokens import AccessToken
from shared.errors import BrokerError
from tests.consent_http.rig import OPERATOR
from tests.token_http.samples import NOON

APPLICATION, OBJECT, API = "app-1", "principal-1", "api-1"
BASE = f"servicePrincipals/{OBJECT}"
ROLES = f"servicePrincipals/{API}/appRoleAssignedTo"
DIRECTORY = "roleManagement/directory/roleAssignments"
TOKEN = AccessToken(token="t", expires_on=NOON, scope="", tenant_id="tenant")
# What a request may meet: it is done, refused, lost before or after it was done, or the process is killed there.
DONE, REFUSED, LOST_BEFORE, LOST_AFTER, KILLED = "done", "refused", "lost before", "lost after", "killed"
FAULTS = (DONE, REFUSED, LOST_BEFORE, LOST_AFTER, KILLED)
# What a reading may meet, by its number: many are read, so it is drawn which of them fails.
READINGS = 10


class Killed(BaseException):
    """The process is gone."""


@dataclass(slots=True)
class Tenant:
    """A directory with one application: what it holds by the path that takes it away; all goes with its object."""

    held: dict[str, str] = field(default_factory=dict)
    is_known: bool = True
    faults: list[str] = field(default_factory=list)
    unread: dict[int, str] = field(default_factory=dict)
    read: int = 0
    late: str = ""
    lags: int = 0
    shadow: dict[str, str] = field(default_factory=dict)

    def one(self, _token: object, path: str, **_more: object) -> Mapping[str, Any] | None:
        self._meet()
        if path.startswith("servicePrincipals(appId="):
            return {"id": OBJECT, "appId": APPLICATION} if self.is_known else None
        return {"appId": API, "appRoles": []}

    def every(self, _token: object, path: str, **_more: object) -> Iterator[Mapping[str, Any]]:
        self._meet()
        told = {**self.held, **(self.shadow if self.lags > 0 else {})}
        self.lags -= 1
        for place in sorted(told):
            name = place.rpartition("/")[2]
            if path.endswith("/appRoleAssignments") and place.startswith(ROLES):
                yield {"id": name, "principalId": OBJECT, "resourceId": API, "appRoleId": name}
            elif path.startswith(DIRECTORY) and place.startswith(DIRECTORY):
                yield {"id": name, "principalId": OBJECT, "roleDefinitionId": name}
            elif path.endswith("/oauth2PermissionGrants") and place.startswith("oauth2PermissionGrants"):
                yield {"id": name, "clientId": OBJECT, "resourceId": API, "consentType": "AllPrincipals", "scope": name}

    def remove(self, _token: object, path: str, **_more: object) -> bool:
        fault = self._fault()
        if fault == REFUSED:
            raise GraphRefused("(HTTP 403)")
        if fault == LOST_BEFORE:
            raise GraphUnavailable
        is_done = self._removed(path)
        if self.late and self.is_known:  # somebody gives it something meanwhile
            self.held[self.late] = self.late.rpartition("/")[2]
            self.late = ""
        if fault == LOST_AFTER:
            raise GraphUnavailable
        if fault == KILLED:
            raise Killed
        return is_done

    def _removed(self, path: str) -> bool:
        if path == BASE:
            was, self.is_known, self.held = self.is_known, False, {}
            return was
        found = self.held.pop(path, None)
        if found is not None:
            self.shadow[path] = found
        return found is not None

    def _meet(self) -> None:
        self.read += 1
        fault = self.unread.get(self.read, DONE)
        if fault == KILLED:
            raise Killed
        if fault != DONE:
            raise GraphUnavailable

    def _fault(self) -> str:
        return self.faults.pop(0) if self.faults else DONE


class InForce:
    def require_in_force(self) -> None:
        """As ever."""


def taking(tenant: Tenant) -> Taking:
    change = Change(
        tenant_id="tenant", consent="partner", dry_run=False, replace=False, plan="", operator=OPERATOR, correlation="c"
    )
    return Taking(
        graph=cast("Graph", tenant),
        change=change,
        actor=cast("Actor", InForce()),
        token=TOKEN,
        application_id=APPLICATION,
        sleep=lambda _seconds: None,
    )


def paths(draw: st.DrawFn) -> dict[str, str]:
    names = st.lists(st.sampled_from(["a", "b", "c"]), unique=True, max_size=3)
    return {f"{base}/{name}": name for base in (ROLES, DIRECTORY, "oauth2PermissionGrants") for name in draw(names)}


@st.composite
def tenants(draw: st.DrawFn) -> Tenant:
    return Tenant(
        held=paths(draw),
        faults=draw(st.lists(st.sampled_from(FAULTS), max_size=10)),
        unread=draw(st.dictionaries(st.integers(1, READINGS), st.sampled_from(FAULTS), max_size=2)),
        lags=draw(st.integers(0, 3)),
        late=draw(st.sampled_from(["", f"{ROLES}/late"])),
    )


def attempt(tenant: Tenant, take: Any) -> list[Item] | None:  # noqa: ANN401
    """What one run tells; None where it was killed or could not begin to look."""
    try:
        one = taking(tenant)
        return one.all(one.there(), take)
    except (Killed, BrokerError):
        return None


@settings(max_examples=400)
@given(tenant=tenants(), center=st.sampled_from([True, False, PartnerCenterUnavailable]))
def test_nothing_is_called_removed_that_is_there_whatever_fails(tenant: Tenant, center: Any) -> None:  # noqa: ANN401
    def take() -> bool:
        if isinstance(center, type):
            raise center
        return bool(center)

    before = dict(tenant.held)
    items = attempt(tenant, take)
    assert set(tenant.held) <= {*before, f"{ROLES}/late"}
    for one in items or ():
        path = one.holding.path
        is_there = tenant.is_known if path == BASE else path in tenant.held
        if path and one.outcome in {REMOVED, WITH_PRINCIPAL}:
            assert not is_there
        assert one.outcome in {REMOVED, ABSENT, WITH_PRINCIPAL, LEFT, UNVERIFIED}
    if items is not None:
        told = {one.holding.path for one in items}
        assert set(before) | {BASE} <= told, "all that was there is told of"
        outcomes = {one.holding.path: one.outcome for one in items}
        if UNVERIFIED not in outcomes.values():
            assert {path for path in tenant.held if outcomes.get(path) != LEFT} == set(), "what is there is told of"
        if not UNDONE & set(outcomes.values()):
            assert (tenant.held, tenant.is_known) == ({}, False)


@settings(max_examples=200)
@given(tenant=tenants(), cuts=st.integers(1, 4))
def test_however_often_it_is_cut_one_run_that_meets_nothing_ends_it(tenant: Tenant, cuts: int) -> None:
    for _ in range(cuts):
        attempt(tenant, lambda: True)
    tenant.faults.clear()
    tenant.unread.clear()
    tenant.lags, tenant.late = 0, ""
    items = attempt(tenant, lambda: False)
    assert items is not None
    assert not [one for one in items if one.outcome in UNDONE]
    assert (tenant.held, tenant.is_known) == ({}, False)


@settings(max_examples=200)
@given(tenant=tenants(), data=st.data())
def test_two_at_once_end_as_one_does(tenant: Tenant, data: st.DataObject) -> None:
    """The other one takes something away between any two requests of this one."""
    tenant.faults.clear()
    tenant.unread.clear()
    tenant.late = ""
    others: list[str] = list(data.draw(st.permutations([*tenant.held, BASE])))
    turns: list[bool] = data.draw(st.lists(st.booleans(), min_size=20, max_size=20))
    remove = tenant.remove

    class Both:
        one, every = tenant.one, tenant.every

        @staticmethod
        def remove(token: object, path: str, **more: object) -> bool:
            if others and turns.pop():
                remove(token, others.pop())
            return remove(token, path, **more)

    both = taking(cast("Tenant", Both))
    items = both.all(both.there(), lambda: True)
    assert {one.outcome for one in items} == {REMOVED}
    assert (tenant.held, tenant.is_known) == ({}, False)


def center(asked: list[str]) -> bool:
    asked.append("center")
    return True


def test_the_object_goes_last_and_what_is_granted_before_it() -> None:
    tenant = Tenant(held={f"{ROLES}/a": "a", f"{DIRECTORY}/b": "b", "oauth2PermissionGrants/c": "c"})
    asked: list[str] = []
    remove = tenant.remove

    class Listening:
        one, every = tenant.one, tenant.every

        @staticmethod
        def remove(token: object, path: str, **more: object) -> bool:
            asked.append(path)
            return remove(token, path, **more)

    one = taking(cast("Tenant", Listening))
    kinds = [item.holding.kind for item in one.all(one.there(), partial(center, asked))]
    assert asked == [f"{ROLES}/a", f"{DIRECTORY}/b", "oauth2PermissionGrants/c", "center", BASE]
    assert kinds == ["app_role", "directory_role", "delegated_grant", "partner_center_consent", "service_principal"]


@pytest.mark.parametrize("name", ["../../users/somebody", "a/b", "a?x=y", "", "a b", None, 7])
def test_what_is_no_id_is_in_no_path(name: object) -> None:
    class Odd:
        def one(self, *_args: object, **_more: object) -> Mapping[str, Any]:
            return {"id": name, "appId": APPLICATION}

        def every(self, *_args: object, **_more: object) -> Iterator[Mapping[str, Any]]:
            yield {"id": "a", "principalId": name, "resourceId": API, "appRoleId": "r"}

    with pytest.raises(GraphUnavailable):
        holdings_of(cast("Graph", Odd()), TOKEN, APPLICATION, correlation="c")


def test_what_another_application_holds_is_never_taken_away() -> None:
    class Others(Tenant):
        def every(self, _token: object, path: str, **_more: object) -> Iterator[Mapping[str, Any]]:
            if path.startswith(DIRECTORY):
                yield {"id": "a", "principalId": "somebody-else", "roleDefinitionId": "r"}

    with pytest.raises(GraphUnavailable):
        holdings_of(cast("Graph", Others()), TOKEN, APPLICATION, correlation="c")


def _kinds(holdings: Sequence[Holding]) -> set[str]:
    return {one.kind for one in holdings}


def test_an_application_that_is_not_known_holds_nothing() -> None:
    assert holdings_of(cast("Graph", Tenant(is_known=False)), TOKEN, APPLICATION, correlation="c") == ()
    assert _kinds(holdings_of(cast("Graph", Tenant()), TOKEN, APPLICATION, correlation="c")) == {PRINCIPAL}
    assert KEPT not in UNDONE
