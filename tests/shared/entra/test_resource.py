"""Resources and scopes: short names, the double slash, one scope at a time, and no two spellings of one name."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.cloud import PUBLIC
from shared.entra.resource import DEFAULT_SCOPE, Scope
from shared.errors import InvalidRequest

TEAMS = "48ac35b8-9aa8-4d74-927d-1f4a14a0b239"
LABEL = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789.-_~", min_size=1, max_size=20)
RESOURCES = st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(["https", "api"]),
    st.from_regex(r"[a-zA-Z0-9.-]{1,30}", fullmatch=True),
    st.lists(LABEL, max_size=3).map(lambda parts: "".join(f"/{part}" for part in parts)),
    st.sampled_from(["", "/"]),
)


@pytest.mark.parametrize(
    ("resource", "scope"),
    [
        ("graph", "https://graph.microsoft.com/.default"),
        ("Graph", "https://graph.microsoft.com/.default"),
        ("arm", "https://management.azure.com/.default"),
        ("https://management.azure.com", "https://management.azure.com/.default"),
        ("https://management.azure.com/", "https://management.azure.com//.default"),
        ("teams", f"{TEAMS}/.default"),
        (TEAMS.upper(), f"{TEAMS}/.default"),
        ("api://my-api/v1", "api://my-api/v1/.default"),
    ],
)
def test_a_resource_is_asked_for_by_its_default_scope(resource: str, scope: str) -> None:
    assert str(Scope.of_resource(resource, PUBLIC)) == scope


@pytest.mark.parametrize(
    ("text", "resource", "name"),
    [
        ("https://graph.microsoft.com/.default", "https://graph.microsoft.com", ".default"),
        ("https://graph.microsoft.com/User.Read", "https://graph.microsoft.com", "user.read"),
        ("https://management.azure.com//user_impersonation", "https://management.azure.com/", "user_impersonation"),
        (" https://graph.microsoft.com/.default\n", "https://graph.microsoft.com", ".default"),
        (f"{TEAMS}/.default", TEAMS, ".default"),
        ("api://my-api/v1/Read", "api://my-api/v1", "read"),
    ],
)
def test_a_scope_is_split_at_its_last_slash(text: str, resource: str, name: str) -> None:
    assert Scope.parse(text, PUBLIC) == Scope(resource=resource, family=PUBLIC.canonical(resource), names=(name,))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ".default",
        "User.Read",
        "graph/.default",
        "offline_access",
        "/.default",
        "//.default",
        "https://graph.microsoft.com/",
        "https:///.default",
        "https://graph.microsoft.com/.default https://graph.microsoft.com/User.Read",
        "https://graph.microsoft.com/.default\topenid",
        "http://graph.microsoft.com/.default",
        "file://graph/.default",
        "javascript:alert(1)/.default",
        "https://graph.microsoft.com?x=/.default",
        "https://graph.microsoft.com#/.default",
        "https://[graph/.default",
        "https://gr\0aph/.default",
        'https://graph.microsoft.com/"quoted"',
        "https://graph.microsoft.com/back\\slash",
        "https://graph.microsoft.com/näme",
        "https://graph.microsoft.com/\x7f",
        "https://graph.microsoft.com/" + "x" * 600,
        "https://graph.microsoft.com/" + "x" * 600 + "/.default",
        "\ud800/.default",
    ],
)
def test_what_is_no_scope_is_refused_with_what_it_should_be(text: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^(scope|resource): "):
        Scope.parse(text, PUBLIC)


@pytest.mark.parametrize(
    "resource",
    [
        "",
        "grph",
        "https://",
        "https://graph.microsoft.com/a b",
        "https://graph.microsoft.com\n",
        "https://graph.microsoft.com?x",
        "http://graph.microsoft.com",
        "https://[x",
        "https://graph.microsoft.com@evil.example",
        "https://graph.microsoft.com#",
        "https://graph.microsoft.com/%2e%2e",
        # Both of these are other hosts to a machine, and the same to a careless comparison.
        "https://outloo\u212a.office365.com",
        "https://exa\u2100mple.com",
        "https://" + "x" * 600,
        TEAMS[:-1],
        f"{TEAMS}\n",
    ],
)
def test_what_is_no_resource_is_refused_with_the_names_there_are(resource: str) -> None:
    with pytest.raises(InvalidRequest, match="graph, arm, partnercenter"):
        Scope.of_resource(resource, PUBLIC)


@settings(max_examples=100, deadline=None)
@given(RESOURCES)
def test_a_scope_that_was_written_is_read_as_the_same(resource: str) -> None:
    scope = Scope.of_resource(resource, PUBLIC)
    assert Scope.parse(str(scope), PUBLIC) == scope


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60) | st.text("htps:/[]@?#.é\u212a ", max_size=30))
def test_any_text_is_a_scope_or_an_invalid_request(text: str) -> None:
    for read in (Scope.parse, Scope.of_resource):
        try:
            scope = read(text, PUBLIC)
        except InvalidRequest:
            continue
        assert Scope.parse(str(scope), PUBLIC) == scope


@pytest.mark.parametrize(
    "spelling",
    ["arm", "ARM", "https://management.azure.com", "https://Management.Azure.com/", PUBLIC.resources["arm"] + "/"],
)
def test_policies_compare_one_spelling_of_a_resource(spelling: str) -> None:
    assert PUBLIC.canonical(spelling) == "https://management.azure.com"
    assert Scope.of_resource(spelling, PUBLIC).family == "https://management.azure.com"


def test_another_resource_never_looks_like_a_known_one() -> None:
    others = ["https://graph.microsoft.com.evil.example", "https://graph.microsoft.com/evil", "api://graph"]
    assert all(Scope.of_resource(other, PUBLIC).family != PUBLIC.canonical("graph") for other in others)


def test_the_default_scope_is_what_the_authority_calls_so() -> None:
    assert DEFAULT_SCOPE == ".default"
