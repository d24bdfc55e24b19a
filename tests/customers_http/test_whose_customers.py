"""Whose customers they are: the partner's own, in the name of a person of the partner's own tenant alone."""

from dataclasses import replace
from typing import Any, cast

import pytest

from customers_http.change import Change
from customers_http.customers import Customers
from local.world import CONTOSO
from shared.consents.store import ConsentStore
from shared.errors import InvalidRequest
from shared.settings import read_settings
from tests.consent_http.rig import OPERATOR
from tests.fakes.memory_vault import MemoryVault
from tests.shared.samples import ENVIRONMENT, consent


@pytest.mark.parametrize("asked", ["list", "grant", "remove"])
def test_a_consent_of_another_tenants_person_opens_no_customers_and_reaches_nobody(asked: str) -> None:
    """CONSENT_TENANTS lets other tenants' people consent; their customers, and ours, are none of each other's."""
    store = ConsentStore(MemoryVault())
    given = consent("l1")
    store.store_consent(replace(given, person=replace(given.person, tenant_id=CONTOSO)))
    nobody = cast("Any", None)  # whoever was asked would fail
    settings = read_settings({**ENVIRONMENT, "CONSENT_TENANTS": CONTOSO})
    customers = Customers(settings=settings, authority=nobody, store=store, policy_vault=nobody, partner_center=nobody)
    change = Change(tenant_id=CONTOSO, consent="partner", dry_run=False, operator=OPERATOR, correlation="c")
    acts = {
        "list": lambda: customers.list_all({}, correlation="c"),
        "grant": lambda: customers.grant(change),
        "remove": lambda: customers.remove(change),
    }
    with pytest.raises(InvalidRequest, match="partner's own tenant"):
        acts[asked]()
