"""The second look at policy documents: rows that never decide, are too wide, or name what nobody knows."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.cloud import PUBLIC, US_GOVERNMENT, Cloud
from tests.token_http.samples import (
    CALLER_ID,
    CONTOSO_ID,
    HOME_ID,
    NORTHWIND_ID,
    OTHER_ID,
    caller,
    document,
    request,
    row,
)
from token_http.permission import Permission
from token_http.policy import Decision
from token_http.policy_document import compile_document, compile_policy
from token_http.policy_lint import Finding, answer, lint
from token_http.policy_shadows import shadowed
from token_http.refusals import NotPermitted


def look(*texts: str, consents: frozenset[str] | None = None, cloud: Cloud = PUBLIC) -> list[Finding]:
    documents = {f"policy-{number}": text for number, text in enumerate(texts, start=1)}
    return lint(documents, home_tenant=HOME_ID, cloud=cloud, consents=consents)


def places(found: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.kind, finding.place) for finding in found]


def test_a_clean_policy_leaves_nothing_to_say() -> None:
    rows = [
        row(),
        row(tenants=["northwind"]),
        row(caller=OTHER_ID),
        row(caller=None, role="Reports"),
        row(resources=["arm"]),
        row(consents=["backup"]),
        row(tenants=["home"]),
    ]
    assert look(document(*rows), consents=frozenset({"partner", "backup"})) == []
    assert look() == []


@pytest.mark.parametrize(
    "narrow",
    [
        row(),
        row(tenants=[CONTOSO_ID]),
        row(resources=["https://graph.microsoft.com/"]),
        row(caller=CALLER_ID.upper()),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_row_whose_every_token_another_row_allows_is_shadowed(narrow: dict[str, object], *, first: bool) -> None:
    wide = row(
        name="wide", tenants=["contoso", "northwind"], resources=["graph", "arm"], consents=["partner", "backup"]
    )
    narrow = {**narrow, "name": "narrow"}
    rows = [narrow, wide] if first else [wide, narrow]
    (found,) = look(document(*rows))
    assert (found.kind, found.place) == ("shadowed", f"policy-1[{0 if first else 1}] narrow")
    assert f"policy-1[{1 if first else 0}] wide" in found.sentence


def test_of_rows_that_say_the_same_the_later_ones_are_too_many() -> None:
    found = look(document(row(), row()), document(row(tenants=["contoso", "contoso"])))
    assert places(found) == [("shadowed", "policy-1[1]"), ("shadowed", "policy-2[0]")]


@pytest.mark.parametrize(
    "other",
    [
        row(tenants=["northwind"], resources=["graph", "arm"]),
        row(resources=["arm"], tenants=["contoso", "northwind"]),
        row(consents=["backup"], tenants=["contoso", "northwind"]),
        row(caller=OTHER_ID, tenants=["contoso", "northwind"]),
        row(caller=None, role="Reports", tenants=["contoso", "northwind"]),
    ],
)
def test_a_row_that_alone_allows_something_is_not_shadowed(other: dict[str, object]) -> None:
    assert look(document(row(), other)) == []


def test_beside_any_customer_an_id_or_a_name_says_nothing_new_and_home_does() -> None:
    wide = row(tenants=["*"])
    for tenants, is_shadowed in (([CONTOSO_ID], True), (["contoso"], True), (["home"], False), (["*"], True)):
        found = places(look(document(wide, row(tenants=tenants))))
        assert (("shadowed", "policy-1[1]") in found) == is_shadowed, tenants
        assert ("shadowed", "policy-1[0]") not in found


@pytest.mark.parametrize(
    ("who", "named"), [({}, "this caller"), ({"caller": None, "role": "Reports"}, "role Reports")], ids=["row", "role"]
)
def test_a_row_for_any_customer_is_too_wide(who: dict[str, object], named: str) -> None:
    (found,) = look(document(row(tenants=["*"], name="all", **who)))
    assert (found.kind, found.place) == ("too wide", "policy-1[0] all")
    assert named in found.sentence


@pytest.mark.parametrize("resource", ["grpah", "graph.microsoft.com", "http://graph.microsoft.com", "https://a b"])
def test_a_resource_that_no_request_can_name_is_unknown(resource: str) -> None:
    (found,) = look(document(row(resources=["graph", resource])))
    assert (found.kind, found.place) == ("unknown", "policy-1[0]")
    assert resource in found.sentence


@pytest.mark.parametrize("resource", [*PUBLIC.resources, "https://api.example.com/", "api://x", OTHER_ID.upper()])
def test_a_resource_that_a_request_can_name_is_known(resource: str) -> None:
    assert look(document(row(resources=[resource]))) == []
    # Azure DevOps is in the public cloud alone.
    if resource in US_GOVERNMENT.resources or resource not in PUBLIC.resources:
        assert look(document(row(resources=[resource])), cloud=US_GOVERNMENT) == []


def test_every_host_of_sharepoint_is_said_to_be_administration_and_onedrive_too() -> None:
    for cloud, domain in ((PUBLIC, "sharepoint.com"), (US_GOVERNMENT, "sharepoint.us")):
        (found,) = look(document(row(resources=["graph", f"https://*.{domain}"])), cloud=cloud)
        assert (found.kind, found.place) == ("advice", "policy-1[0]")
        assert f"-admin.{domain}" in found.sentence
        assert f"-my.{domain}" in found.sentence
    assert look(document(row(resources=["https://contoso.sharepoint.com"]))) == []


def test_a_consent_that_is_not_there_is_unknown_where_it_is_said_which_are() -> None:
    text = document(row(consents=["partner", "bakcup"]))
    assert look(text) == []
    (found,) = look(text, consents=frozenset({"partner", "backup"}))
    assert (found.kind, found.place) == ("unknown", "policy-1[0]")
    assert "bakcup" in found.sentence


def test_an_invalid_document_is_said_first_and_the_others_are_looked_at_all_the_same() -> None:
    found = look(document(row(tenants=["*"])), "{", document(row(tenants=["tailspin"])))
    assert places(found) == [("invalid", "policy-2"), ("invalid", "policy-3"), ("too wide", "policy-1[0]")]
    assert "tailspin" not in str(found[1])


def test_a_finding_reads_as_place_kind_and_sentence() -> None:
    (found,) = look("{")
    assert str(found) == "policy-1: invalid: policy-1 is not JSON at line 1, column 2."


class Counted(frozenset[Any]):
    """A set that counts how often anybody looks into it."""

    looks = 0

    def __iter__(self) -> Iterator[Any]:
        type(self).looks += 1
        return super().__iter__()

    def __ge__(self, other: object) -> bool:
        type(self).looks += 1
        return super().__ge__(other)  # type: ignore[operator]  # as frozenset has it


@pytest.mark.parametrize("field", ["consents", "resources"])
def test_each_row_is_looked_into_as_often_however_many_there_are(field: str) -> None:
    """Sixty kilobytes of rows that differ in one name: nobody compares each of them with every other."""
    permissions = compile_document(
        "policy-1", document(*[row(consents=[f"c{n}"]) for n in range(500)]), home_tenant=HOME_ID, cloud=PUBLIC
    )
    Counted.looks = 0
    if field == "consents":
        counted = [replace(one, consents=Counted(one.consents)) for one in permissions]
    else:
        counted = [replace(one, resources=Counted(one.resources)) for one in permissions]
    assert list(shadowed(counted)) == []
    assert Counted.looks <= 4 * len(counted)


def test_a_long_name_is_not_repeated_whole_with_every_finding() -> None:
    found = look(document(row(name="n" * 20_000, resources=[f"unknown {number}" for number in range(100)])))
    assert len(found) == 100
    assert all(len(str(finding)) < 400 for finding in found)


def test_of_thousands_of_findings_a_thousand_are_told_and_the_others_counted() -> None:
    text = document(row(resources=[f"unknown {number}" for number in range(1_200)]))
    told = answer({"policy-1": text}, home_tenant=HOME_ID, cloud=PUBLIC)
    assert (told["valid"], len(told["findings"]), told["omitted"]) == (True, 1_000, 200)
    assert "omitted" not in answer({"policy-1": document(row())}, home_tenant=HOME_ID, cloud=PUBLIC)


def test_a_small_document_that_would_be_millions_of_pairs_is_invalid() -> None:
    many = [f"c{number}" for number in range(1_500)]
    (found, *_) = look(document(row(consents=many, resources=many)))
    assert (found.kind, found.place) == ("invalid", "policy-1")
    assert "2250000 pairs" in found.sentence
    pairs = [row(consents=many[:100], resources=many[:100]), row(consents=many[:100], resources=many[100:200])]
    assert not [one for one in look(document(*pairs)) if one.kind == "invalid"]
    assert [one for one in look(document(*pairs, row())) if one.kind == "invalid"]


# What the policy says to any request, with and without a row.
TENANTS = {"contoso": CONTOSO_ID, "northwind": NORTHWIND_ID}
ASKED = [
    (caller(who, *roles), request(tenant, resource))
    for who, roles in ((CALLER_ID, ()), (OTHER_ID, ("Reports",)))
    for tenant in ("contoso", "northwind", "home", CONTOSO_ID, NORTHWIND_ID, HOME_ID, OTHER_ID)
    for resource in ("graph", "arm")
]
SOME_ROW = st.builds(
    lambda who, tenants, resources: row(**who, tenants=tenants, resources=resources),
    st.sampled_from([{}, {"caller": None, "role": "Reports"}]),
    st.lists(st.sampled_from(["contoso", CONTOSO_ID, "northwind", "home", "*"]), min_size=1, max_size=3, unique=True),
    st.lists(st.sampled_from(["graph", "arm"]), min_size=1, unique=True),
)


def decide(rows: list[dict[str, object]]) -> list[str | None]:
    policy = compile_policy({"policy-1": document(*rows)}, home_tenant=HOME_ID, cloud=PUBLIC)

    def tenant_of(index: int) -> str | None:
        try:
            decision: Decision = policy.check(*ASKED[index], own=HOME_ID)
        except NotPermitted:
            return None
        return decision.tenant_id

    return [tenant_of(index) for index in range(len(ASKED))]


@settings(deadline=None, max_examples=100)
@given(rows=st.lists(SOME_ROW, min_size=2, max_size=4))
def test_taking_the_shadowed_rows_away_changes_no_decision(rows: list[dict[str, object]]) -> None:
    found = {place for kind, place in places(look(document(*rows))) if kind == "shadowed"}
    kept = [row for index, row in enumerate(rows) if f"policy-1[{index}]" not in found]
    assert decide(kept) == decide(rows)
    for one, other in itertools.permutations(range(len(kept)), 2):
        alone = decide([kept[one]])
        beside = decide([kept[other]])
        covered = all(said is None or said == also for said, also in zip(alone, beside, strict=True))
        assert not covered, "a row whose every token one other row allows is found"


@settings(deadline=None, max_examples=200)
@given(rows=st.lists(SOME_ROW, max_size=8))
def test_what_shadows_a_row_is_the_first_row_that_covers_it_and_is_not_the_later_of_two_alike(
    rows: list[dict[str, object]],
) -> None:
    permissions = compile_document("policy-1", document(*rows), home_tenant=HOME_ID, cloud=PUBLIC)
    assert [(row.name, other.name) for row, other in shadowed(permissions)] == [
        (row.name, other.name)
        for number, row in enumerate(permissions)
        if (other := _shadow_of(number, permissions)) is not None
    ]


def _shadow_of(number: int, rows: Sequence[Permission]) -> Permission | None:
    """By comparing it with each of the others, as the words have it."""
    row = rows[number]
    for other_number, other in enumerate(rows):
        alike = _covers(row, other) and _covers(other, row)
        if other_number != number and _covers(other, row) and not (alike and other_number > number):
            return other
    return None


def _covers(wide: Permission, narrow: Permission) -> bool:
    named = set() if wide.any_customer else {*narrow.tenants.values()}
    return (
        (wide.caller, wide.role) == (narrow.caller, narrow.role)
        and wide.consents >= narrow.consents
        and wide.resources >= narrow.resources
        and {*wide.tenants.values()} >= named
        and wide.any_customer >= narrow.any_customer
        and wide.home >= narrow.home
    )
