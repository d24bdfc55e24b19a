"""The check of customers on the real host: its own thread of the worker, its records in the log, its results told."""

from local.parts import Parts
from local.workload import Workload, fire_timer
from local.world import CONTOSO
from tests.end_to_end.test_main_job import Life


def test_a_check_runs_on_the_real_host_and_the_status_tells_of_it(real: Parts) -> None:
    assert "Your consent is stored" in Life(real.state).consent().text
    assert fire_timer(real.state, function="check_customers") == "Success"
    told = Workload(state=real.state, name="service-desk").call("GET", "status?customer=contoso").json()
    assert {(one["tenant"], one["outcome"]) for one in told["works"]} == {(CONTOSO, "works")}
    assert told["last_run"]["failing"] > 0
    log = real.state.log_file("host").read_text(encoding="utf-8", errors="replace")
    assert '"event": "customers.run"' in log
