"""Tokens and refusals in memory: for how long, and for whom."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.entra.errors import CustomerTenantRefused, NewConsentNeeded
from shared.entra.tokens import AccessToken
from shared.errors import SHORT_RETRY_SECONDS, AuthorityUnavailable, BrokerError
from shared.responses import error_response
from tests.token_http.samples import CALLER_ID, CONTOSO_ID, NOON, NORTHWIND_ID, OTHER_ID, HandClock
from token_http.token_cache import (
    LEAST_LIFETIME,
    LONGEST_REFUSAL_SECONDS,
    REFRESH_AHEAD,
    REFRESH_SPREAD,
    REFUSAL_SECONDS,
    REFUSALS_KEPT,
    TOKENS_KEPT,
    TokenCache,
    TokenKey,
    token_key,
)

SCOPE = "https://graph.microsoft.com/.default"
KEY = token_key("l1", CONTOSO_ID, SCOPE)
HOUR = timedelta(hours=1)


def token(lifetime: timedelta = HOUR) -> AccessToken:
    return AccessToken(token="access-token", expires_on=NOON + lifetime, scope=SCOPE, tenant_id=CONTOSO_ID)


@given(
    lives=st.timedeltas(timedelta(), timedelta(hours=2)),
    passed=st.timedeltas(timedelta(), timedelta(hours=3)),
    wanted=st.timedeltas(timedelta(seconds=1), timedelta(hours=2)),
)
def test_a_token_is_served_exactly_while_it_lives_as_long_as_wanted(
    lives: timedelta, passed: timedelta, wanted: timedelta
) -> None:
    clock = HandClock()
    cache = TokenCache(clock)
    cache.keep(KEY, token(lives), owner=CALLER_ID)
    clock.now += passed
    assert (cache.token(KEY, lifetime=wanted) is not None) == (lives - passed >= wanted)


@given(passed=st.timedeltas(timedelta(), timedelta(minutes=59)))
def test_the_next_token_is_wanted_ten_to_fifteen_minutes_before_the_end(passed: timedelta) -> None:
    clock = HandClock()
    cache = TokenCache(clock)
    cache.keep(KEY, token(), owner=CALLER_ID)
    clock.now += passed
    if passed < HOUR - REFRESH_AHEAD - REFRESH_SPREAD:
        assert not cache.wants_refresh(KEY)
    if passed >= HOUR - REFRESH_AHEAD:
        assert cache.wants_refresh(KEY)


def test_the_window_of_refresh_opens_before_a_token_is_too_old_to_serve() -> None:
    assert REFRESH_AHEAD > LEAST_LIFETIME


def test_nothing_kept_wants_no_refresh() -> None:
    assert not TokenCache(HandClock()).wants_refresh(KEY)


@pytest.mark.parametrize(
    "other",
    [
        token_key("l2", CONTOSO_ID, SCOPE),
        token_key("l1", NORTHWIND_ID, SCOPE),
        token_key("l1", CONTOSO_ID, "https://management.azure.com/.default"),
        token_key("l1", CONTOSO_ID, SCOPE, claims='{"access_token":{}}'),
        token_key("l1", CONTOSO_ID, SCOPE, own=CALLER_ID),
    ],
    ids=["lineage", "tenant", "scope", "claims", "own"],
)
def test_a_token_is_never_served_under_another_key(other: TokenKey) -> None:
    cache = TokenCache(HandClock())
    cache.keep(KEY, token(), owner=CALLER_ID)
    cache.keep_refusal(KEY, NewConsentNeeded(), owner=CALLER_ID)
    assert cache.token(other, lifetime=timedelta()) is None
    assert cache.refusal(other) is None


def test_claims_are_told_apart_and_not_kept_in_the_key() -> None:
    first, second = (token_key("l1", CONTOSO_ID, SCOPE, claims=claims) for claims in ('{"a":1}', '{"a":2}'))
    assert first != second
    assert '{"a"' not in repr(first)


def test_the_cache_is_bounded() -> None:
    """Whoever asks for very many tenants costs speed, and no memory without end."""
    cache = TokenCache(HandClock())
    keys = [token_key("l1", f"tenant-{number}", SCOPE) for number in range(TOKENS_KEPT + 10)]
    for key in keys:
        cache.keep(key, token(), owner=CALLER_ID)
    assert sum(cache.token(key, lifetime=timedelta()) is not None for key in keys) == TOKENS_KEPT
    assert cache.token(keys[-1], lifetime=timedelta()) is not None


def test_the_memory_of_refusals_is_bounded() -> None:
    cache = TokenCache(HandClock())
    keys = [token_key("l1", f"tenant-{number}", SCOPE) for number in range(REFUSALS_KEPT + 10)]
    for key in keys:
        cache.keep_refusal(key, CustomerTenantRefused(), owner=CALLER_ID)
    assert sum(cache.refusal(key) is not None for key in keys) == REFUSALS_KEPT


@pytest.mark.parametrize(
    ("retry_after", "remembered"),
    [(None, SHORT_RETRY_SECONDS), (7, 7), (120, 120), (86_400, LONGEST_REFUSAL_SECONDS)],
)
def test_a_refusal_is_remembered_for_as_long_as_the_authority_asks_within_bounds(
    retry_after: int | None, remembered: int
) -> None:
    clock = HandClock()
    cache = TokenCache(clock)
    cache.keep_refusal(KEY, AuthorityUnavailable(retry_after=retry_after), owner=CALLER_ID)
    clock.move(seconds=remembered - 1)
    assert isinstance(cache.refusal(KEY), AuthorityUnavailable)
    clock.move(seconds=1)
    assert cache.refusal(KEY) is None


@pytest.mark.parametrize("refusal", [CustomerTenantRefused, NewConsentNeeded])
def test_a_refusal_that_does_not_pass_by_itself_is_remembered_longer(refusal: type[BrokerError]) -> None:
    clock = HandClock()
    cache = TokenCache(clock)
    cache.keep_refusal(KEY, refusal(), owner=CALLER_ID)
    clock.move(seconds=REFUSAL_SECONDS - 1)
    assert isinstance(cache.refusal(KEY), refusal)
    clock.move(seconds=1)
    assert cache.refusal(KEY) is None


def test_what_passes_by_itself_is_remembered_no_longer_than_its_caller_is_asked_to_wait() -> None:
    """Whoever comes back at the time in Retry-After must meet the authority and not a memory."""
    told = error_response(AuthorityUnavailable(), "correlation").headers["Retry-After"]
    clock = HandClock()
    cache = TokenCache(clock)
    cache.keep_refusal(KEY, AuthorityUnavailable(), owner=CALLER_ID)
    clock.move(seconds=int(told))
    assert cache.refusal(KEY) is None


@given(lives=st.timedeltas(timedelta(minutes=2), timedelta(hours=2)))
def test_in_the_first_half_of_its_life_no_token_wants_another(lives: timedelta) -> None:
    """A token may be made to live for ten minutes, which is all within the usual window."""
    clock = HandClock()
    cache = TokenCache(clock)
    cache.keep(KEY, token(lives), owner=CALLER_ID)
    clock.now += lives / 2 - timedelta(seconds=1)
    assert not cache.wants_refresh(KEY)


@given(age=st.timedeltas(timedelta(), timedelta(minutes=30)), most=st.timedeltas(timedelta(), timedelta(minutes=30)))
def test_a_token_is_fresh_for_as_long_as_wanted_and_no_longer(age: timedelta, most: timedelta) -> None:
    clock = HandClock()
    cache = TokenCache(clock)
    cache.keep(KEY, token(), owner=CALLER_ID)
    clock.now += age
    assert (cache.token(KEY, lifetime=timedelta(), younger_than=most) is not None) == (age < most)


def test_who_fills_the_cache_loses_tokens_of_its_own_and_nobody_elses() -> None:
    cache = TokenCache(HandClock(), tokens=20, refusals=20)
    mine = [token_key("l1", f"tenant-{number}", SCOPE) for number in range(10)]
    for key in mine:
        cache.keep(key, token(), owner=CALLER_ID)
        cache.keep_refusal(key._replace(scope="other"), CustomerTenantRefused(), owner=CALLER_ID)
    for number in range(500):
        made_up = token_key("l1", CONTOSO_ID, f"{SCOPE}{number}")
        cache.keep(made_up, token(), owner=OTHER_ID)
        cache.keep_refusal(made_up, CustomerTenantRefused(), owner=OTHER_ID)
    assert all(cache.token(key, lifetime=timedelta()) for key in mine)
    assert all(cache.refusal(key._replace(scope="other")) for key in mine)


def test_a_remembered_refusal_keeps_what_it_said_and_not_where_it_came_from() -> None:
    cache = TokenCache(HandClock())
    with pytest.raises(NewConsentNeeded) as raised:
        raise NewConsentNeeded("Its name is partner.", authority_code=50173)
    cache.keep_refusal(KEY, raised.value, owner=CALLER_ID)
    kept = cache.refusal(KEY)
    assert kept is not None
    assert (kept.detail, kept.authority_code, kept.__traceback__) == ("Its name is partner.", 50173, None)


def test_a_token_ends_the_memory_of_a_refusal() -> None:
    cache = TokenCache(HandClock())
    cache.keep_refusal(KEY, CustomerTenantRefused(), owner=CALLER_ID)
    cache.keep(KEY, token(), owner=CALLER_ID)
    assert cache.refusal(KEY) is None
