"""Schedules: what our host reads as NCRONTAB, and what it refuses because Azure reads it otherwise."""

from datetime import UTC, datetime

import pytest

from local.host.schedule import Schedule


@pytest.mark.parametrize(
    ("expression", "moment", "due"),
    [
        ("0 0 * * * *", "2026-03-01T10:00:00", "2026-03-01T11:00:00"),
        ("*/5 * * * *", "2026-03-01T10:01:00", "2026-03-01T10:05:00"),
        ("0 0 0 13 * FRI", "2026-03-14T00:00:00", "2026-11-13T00:00:00"),
        ("30 5/20 8-9 * jan,mar 1-5", "2026-03-01T00:00:00", "2026-03-02T08:05:30"),
    ],
)
def test_a_schedule_is_read_as_ncrontab(expression: str, moment: str, due: str) -> None:
    found = Schedule(expression).after(datetime.fromisoformat(moment).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(due).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "* * * *",
        "00:05:00",
        "0 0 0 * * 7",
        "0 0 0 * * 1-7",
        "0 0 0 * * 1/2",
        "0 0 0 L * *",
        "0 0 0 LW * *",
        "0 0 0 * * 5L",
        "0 0 0 * * 5#2",
        "0 0 0 * January *",
        "0 0 5-5/2 * * *",
        "0 0 22-5 * * *",
        "0 60 0 * * *",
        "0 0 0 31 2 1",
    ],
)
def test_a_schedule_that_azure_reads_otherwise_or_not_at_all_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="'"):
        Schedule(expression)
