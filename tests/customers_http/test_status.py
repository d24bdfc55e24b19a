"""At a glance: credential, consents, what does not work by cause with its remedy, what is new, and the last run."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from customers_http.status import Status
from customers_http.status_question import PAGE, Question, read_question
from shared.clock import to_text
from shared.consents.application_health import ApplicationHealth
from shared.consents.consent import Consent, Person, Renewal
from shared.consents.health import Health
from shared.consents.store import ConsentStore
from shared.customers.exclusions import Exclusion, Exclusions
from shared.customers.result import WORKS, Result
from shared.customers.results import NewCustomer, Results
from shared.customers.worries import Ending, PersonSeen, Worries
from shared.entra.application_credential import Proof
from shared.entra.whose_fault import CUSTOMER, NOBODY
from shared.errors import InvalidRequest, kind_of
from tests.fakes.fixed_credential import FixedCredential
from tests.fakes.memory_rows import MemoryRows
from tests.fakes.memory_vault import MemoryVault

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
GRAPH = "https://graph.microsoft.com"


def tenant(number: int) -> str:
    return f"bbbb0000-0000-4000-8000-{number:012}"


class EndingCredential(FixedCredential):
    """A certificate with 20 days left."""

    def in_use(self) -> Proof:
        return replace(self.proofs()[0], expires_on=NOON + 20 * DAY)


class Desk:
    """What a status is read from."""

    def __init__(self) -> None:
        self.rows = MemoryRows()
        self.results = Results(self.rows)
        self.store = ConsentStore(MemoryVault())
        self.give("partner")
        credential = EndingCredential(["secret"], kind="certificate")
        self.worries = Worries(self.rows)
        self.status = Status(
            store=self.store,
            credential=credential,
            results=self.results,
            worries=self.worries,
            exclusions=Exclusions(self.rows),
            clock=lambda: NOON,
        )

    def give(self, name: str, *, renewed_on: datetime = NOON) -> None:
        person = Person(tenant_id=tenant(0), object_id="person", username="ada@partner.example")
        consent = Consent(
            name=name,
            lineage=f"l-{name}",
            refresh_token="refresh-token",
            person=person,
            scope="scope/x",
            mfa="yes",
            link_id="link",
            consented_on=NOON,
        )
        self.store.store_consent(consent)
        health = Health(lineage=consent.lineage, renewed_on=renewed_on, proven_on=NOON)
        self.store.store_renewal(name, Renewal(lineage=consent.lineage, refresh_token="newer"), health, over=None)

    def keep(self, number: int, code: str = WORKS, *, consent: str = "partner", said: int | None = None) -> Result:
        result = Result(
            consent=consent,
            tenant_id=tenant(number),
            resource=GRAPH,
            customer=f"Customer {number:05}",
            first_on=NOON,
            tried_on=NOON,
            good_on=NOON - DAY,
            outcome=code,
            number=said,
            whose=NOBODY if code == WORKS else CUSTOMER,
            since=NOON - number * DAY,
        )
        self.results.put(result, now=NOON)
        return result


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_credential_and_consents_are_told_with_the_days_they_have_left(desk: Desk) -> None:
    desk.give("second", renewed_on=NOON - 80 * DAY)
    desk.store.mark_application(ApplicationHealth(status="misconfigured", error="application_misconfigured"))
    told = desk.status.answer(Question())
    assert told["application"]["days_left"] == 20
    assert (told["application"]["status"], told["application"]["credential"]) == ("misconfigured", "certificate")
    assert "credential" in told["application"]["remedy"]
    days = [(one["name"], one["status"], one["days_left"]) for one in told["consents"]]
    assert days == [("second", "ok", 10), ("partner", "ok", 90)]


def test_who_does_not_work_is_grouped_by_cause_with_its_remedy(desk: Desk) -> None:
    desk.keep(1)
    desk.keep(2, "application_not_consented", said=65001)
    for number in (3, 4):
        desk.keep(number, "delegated_rights_missing", said=530004)
    failing = desk.status.answer(Question())["failing"]
    told = [(one["cause"], one["authority_code"], one["whose"], len(one["customers"])) for one in failing]
    assert told == [
        ("delegated_rights_missing", 530004, CUSTOMER, 2),
        ("application_not_consented", 65001, CUSTOMER, 1),
    ]
    error = kind_of("delegated_rights_missing")
    assert error is not None
    assert (failing[0]["says"], failing[0]["remedy"]) == (error.says, error.remedy)
    # The longest first.
    assert [one["name"] for one in failing[0]["customers"]] == ["Customer 00004", "Customer 00003"]


def test_the_remedy_has_what_a_number_says_beyond(desk: Desk) -> None:
    desk.keep(1, "delegated_rights_missing", said=90072)
    (cause,) = desk.status.answer(Question())["failing"]
    assert cause["remedy"].startswith("The person's account is not in that tenant;")


def test_a_customer_that_nobody_answers_for_is_told_as_such(desk: Desk) -> None:
    good = desk.keep(1)
    silent = replace(good, unanswered_since=NOON - 2 * DAY)
    desk.results.put(silent, now=NOON)
    (cause,) = desk.status.answer(Question())["failing"]
    assert (cause["cause"], cause["whose"]) == ("authority_unavailable", "later")
    assert cause["customers"][0]["unanswered_since"] == "2026-02-27T12:00:00+00:00"


def test_what_works_is_told_when_all_is_asked_for(desk: Desk) -> None:
    desk.keep(1)
    desk.keep(2, "delegated_rights_missing")
    assert desk.status.answer(Question())["works"] == []
    told = desk.status.answer(Question(all=True))
    assert [one["name"] for one in told["works"]] == ["Customer 00001"]
    assert [one["name"] for one in told["failing"][0]["customers"]] == ["Customer 00002"]


@pytest.mark.parametrize("asked", [tenant(2), "customer 00002", "00002"])
def test_one_customer_is_found_by_tenant_or_by_name(desk: Desk, asked: str) -> None:
    for number in (1, 2, 3):
        desk.keep(number)
    told = desk.status.answer(Question(customer=asked))
    assert [one["tenant"] for one in told["works"]] == [tenant(2)]


@pytest.mark.parametrize("every", [True, False])
def test_pages_are_bounded_and_the_next_goes_on_where_one_ended(desk: Desk, *, every: bool) -> None:
    desk.give("other")
    many = PAGE - 10
    for number in range(many):
        desk.keep(number, "delegated_rights_missing")
        desk.keep(number, "delegated_rights_missing", consent="other")
    seen: list[tuple[str, str]] = []
    question = Question(all=every)
    for expected in (PAGE, 2 * many - PAGE):
        told = desk.status.answer(question)
        page = [(one["consent"], one["tenant"]) for cause in told["failing"] for one in cause["customers"]]
        assert len(page) == expected
        seen += page
        question = Question(all=every, after=told["next"] or "")
    assert question.after == ""
    assert len(set(seen)) == len(seen) == 2 * many


def test_what_was_known_by_a_withdrawn_consent_is_not_told(desk: Desk) -> None:
    desk.keep(1, "delegated_rights_missing")
    desk.results.add_new(NewCustomer(consent="partner", tenant_id=tenant(1), customer="x", first_on=NOON))
    desk.store.withdraw("partner", by="operator", on=NOON)
    assert desk.status.answer(Question())["failing"] == []
    told = desk.status.answer(Question(all=True))
    assert (told["failing"], told["works"], told["new"]) == ([], [], [])
    assert [one["status"] for one in told["consents"]] == ["withdrawn"]


def test_new_customers_and_the_last_run_are_told(desk: Desk) -> None:
    desk.results.add_new(NewCustomer(consent="partner", tenant_id=tenant(9), customer="Nine", first_on=NOON - DAY))
    desk.results.put_run(NOON, {"works": 3})
    told = desk.status.answer(Question())
    assert told["new"] == [
        {"consent": "partner", "tenant": tenant(9), "name": "Nine", "since": "2026-02-28T12:00:00+00:00"}
    ]
    assert told["last_run"] == {"works": 3}


def test_without_the_tables_the_rest_is_told_all_the_same(desk: Desk) -> None:
    desk.rows.away = True
    told = desk.status.answer(Question())
    assert [one["name"] for one in told["consents"]] == ["partner"]
    assert (told["unavailable"]["error"], told["failing"], told["last_run"]) == ("results_unavailable", [], None)


def test_looking_exchanges_nothing_and_shows_no_token(desk: Desk) -> None:
    desk.keep(1)
    assert "refresh-token" not in repr(desk.status.answer(Question(all=True)))


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"customer": "x" * 101}, "customer:"),
        ({"customer": "a\nb"}, "customer:"),
        ({"all": "yes"}, "all:"),
        ({"after": "a/b"}, "after:"),
        ({"page": "2"}, "Unknown parameter"),
    ],
)
def test_a_question_that_cannot_be_understood_is_refused_by_name(parameters: dict[str, str], named: str) -> None:
    with pytest.raises(InvalidRequest, match=named):
        read_question(parameters)


def test_a_question_is_read_in_any_case() -> None:
    question = read_question({"customer": " Contoso ", "all": "1", "after": "partner_x"})
    assert question == Question(customer="contoso", all=True, after="partner_x")


def test_a_delegation_near_its_end_and_one_that_is_over_are_told_with_what_to_do(desk: Desk) -> None:
    soon = Ending(
        tenant_id=tenant(1),
        customer="Contoso",
        status="active",
        ends=NOON + 6.5 * DAY,
        told=7,
        told_on=NOON - DAY,
    )
    over = replace(soon, tenant_id=tenant(2), status="terminated", told=0)
    long_over = replace(over, tenant_id=tenant(3), told_on=NOON - 40 * DAY)
    for one in (soon, over, long_over):
        desk.worries.put_ending(one)
    told = desk.status.answer(Question())["ending"]
    assert [(one["tenant"], one["status"], one["days_left"]) for one in told] == [
        (tenant(2), "terminated", 0),
        (tenant(1), "active", 6),
    ]
    assert told[0]["act"] == {"name": "customer.relationship", "parameters": {"tenant": tenant(2)}}


@pytest.mark.parametrize(
    ("mfa", "roleless", "act"),
    [
        ("missing", 0, "consent.link"),
        ("no", 3, "consent.link"),
        ("yes", 1, "customer.relationship"),
        ("unknown", 0, None),
    ],
)
def test_of_each_persons_consent_it_says_whether_mfa_and_roles_are_there(
    desk: Desk, mfa: str, roleless: int, act: str | None
) -> None:
    seen = PersonSeen(consent="partner", looked_on=NOON, mfa=mfa, roleless={}, roleless_count=roleless)
    desk.worries.put_person(seen)
    desk.worries.put_person(replace(seen, consent="withdrawn-long-ago"))
    (told,) = desk.status.answer(Question())["persons"]
    assert (told["consent"], told["mfa"], told["act"]["name"] if told["act"] else None) == ("partner", mfa, act)


def test_why_roles_cannot_be_seen_is_told_with_what_mends_it(desk: Desk) -> None:
    seen = PersonSeen(consent="partner", looked_on=NOON, mfa="yes", unseen="relationships_unseen", roleless={})
    desk.worries.put_person(seen)
    (told,) = desk.status.answer(Question())["persons"]
    assert (told["unseen"]["error"], told["act"]) == ("relationships_unseen", None)
    assert "DelegatedAdminRelationship.Read.All" in told["unseen"]["remedy"]


@pytest.mark.parametrize(("hours", "silent"), [(1, False), (26, False), (27, True)])
def test_a_check_that_ended_no_run_for_more_than_a_day_is_told(desk: Desk, hours: int, silent: bool) -> None:  # noqa: FBT001
    ended = NOON - timedelta(hours=hours)
    desk.results.put_run(ended, {"ended_on": to_text(ended)})
    told = desk.status.answer(Question())["check"]
    assert (told["silent"], told["ended_on"], bool(told["remedy"])) == (silent, to_text(ended), silent)


def test_that_no_run_ever_ended_is_no_silence_while_the_consent_is_young(desk: Desk) -> None:
    assert desk.status.answer(Question())["check"]["silent"] is False
    assert desk.results.is_silent(NOON, since=NOON - 2 * DAY) is True
    assert desk.results.is_silent(NOON, since=None) is False


def test_who_is_kept_out_is_told_of_there_alone(desk: Desk) -> None:
    for number in (1, 2):
        desk.keep(number, "customer_tenant_refused")
    out = Exclusion(tenant_id=tenant(1), reason="leaves", until=NOON.date(), by="operator", made_on=NOON)
    desk.status.exclusions.put(out)
    told = desk.status.answer(Question())
    assert [one["tenant"] for cause in told["failing"] for one in cause["customers"]] == [tenant(2)]
    assert [(one["tenant"], one["reason"], one["until"]) for one in told["excluded"]] == [
        (tenant(1), "leaves", "2026-03-01")
    ]
