"""Timers: when they fire, and what they are told of the time."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local import host as local_host_part
from local.host.schedule import Schedule
from tests.contract.host.hosts import MISSED, Host, eventually, make_state, serving, settings, wait_until_up


def test_a_timer_that_was_missed_while_no_host_ran_fires_at_once_and_is_told(host: Host) -> None:
    eventually(lambda: host.notes("nightly"), seconds=20)
    note = host.notes("nightly")[0]
    assert note["past_due"] is True
    assert {name: moment(note["status"][name]) for name in MISSED} == {name: moment(MISSED[name]) for name in MISSED}


def test_a_timer_fires_on_its_schedule_and_is_told_that_it_is_on_time(host: Host) -> None:
    eventually(lambda: len(host.notes("often")) > 1, seconds=20)
    assert {"timer": "often", "past_due": False, "status": {}} in host.notes("often")


def test_a_timer_fires_when_the_clock_reaches_it_and_once_when_it_jumps_past_or_the_host_was_down(
    tmp_path: Path,
) -> None:
    due = Schedule(settings(make_state(tmp_path))["NIGHTLY"]).after(datetime.now(UTC))
    with serving(local_host_part.run, tmp_path) as host:
        wait_until_up(host)
        host.move_clock_to(due - timedelta(seconds=0.7))
        eventually(lambda: host.notes("nightly"))
        host.move_clock_to(due + timedelta(days=3, hours=1))
        eventually(lambda: len(host.notes("nightly")) == 2)
    with serving(local_host_part.run, tmp_path) as host:
        host.move_clock_to(due + timedelta(days=9, hours=1))
        eventually(lambda: len(host.notes("nightly")) == 3)
        host.move_clock_to(due + timedelta(days=4, hours=1))
        time.sleep(0.5)
        host.move_clock_to(due + timedelta(days=5, hours=1))
        eventually(lambda: len(host.notes("nightly")) == 4)
        time.sleep(0.5)
        notes = host.notes("nightly")
        assert not host.notes("switched_off_timer")
    assert [note["past_due"] for note in notes] == [False, True, True, True]
    first, second, third, _ = (note["status"] for note in notes)
    assert first["Last"] == "0001-01-01T00:00:00+00:00"
    assert first["Next"] == due.isoformat()
    assert second["Last"].startswith(due.isoformat()[:19])
    assert third["Next"] == (due + timedelta(days=4)).isoformat()
    assert json.loads((tmp_path / "schedule-nightly.json").read_text()).keys() == {"Last", "Next", "LastUpdated"}
    assert not (tmp_path / "schedule-yearly.json").exists()


def test_a_timer_may_run_when_the_host_starts(host: Host) -> None:
    eventually(lambda: host.notes("at_start"))
    assert host.notes("at_start") == [{"timer": "at_start", "past_due": False, "status": {}}]


def test_a_stopping_host_lets_a_run_finish(tmp_path: Path) -> None:
    with serving(local_host_part.run, tmp_path, changed={"YEARLY_SECONDS": "0.7"}) as host:
        wait_until_up(host)
        host.client.post("/admin/functions/yearly", headers=host.master, json={"input": ""})
        host.process.terminate()
        host.process.join(20)
        assert host.process.exitcode == 0
        assert len(host.notes("yearly")) == 1


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
