"""What a caller is told beside its token: which resources are retired, and the header that says so."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.cloud import CHINA, PUBLIC, US_GOVERNMENT, Cloud
from token_http.module_table import MODULES
from token_http.notice import AAD_GRAPH_RETIRED, STALE, Notice, header, of_resource

NOTICES = [STALE, AAD_GRAPH_RETIRED, *(notice for module in MODULES.values() for notice in module.notices)]
# RFC 7234 section 5.5: warn-code SP warn-agent SP warn-text.
WARNING = re.compile(r'(110|299) - "[^"\\]+"')


@pytest.mark.parametrize("cloud", [PUBLIC, US_GOVERNMENT, CHINA], ids=lambda cloud: cloud.name)
def test_azure_ad_graph_is_retired_in_every_cloud_and_nothing_else_is(cloud: Cloud) -> None:
    told = {name: of_resource(cloud.canonical(name), cloud) for name in cloud.resources}
    assert told.pop("aadgraph") == (AAD_GRAPH_RETIRED,)
    assert set(told.values()) == {()}


def test_without_notices_there_is_no_header() -> None:
    assert header([]) == ""


@given(notices=st.lists(st.sampled_from(NOTICES), min_size=1, max_size=6))
def test_the_header_has_each_notice_once_in_order_as_the_standard_spells_it(notices: list[Notice]) -> None:
    value = header(notices)
    assert value.isascii()
    parts = [match.group() for match in WARNING.finditer(value)]
    assert ", ".join(parts) == value
    assert parts == [f'{notice.code} - "{notice.text}"' for notice in dict.fromkeys(notices)]


def test_an_older_token_and_a_retired_api_are_told_apart_by_their_numbers() -> None:
    assert header([STALE, AAD_GRAPH_RETIRED]).startswith("110 - ")
    assert ', 299 - "Azure AD Graph is retired' in header([STALE, AAD_GRAPH_RETIRED])
