"""The table of faults in docs/operate.md: each row has been made to happen, and each that happens has its row."""

import re

from tests.documents.pages import ROOT, rows, section

END_TO_END = ROOT / "tests" / "end_to_end"
FAULTS = {
    "killed in the middle of a run": [
        "test_killed_at_fifty_moments_of_a_run_no_consent_is_hurt_and_the_next_run_does_the_rest"
    ],
    "two run the timer at once": ["test_two_hosts_that_run_the_timer_at_once_store_twice_and_hurt_nothing"],
    "its clock is 400 days ahead or behind": [
        "test_what_a_host_with_a_wrong_clock_has_written_is_put_right_by_the_next_run"
    ],
    "away for 20 days": ["test_after_20_days_without_the_app_the_missed_run_comes_at_once_and_does_all"],
    "away for 91 days": ["test_after_91_days_without_a_run_the_loss_is_told_and_a_new_link_mends_it"],
    "down for a whole run": ["test_with_the_vault_down_a_run_fails_at_once_and_the_next_one_does_all"],
    "goes down during a run": ["test_with_a_vault_that_goes_down_amid_a_run_the_rest_waits_for_the_next_one"],
    "slow, as Entra ID may be": [
        "test_with_a_slow_vault_a_run_takes_longer_and_does_all",
        "test_with_a_slow_entra_id_a_run_takes_longer_and_does_all",
    ],
    "reads but does not write (regional failover)": [
        "test_with_a_vault_that_only_reads_tokens_go_out_and_what_is_to_be_written_waits"
    ],
    "refuses one secret": ["test_a_secret_that_is_refused_alone_is_named_and_the_others_are_done"],
    "down": ["test_with_entra_id_down_consents_stay_as_they_are_and_the_next_run_does_all"],
    "throttles": ["test_throttled_by_entra_id_a_run_waits_as_it_is_told_and_soon_asks_no_more"],
    "the application's secret has ended": [
        "test_an_application_secret_that_has_ended_stops_the_run_and_harms_no_consent"
    ],
    "a value was overwritten by hand, or disabled": [
        "test_a_stored_value_that_is_broken_is_named_and_the_others_are_done"
    ],
    "a newer version of the broker wrote it": ["test_what_a_newer_version_has_stored_is_named_and_stays_as_it_is"],
    "a renewal of an earlier stored consent, written late": [
        "test_a_renewal_of_an_old_lineage_that_is_written_late_serves_nobody_and_is_replaced"
    ],
}


def test_every_row_has_its_test_and_every_test_its_row() -> None:
    sources = [END_TO_END / "test_refresh_faults.py", END_TO_END / "test_killed_while_refreshing.py"]
    made = {name for file in sources for name in re.findall(r"\ndef (test_\w+)\(\s*scene", file.read_text())}
    told = [row[0] for row in rows(section((ROOT / "docs" / "operate.md").read_text(), "Faults"), 2)]
    assert {fault for fault in told if fault != "fault"} == set(FAULTS)
    assert {name for names in FAULTS.values() for name in names} == made
