"""What ends a run: the certain at once, the doubtful once three customers have met it, one customer alone never."""

from dataclasses import replace

import pytest

from customers_timer.bounds import MOST_ALIKE, MOST_TROUBLES, MOST_UNANSWERED, Bounds
from customers_timer.target import Part, Target
from shared.consents.consent import Person
from shared.customers.result import WORKS, Result
from shared.entra.authority_errors import ErrorAnswer, judge
from shared.entra.place import Place
from shared.entra.whose_fault import APPLICATION, CUSTOMER, NOBODY
from shared.errors import BrokerError, IdentityUnavailable
from tests.customers_timer.scene import ARM, DAY, GRAPH, HOME, NOON, tenant

PERSON = Person(tenant_id=HOME, object_id="person", username="ada")


@pytest.fixture
def bounds() -> Bounds:
    return Bounds(until=NOON + DAY)


def target(number: int = 1, *, consent: str = "partner", resource: str = GRAPH) -> Target:
    part = Part(consent=consent, lineage="l1", person=PERSON, refresh_token="refresh")
    return Target(
        part=part, tenant_id=tenant(number), customer="x", domain="", resource=resource, named=resource, before=None
    )


def result(one: Target, outcome: str, whose: str) -> Result:
    return Result(
        consent=one.part.consent,
        tenant_id=one.tenant_id,
        resource=one.resource,
        customer="x",
        first_on=NOON,
        tried_on=NOON,
        good_on=None,
        outcome=outcome,
        number=None,
        whose=whose,
        since=NOON,
    )


def said(error: str, code: int) -> BrokerError:
    return judge(ErrorAnswer(tenant_id=tenant(1), error=error, codes=(code,)), Place.CUSTOMER)


def test_a_refused_credential_ends_all_at_once(bounds: Bounds) -> None:
    bounds.failed("partner", said("invalid_client", 7000222))
    assert bounds.stops(target())
    assert bounds.stops(target(consent="other"))
    assert bounds.reasons == {"application_misconfigured"}


def test_a_dead_consent_and_a_refused_account_end_their_own_part_at_once(bounds: Bounds) -> None:
    bounds.failed("partner", said("invalid_grant", 700082))
    bounds.failed("second", said("invalid_grant", 53011))
    stopped = [name for name in ("partner", "second", "third") if bounds.stops(target(consent=name))]
    assert stopped == ["partner", "second"]


def test_what_may_be_the_applications_own_ends_one_resource_of_one_consent_once_three_have_met_it(
    bounds: Bounds,
) -> None:
    for number in range(MOST_ALIKE):
        assert not bounds.stops(target(99))
        bounds.judged(target(number), result(target(number), "application_refused", APPLICATION))
    assert bounds.stops(target(99))
    assert not bounds.stops(target(99, resource=ARM))
    assert not bounds.stops(target(99, consent="other"))
    assert bounds.reasons == {"application_refused"}


@pytest.mark.parametrize(("outcome", "whose"), [(WORKS, NOBODY), ("delegated_rights_missing", CUSTOMER)])
def test_one_customer_who_is_answered_shows_that_it_is_not(bounds: Bounds, outcome: str, whose: str) -> None:
    bounds.judged(target(50), result(target(50), outcome, whose))
    for number in range(10):
        bounds.judged(target(number), result(target(number), "application_refused", APPLICATION))
    assert not bounds.stops(target(99))
    assert bounds.reasons == set()


def test_silence_ends_the_tenant_and_fifty_in_a_row_the_run(bounds: Bounds) -> None:
    for number in range(MOST_UNANSWERED):
        assert not bounds.stops(target(99))
        silent = replace(result(target(number), WORKS, NOBODY), unanswered_since=NOON)
        bounds.judged(target(number), silent)
        assert bounds.stops(target(number, resource=ARM))
    assert bounds.stops(target(99))


def test_an_answer_in_between_begins_the_count_anew(bounds: Bounds) -> None:
    for number in range(2 * MOST_UNANSWERED):
        one = result(target(number), WORKS, NOBODY)
        bounds.judged(target(number), one if number % 49 == 0 else replace(one, unanswered_since=NOON))
    assert not bounds.stops(target(9999))


def test_trouble_of_the_broker_itself_ends_the_run_after_ten_in_a_row(bounds: Bounds) -> None:
    for _ in range(MOST_TROUBLES):
        assert not bounds.stops(target())
        bounds.failed("partner", IdentityUnavailable())
    assert bounds.stops(target())
