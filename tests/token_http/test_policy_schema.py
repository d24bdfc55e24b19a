"""The published schema of a policy document says what the compiler says, as far as a schema can say it."""

import json
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from local.policy import REPORTS_POLICY
from local.world import PARTNER_TENANT
from shared.cloud import PUBLIC
from tests.token_http.samples import CALLER_ID, CONTOSO_ID, HOME_ID, OTHER_ID, document, row
from token_http.policy_document import DOCUMENT_FIELDS, PERMISSION_FIELDS, PolicyDocumentInvalid, compile_document

SCHEMA: dict[str, Any] = json.loads(files("token_http").joinpath("policy.schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


def compiles(content: object, *, home: str = HOME_ID) -> bool:
    try:
        compile_document("policy-1", json.dumps(content), home_tenant=home, cloud=PUBLIC)
    except PolicyDocumentInvalid:
        return False
    return True


def test_the_schema_is_one_and_knows_the_fields_that_the_compiler_knows() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["properties"]) == DOCUMENT_FIELDS
    assert set(SCHEMA["properties"]["permissions"]["items"]["properties"]) == PERMISSION_FIELDS


@pytest.mark.parametrize(
    ("content", "home"),
    [
        ({}, HOME_ID),
        ({"permissions": [row(tenants=[CONTOSO_ID])]}, HOME_ID),
        ({"permissions": [row(tenants=[CONTOSO_ID], caller=None, role="Reports")]}, HOME_ID),
        ({"$schema": "https://broker.example", **json.loads(document(row(name="x")))}, HOME_ID),
        (REPORTS_POLICY, PARTNER_TENANT),
    ],
    ids=["empty", "row", "role", "sample", "local stack"],
)
def test_a_document_that_is_right_pleases_both(content: dict[str, object], home: str) -> None:
    assert VALIDATOR.is_valid(content)
    assert compiles(content, home=home)


def good(**changed: object) -> dict[str, object]:
    """A row that needs no names, and so is right anywhere but for what was changed."""
    return row(**{"tenants": [CONTOSO_ID], **changed})


WRONG: list[Any] = [
    [],
    None,
    {"permisions": []},
    {"description": 7},
    {"$schema": None},
    {"tenants": []},
    {"tenants": None},
    {"tenants": {"": CONTOSO_ID}},
    {"tenants": {"*": CONTOSO_ID}},
    {"tenants": {"Home": CONTOSO_ID}},
    {"tenants": {OTHER_ID.upper(): CONTOSO_ID}},
    {"tenants": {"contoso": "contoso.example"}},
    {"permissions": None},
    {"permissions": {}},
    {"permissions": ["row"]},
    *(
        {"permissions": [changed]}
        for changed in (
            good(caller=None),
            good(role="Reports"),
            {**good(), "role": None},
            {**good(caller=None, role="Reports"), "caller": None},
            good(caller="*"),
            good(caller=None, role=""),
            good(caller=None, role=["Reports"]),
            good(name=7),
            good(scopes=["User.Read"]),
            *(
                good(**{field: value})
                for field in ("consents", "resources")
                for value in (None, [], "partner", [""], [7])
            ),
            good(tenants=[]),
            good(tenants=[""]),
            good(tenants=None),
            good(consents=["Partner"]),
            good(consents=["*"]),
        )
    ),
]


@pytest.mark.parametrize("content", WRONG, ids=[json.dumps(content)[:80] for content in WRONG])
def test_a_document_that_is_wrong_pleases_neither(content: object) -> None:
    """An editor that shows no red line must not mean a policy that is not in force."""
    assert not VALIDATOR.is_valid(content)
    assert not compiles(content)


IDS = st.sampled_from([CALLER_ID, CONTOSO_ID, CONTOSO_ID.upper(), HOME_ID])
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 7, "", "*", "home", "HOME", [], {}, "Partner", f"{CONTOSO_ID}\n", "x" * 61, ["x"]]
)
NAMES = st.sampled_from(["contoso", "Contoso", "northwind", "home", "hOmE", "*", "", "a b", CONTOSO_ID, "\u212a"])
TEXTS = st.lists(st.sampled_from(["partner", "graph", "contoso", "*", "home"]) | IDS | ODD, max_size=3)
ROW = st.fixed_dictionaries(
    {"consents": st.just(["partner"]) | TEXTS, "tenants": TEXTS, "resources": st.just(["graph"]) | TEXTS},
    optional={"caller": IDS | ODD, "role": st.just("Reports") | ODD, "name": st.just("x") | ODD, "more": ODD},
)
DOCUMENT = st.fixed_dictionaries(
    {},
    optional={
        "$schema": st.just("policy.schema.json") | ODD,
        "description": st.just("x") | ODD,
        "tenants": st.dictionaries(NAMES, IDS | ODD, max_size=3) | ODD,
        "permissions": st.lists(ROW | ODD, max_size=2) | ODD,
        "more": ODD,
    },
)


def but_for(place: str, field: str, value: object) -> dict[str, Any]:
    """A document that is right, but perhaps for one field of the document, of its names, or of its row."""
    content: dict[str, Any] = json.loads(document(row()))
    changed = {"document": content, "names": content["tenants"], "row": content["permissions"][0]}[place]
    changed[field] = value
    return content


NEARLY = st.one_of(
    st.builds(but_for, st.just("document"), st.sampled_from(sorted(DOCUMENT_FIELDS)), ODD),
    st.builds(but_for, st.just("names"), NAMES, IDS | ODD),
    st.builds(but_for, st.just("row"), st.sampled_from(sorted(PERMISSION_FIELDS)), IDS | TEXTS | ODD),
)


@settings(deadline=None, max_examples=400)
@given(content=NEARLY | NEARLY | DOCUMENT | ODD)
def test_what_the_compiler_accepts_the_schema_accepts(content: object) -> None:
    """And so, what the schema refuses the compiler refuses."""
    if compiles(content):
        assert list(VALIDATOR.iter_errors(content)) == []
    if not VALIDATOR.is_valid(content):
        assert not compiles(content)
