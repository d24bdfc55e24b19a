"""The audit trail: one line of JSON for each record, gathered where the host would drop it, and no token in it."""

import json
import logging
import threading

import pytest

from shared.audit import fingerprint, gathered, record


def written(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    return [json.loads(entry.getMessage()) for entry in caplog.records if entry.name == "broker.audit"]


@pytest.fixture(autouse=True)
def at_info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="broker.audit")


def test_a_record_is_one_line_of_json(caplog: pytest.LogCaptureFixture) -> None:
    record("token.issued", {"tenant": "t", "cached": True, "scopes": ["a", "b"], "seconds": 0.5, "permission": None})
    (line,) = [entry.getMessage() for entry in caplog.records]
    assert line == (
        '{"cached": true, "event": "token.issued", "permission": null, "scopes": ["a", "b"], "seconds": 0.5, '
        '"tenant": "t"}'
    )


def test_nothing_in_a_field_begins_a_record_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    """Log forging: a user name with a line feed, or half a format, stays inside its field."""
    record("consent.stored", {"username": 'ada\n{"event": "token.issued"} %s %(x)d \u2028'})
    (line,) = [entry.getMessage() for entry in caplog.records]
    assert line.isascii()
    assert "\n" not in line
    assert json.loads(line)["event"] == "consent.stored"


def test_what_is_gathered_is_kept_in_order_and_not_written(caplog: pytest.LogCaptureFixture) -> None:
    with gathered() as records:
        record("one", {"a": 1})
        record("two", {})
    assert records == [("one", {"a": 1}), ("two", {})]
    assert written(caplog) == []
    record("three", {})
    assert written(caplog) == [{"event": "three"}]


def test_gathering_ends_when_the_work_fails(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        with gathered():
            record("one", {})
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    record("two", {})
    assert written(caplog) == [{"event": "two"}]


def test_one_thread_gathers_nothing_of_another(caplog: pytest.LogCaptureFixture) -> None:
    with gathered() as records:
        other = threading.Thread(target=record, args=("of the other", {}))
        other.start()
        other.join()
    assert records == []
    assert written(caplog) == [{"event": "of the other"}]


def test_a_fingerprint_tells_two_tokens_apart_and_nothing_else() -> None:
    assert fingerprint("token") == "3c469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0"
    assert fingerprint("token") != fingerprint("token ")


def test_a_token_with_half_a_character_has_a_fingerprint_too() -> None:
    assert fingerprint("token\ud800") != fingerprint("token")


def test_nothing_is_written_below_the_level_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="broker.audit")
    record("one", {})
    caplog.set_level(logging.INFO, logger="broker.audit")
    record("two", {})
    assert written(caplog) == [{"event": "two"}]
