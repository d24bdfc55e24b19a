"""Consents as they are stored: values come back, newer and damaged ones are refused by name, tokens never show."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.consents.consent import (
    SCHEMA,
    Consent,
    Person,
    Renewal,
    Withdrawal,
    checked_name,
    dump_consent,
    dump_renewal,
    dump_withdrawal,
    new_lineage,
    parse_consent,
    parse_renewal,
)
from shared.consents.errors import ConsentFromNewerVersion
from shared.errors import ConsentUnreadable, InvalidRequest
from tests.shared.samples import NOON, consent

# Half of a surrogate pair included: JSON spells it, and so may come back.
TEXT = st.text(max_size=30) | st.just("\ud800") | st.just('"\\\u2028')
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2300, 1, 1), timezones=ZONES).map(  # noqa: DTZ001 - zones follow
    lambda moment: moment.replace(microsecond=0)
)
PERSONS = st.builds(Person, tenant_id=TEXT, object_id=TEXT, username=TEXT)
CONSENTS = st.builds(
    Consent,
    name=TEXT,
    lineage=TEXT,
    refresh_token=TEXT,
    person=PERSONS,
    scope=TEXT,
    mfa=TEXT,
    link_id=TEXT,
    consented_on=MOMENTS,
)
WITHDRAWALS = st.builds(
    Withdrawal, name=TEXT, lineage=TEXT, withdraws=TEXT, restores=TEXT, withdrawn_on=MOMENTS, withdrawn_by=TEXT
)
SECRET = "1.A-refresh-token"
WITHDRAWAL = Withdrawal(
    name="partner", lineage="w", withdraws="l", restores="v", withdrawn_on=NOON, withdrawn_by="operator"
)


def stored(**changes: Any) -> str:  # noqa: ANN401 - JSON
    fields = {**json.loads(dump_consent(consent("l", refresh_token=SECRET))), **changes}
    return json.dumps({name: value for name, value in fields.items() if value != "absent"})


@settings(max_examples=60, deadline=None)
@given(CONSENTS)
def test_a_consent_comes_back_as_it_was_stored(stored_consent: Consent) -> None:
    assert parse_consent("consent-partner", dump_consent(stored_consent)) == stored_consent


@settings(max_examples=40, deadline=None)
@given(WITHDRAWALS)
def test_a_withdrawal_comes_back_as_it_was_stored(withdrawal: Withdrawal) -> None:
    assert parse_consent("consent-partner", dump_withdrawal(withdrawal)) == withdrawal


@settings(max_examples=40, deadline=None)
@given(st.builds(Renewal, lineage=TEXT, refresh_token=TEXT))
def test_a_renewal_comes_back_as_it_was_stored(renewal: Renewal) -> None:
    assert parse_renewal("renewal-partner", dump_renewal(renewal)) == renewal


def test_moments_are_stored_in_utc() -> None:
    east = consent("l", consented_on=datetime(2026, 3, 1, 14, tzinfo=timezone(timedelta(hours=2))))
    assert json.loads(dump_consent(east))["consented_on"] == "2026-03-01T12:00:00+00:00"
    back = parse_consent("consent-partner", dump_consent(east))
    assert isinstance(back, Consent)
    assert back.consented_on.tzinfo is UTC


@pytest.mark.parametrize("schema", [SCHEMA + 1, 1000])
def test_a_value_of_a_newer_version_is_refused_by_name(schema: int) -> None:
    """Whatever else the newer version changed: its number alone is read."""
    newer = json.dumps({"schema": schema, "kind": "later", "unknown": [1]})
    with pytest.raises(ConsentFromNewerVersion, match=rf"^consent-partner has schema {schema}\.$"):
        parse_consent("consent-partner", newer)
    with pytest.raises(ConsentFromNewerVersion, match=rf"^renewal-partner has schema {schema}\.$"):
        parse_renewal("renewal-partner", newer)


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        SECRET,
        f'"{SECRET}"',
        f'["{SECRET}"]',
        f'{{"schema": 1, "refresh_token": "{SECRET}',
        f'{{"refresh_token": "{SECRET}"}}',
        f'{{"schema": 1, "refresh_token": "{SECRET}"}}',
        stored(schema=None),
        stored(schema="1"),
        stored(schema=SECRET),
        stored(kind="absent"),
        stored(kind=None),
        stored(kind=[SECRET]),
        stored(kind="renewal"),
        stored(kind="withdrawal"),
        stored(kind="something"),
        stored(lineage="absent"),
        stored(lineage=None),
        stored(lineage=[SECRET]),
        stored(refresh_token=None),
        stored(refresh_token={"a": SECRET}),
        stored(unknown=SECRET),
        stored(person=SECRET),
        stored(person=[]),
        stored(person=[["tenant_id", SECRET]]),
        stored(person={}),
        stored(person={"tenant_id": SECRET, "object_id": "o", "username": 1}),
        stored(person={"tenant_id": "t", "object_id": "o", "username": "u", "more": SECRET}),
        stored(consented_on=SECRET),
        stored(consented_on=0),
        stored(consented_on="2026-03-01T12:00:00"),
        stored(consented_on="0001-01-01T00:00:00+14:00"),
        stored(consented_on="9999-12-31T23:59:59+00:00"),
        "[" * 100_000,
        dump_renewal(Renewal(lineage="l", refresh_token=SECRET)),
    ],
)
def test_a_damaged_value_is_refused_by_name_and_never_quoted(damaged: str) -> None:
    with pytest.raises(ConsentUnreadable, match=r"^consent-partner ") as refused:
        parse_consent("consent-partner", damaged)
    assert SECRET not in refused.value.description
    # A cause would put the words of the parser, and so the value, into a log.
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        "null",
        SECRET,
        dump_consent(consent("l", refresh_token=SECRET)),
        json.dumps({"schema": 1, "kind": "renewal", "lineage": "l"}),
        json.dumps({"schema": 1, "kind": "renewal", "lineage": "l", "refresh_token": [SECRET]}),
        json.dumps({"schema": 1, "kind": "renewal", "lineage": "l", "refresh_token": SECRET, "more": ""}),
        json.dumps({"schema": 1, "kind": "consent", "lineage": "l", "refresh_token": SECRET}),
    ],
)
def test_a_damaged_renewal_is_refused_by_name_and_never_quoted(damaged: str) -> None:
    with pytest.raises(ConsentUnreadable, match=r"^renewal-partner ") as refused:
        parse_renewal("renewal-partner", damaged)
    assert SECRET not in refused.value.description


def test_no_repr_shows_a_refresh_token() -> None:
    values = (consent("l", refresh_token=SECRET), Renewal(lineage="l", refresh_token=SECRET))
    assert SECRET not in repr(values)
    assert SECRET not in f"{values[0]} {values[1]!s}"


def test_a_withdrawal_holds_no_token_at_all() -> None:
    assert "token" not in dump_withdrawal(WITHDRAWAL)


@pytest.mark.parametrize("name", ["partner", "a", "0-9", "x" * 60, "-"])
def test_a_name_is_small_letters_digits_and_hyphens(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "x" * 61, "Partner", "a_b", "a.b", "a/b", "..", "a b", "partner\n", "pärtner", "٣"]
)
def test_any_other_name_is_an_invalid_request(name: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^consent: "):
        checked_name(name)


def test_no_two_acts_share_a_lineage() -> None:
    lineages = {new_lineage() for _ in range(200)}
    assert len(lineages) == 200
    assert {len(lineage) for lineage in lineages} == {32}
