"""How commands end: one code for each kind of failure, and one for a batch of them."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partner_token.exit_codes import AWAY, DONE, NOT_ALLOWED, PERSON, USAGE, of_batch, of_outcome, of_refusal
from scripts.tables import every_error
from shared.errors import BrokerError, InvalidRequest, NotAuthenticated, NotAuthorized, Unavailable


def code_of(kind: type[BrokerError]) -> int:
    return of_refusal(code=kind.code, status=kind.status, transient=kind.transient)


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.code)
def test_every_error_of_the_broker_has_its_kind_of_end(kind: type[BrokerError]) -> None:
    if issubclass(kind, NotAuthenticated | NotAuthorized) or kind.status == httpx.codes.UNAUTHORIZED:
        assert code_of(kind) == NOT_ALLOWED
    elif kind is InvalidRequest:
        assert code_of(kind) == USAGE
    else:
        assert code_of(kind) == (AWAY if kind.transient else PERSON)


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.code)
def test_a_row_of_a_batch_tells_by_its_act_whether_it_may_work_later(kind: type[BrokerError]) -> None:
    assert (of_outcome(kind.act.name) == AWAY) is kind.transient


def test_nobody_who_answers_is_away() -> None:
    assert of_refusal(code="", status=None, transient=True) == AWAY
    assert issubclass(Unavailable, BrokerError)


@given(st.lists(st.sampled_from([PERSON, USAGE, AWAY, NOT_ALLOWED])))
def test_a_batch_is_one_unless_every_failure_is_three_or_four(failures: list[int]) -> None:
    if not failures:
        assert of_batch(failures) == DONE
    elif set(failures) <= {AWAY, NOT_ALLOWED}:
        assert of_batch(failures) == max(failures)
    else:
        assert of_batch(failures) == PERSON
