"""Where a request came from: what the front end wrote last, if it is an address, and nothing that a caller wrote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.client_address import client_address


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7:52811", "203.0.113.7"),
        ("10.0.0.1, 203.0.113.7:52811", "203.0.113.7"),
        ("spoofed, 127.0.0.1,203.0.113.7:1", "203.0.113.7"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("203.0.113.7, ", None),
        ("203.0.113.7,<script>", None),
        ("", None),
        ("localhost", None),
        ("203.0.113.7.evil.example", None),
        ("1" * 10_000, None),
        ("2001:db8::1%" + "a" * 10_000, None),
    ],
)
def test_the_last_element_counts_alone(forwarded: str, address: str | None) -> None:
    assert client_address({"X-Forwarded-For": forwarded}) == address


def test_without_the_header_there_is_none() -> None:
    assert client_address({}) is None


@given(st.text(max_size=80))
def test_whatever_stands_there_is_a_short_address_or_none(forwarded: str) -> None:
    address = client_address({"X-Forwarded-For": forwarded})
    assert address is None or (len(address) <= 60 and "," not in address)
