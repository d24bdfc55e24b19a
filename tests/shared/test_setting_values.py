"""Each kind of setting: what is taken, and what is refused with a sentence instead."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from shared import setting_values as kind
from shared.setting_values import Malformed

GUID = "aaaa0000-1111-4222-8333-444444440001"
ORIGINS = [
    "",
    "vault.example",
    "//vault.example",
    "ftp://vault.example",
    "https://",
    "https:///path",
    "https://vault.example/path",
    "https://vault.example?query",
    "https://vault.example?",
    "https://vault.example#part",
    "https://vault.example#",
    "https://user@vault.example",
    "https://user:word@vault.example",
    "https://@vault.example",
    "https://localhost@vault.example/",
    "https://vault.example\\@localhost",
    "https://vault example",
    "https://vault\t.example",
    "https://vault.example\n",
    "https://vault.example.",
    "https://.example",
    "https://vault.example:",
    "https://vault.example:0",
    "https://vault.example:65536",
    "https://vault.example:port",
    "https://[::1",
    "https://[vault]",
    "https://väult.example",
    "https://%76ault.example",
    "https://vault.example,https://other.example",
    # Lower-casing turns a Kelvin sign into a "k".
    "https://\u212ault.example",
]
BAD: list[tuple[Callable[[str], object], list[str]]] = [
    (kind.text, [""]),
    (kind.guid, ["", "partner", GUID[:-1], GUID + "0", f"{{{GUID}}}", GUID.replace("a", "g"), GUID + "\n", GUID * 2]),
    (kind.secret_name, ["", "a_b", "a b", "a/b", "x" * 128, "secret~value", "näme", "name\n"]),
    (kind.https_origin, [*ORIGINS, "http://vault.example", "http://localhost"]),
    (kind.rows_url, ["", "http://name.example", "https://name.example/a/b", "file:results", "https://", "results"]),
    (kind.public_url, [*ORIGINS, "http://broker.example", "http://localhost.example", "http://localhost@evil.example"]),
    (kind.schedule, ["", "hourly", "17 * * * *", "0 0 17 * * * *"]),
    (kind.file, ["/nowhere/ca.pem", "/", "\0"]),
    (kind.scope, ["", "User.Read", "https://graph.example/", "/User.Read", "https://g/A https://g/B", "https://g/A B"]),
    (kind.list_of(kind.guid), ["partner", f"{GUID};{GUID}", f"{GUID},partner"]),
    (kind.choice({"refuse": False, "accept": True}), ["", "Accept", "true", "refuse,accept"]),
    (
        kind.number(1, 256),
        ["", "0", "257", "-1", "+1", "1.0", "1e2", "0x10", "1_0", " 1", "٣", "²", "00000000199999", "9" * 5000],
    ),
    (kind.duration(timedelta(hours=1), 1, 24), ["", "0", "25", "1h"]),
]


@pytest.mark.parametrize(("parse", "value"), [(parse, value) for parse, values in BAD for value in values])
def test_a_malformed_value_is_answered_with_what_it_should_be(parse: Callable[[str], object], value: str) -> None:
    with pytest.raises(Malformed) as expected:
        parse(value)
    assert str(expected.value).startswith(("a ", "an ", "the ", "one "))


@pytest.mark.parametrize(
    ("parse", "value", "read"),
    [
        (kind.text, "x", "x"),
        (kind.guid, GUID.upper(), GUID),
        (kind.secret_name, "Partner-Client-Secret-1", "Partner-Client-Secret-1"),
        (kind.https_origin, "https://name.vault.azure.net/", "https://name.vault.azure.net"),
        (kind.https_origin, "HTTPS://Name.vault.azure.net:443", "https://name.vault.azure.net"),
        (kind.https_origin, "https://127.0.0.1:8443", "https://127.0.0.1:8443"),
        (kind.https_origin, "https://[::1]:8443//", "https://[::1]:8443"),
        (kind.rows_url, "https://Name.table.core.windows.net/", "https://name.table.core.windows.net"),
        (kind.rows_url, "https://127.0.0.1:10002/devstoreaccount1", "https://127.0.0.1:10002/devstoreaccount1"),
        (kind.rows_url, "file:///var/lib/results.sqlite3", "file:///var/lib/results.sqlite3"),
        (kind.public_url, "https://broker.example/", "https://broker.example"),
        (kind.public_url, "http://localhost:8400", "http://localhost:8400"),
        (kind.public_url, "http://127.0.0.1:80", "http://127.0.0.1"),
        (kind.public_url, "http://[::1]:8400", "http://[::1]:8400"),
        (kind.schedule, "0 17 * * * *", "0 17 * * * *"),
        (kind.scope, "https://management.azure.com//.default", "https://management.azure.com//.default"),
        (kind.list_of(kind.guid), f" {GUID.upper()} ,, {GUID}", frozenset({GUID})),
        (kind.list_of(kind.guid), " , ", frozenset()),
        (kind.choice({"refuse": False, "accept": True}), "accept", True),
        (kind.number(1, 256), "1", 1),
        (kind.number(1, 256), "0256", 256),
        (kind.duration(timedelta(days=1), 1, 30), "30", timedelta(days=30)),
    ],
)
def test_a_good_value_is_read_in_one_spelling(parse: Callable[[str], object], value: str, read: object) -> None:
    assert parse(value) == read
