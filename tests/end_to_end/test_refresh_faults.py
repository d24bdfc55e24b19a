"""What goes wrong around the timer, over real processes: each is a row of the faults in docs/operate.md."""

import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.clock import write_offset
from local.demo import claims_of
from local.parts import Parts
from local.policy import seeds
from local.stack import running_parts
from local.world import CONTOSO, PARTNER_APPLICATION, SECOND_ADMIN
from tests.end_to_end.hosts import another_host
from tests.end_to_end.killing import versions
from tests.end_to_end.refreshing import (
    ISSUED,
    PROOF_DAY,
    STORE_DAY,
    TOKEN_ENDPOINT,
    WRITES,
    Scene,
    now,
    permit,
    records,
)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NAMES = [f"faulty-{number:03}" for number in range(120)]
SLOW_SECONDS, GLIMPSE = 0.2, 0.05
THROTTLED = {"error": "temporarily_unavailable", "error_codes": [90033]}
# So often in a row without an answer, and a run asks no more.
MOST_WAVES = 5
# The application's secret in the token vault, and what the world begins with.
SECRET = "partner-client-secret"
FIRST_SECRET = seeds()["token_vault"][SECRET]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """One stack for all faults; each test leaves it without faults and without consents, only later."""
    folder = tmp_path_factory.mktemp("faults") / "state"
    with running_parts(folder, settings={"AzureWebJobs.refresh.Disabled": "true"}) as running:
        permit(running.state, NAMES)
        yield running


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    """Names that no test has used."""
    return iter(NAMES)


@pytest.fixture
def scene(parts: Parts, names: Iterator[str]) -> Iterator[Scene]:
    """The stack as one test finds it: nothing is stored, all works."""
    scene = Scene(parts=parts, state=parts.state, names=names)
    yield scene
    scene.clear()


def test_with_the_vault_down_a_run_fails_at_once_and_the_next_one_does_all(scene: Scene) -> None:
    used, unused = scene.give(2)
    scene.pass_time(STORE_DAY)
    assert scene.issues(used)
    with scene.without("key_vault"):
        run = scene.run()
        assert (run.invocation, run.report) == ("Failure", {})
        assert scene.health()["parts"] == {"authority": "up", "token_vault": "down", "policy_vault": "down"}
        assert scene.tokens([used, unused]) == {used: ISSUED, unused: "vault_unavailable"}
        assert scene.operator.call("GET", "consents").json()["code"] == "vault_unavailable"
        scene.pass_time(HOUR)
        assert scene.tokens([used]) == {used: "vault_unavailable"}, "what is remembered of the consent is too old"
    assert scene.run().outcomes == {used: "stored", unused: "stored"}
    assert scene.statuses([used, unused]) == ["ok", "ok"]


def test_with_a_vault_that_goes_down_amid_a_run_the_rest_waits_for_the_next_one(scene: Scene) -> None:
    names = scene.give(4)
    scene.pass_time(PROOF_DAY)
    scene.vault.post("faults", {"times": 1 + 4 + 1})  # the list, what is read of each, and one that is written
    scene.vault.post("faults", {"times": -1, "drop": "before"})
    run = scene.run()
    assert (run.invocation, run.counts()) == ("Success", {"proven": 1, "transient": 3})
    waiting = {name for name, code in run.codes.items() if code == "vault_unavailable"}
    assert len(waiting) == 3
    scene.vault.clear("faults")
    assert scene.run().outcomes == dict.fromkeys(waiting, "proven")
    assert scene.issues(*names)


def test_with_a_slow_vault_a_run_takes_longer_and_does_all(scene: Scene) -> None:
    names = scene.give(3)
    scene.pass_time(STORE_DAY)
    scene.vault.post("faults", {"times": -1, "delay": SLOW_SECONDS})
    begun = time.monotonic()
    run = scene.run()
    assert time.monotonic() - begun >= 4 * SLOW_SECONDS, "to list, read, store and read back"
    assert (run.invocation, run.counts()) == ("Success", {"stored": 3})
    assert scene.issues(*names)


@pytest.mark.parametrize(("day", "done"), [(PROOF_DAY, "proven"), (STORE_DAY, "stored")], ids=["proof", "store"])
@pytest.mark.parametrize(
    ("status", "invocation", "outcome", "code"),
    [(503, "Success", "transient", "vault_unavailable"), (403, "Failure", "vault_refused", "vault_refused")],
    ids=["by 503", "by 403"],
)
def test_with_a_vault_that_only_reads_tokens_go_out_and_what_is_to_be_written_waits(
    scene: Scene, *, day: timedelta, done: str, status: int, invocation: str, outcome: str, code: str
) -> None:
    names = scene.give(3)
    scene.pass_time(day)
    before = _proven_on(scene)
    scene.vault.post("faults", {"method": WRITES, "times": -1, "status": status})
    run = scene.run()
    assert (run.invocation, run.counts()) == (invocation, {outcome: 3})
    assert run.codes == dict.fromkeys(names, code)
    assert scene.issues(*names)
    assert scene.health()["status"] == "up"
    assert _proven_on(scene) == before
    scene.vault.clear("faults")
    run = scene.run()
    assert (run.invocation, run.outcomes) == ("Success", dict.fromkeys(names, done))


def test_a_secret_that_is_refused_alone_is_named_and_the_others_are_done(scene: Scene) -> None:
    names = scene.give(3)
    refused = names[1]
    scene.pass_time(STORE_DAY)
    scene.vault.post("faults", {"path": f"/secrets/renewal-{refused}(/.*)?", "times": -1, "status": 403})
    run = scene.run()
    assert (run.invocation, run.counts()) == ("Failure", {"stored": 2, "vault_refused": 1})
    assert (run.outcomes[refused], run.codes[refused]) == ("vault_refused", "vault_refused")
    assert scene.tokens(names) == {**dict.fromkeys(names, ISSUED), refused: "vault_refused"}
    scene.vault.clear("faults")
    assert scene.run().outcomes == {refused: "stored"}
    assert scene.issues(refused)


def test_with_entra_id_down_consents_stay_as_they_are_and_the_next_run_does_all(scene: Scene) -> None:
    used, *others = scene.give(4)
    scene.pass_time(STORE_DAY)
    assert scene.issues(used)
    with scene.without("entra"):
        run = scene.run()
        assert (run.invocation, run.counts()) == ("Success", {"transient": 4})
        assert set(run.codes.values()) == {"authority_unavailable"}
        assert scene.tokens([used, others[0]]) == {used: ISSUED, others[0]: "authority_unavailable"}
        assert scene.health()["parts"] == {"authority": "down", "token_vault": "up", "policy_vault": "up"}
        assert scene.statuses(others) == ["ok", "ok", "ok"]
    assert scene.run().counts() == {"stored": 4}


def test_with_a_slow_entra_id_a_run_takes_longer_and_does_all(scene: Scene) -> None:
    names = scene.give(3)
    scene.pass_time(PROOF_DAY)
    scene.entra.post("faults", {"path": TOKEN_ENDPOINT, "times": -1, "delay": SLOW_SECONDS})
    begun = time.monotonic()
    run = scene.run()
    assert time.monotonic() - begun >= SLOW_SECONDS
    assert (run.invocation, run.counts()) == ("Success", {"proven": 3})
    assert scene.issues(*names)


def test_throttled_by_entra_id_a_run_waits_as_it_is_told_and_soon_asks_no_more(scene: Scene) -> None:
    abreast, wait = 2, 1
    names = scene.give(MOST_WAVES * abreast + 4)
    scene.pass_time(PROOF_DAY)
    refusal = {"status": 429, "headers": {"Retry-After": str(wait)}, "body": THROTTLED}
    with another_host(scene.state, settings={"REFRESH_CONCURRENCY": str(abreast)}) as host:
        scene.entra.post("faults", {"path": TOKEN_ENDPOINT, "times": -1, **refusal})
        scene.entra.clear("requests")
        begun = time.monotonic()
        run = scene.at(host).run()
        assert time.monotonic() - begun >= (MOST_WAVES - 1) * wait
        assert run.invocation == "Success"
        assert run.counts() == {"transient": MOST_WAVES * abreast, "carried_over": 4}
        assert _tokens_asked(scene) == MOST_WAVES * abreast, "no consent is tried twice"
        answer = scene.token(names[0])
        assert (answer.json()["code"], answer.headers["retry-after"]) == ("authority_unavailable", str(wait))
        scene.entra.clear("faults")
        assert scene.at(host).run().counts() == {"proven": len(names)}


@pytest.mark.parametrize(
    ("wrong_by", "days_left"), [(400 * DAY, 400 + 89), (-400 * DAY, 0)], ids=["400 days ahead", "400 days behind"]
)
def test_what_a_host_with_a_wrong_clock_has_written_is_put_right_by_the_next_run(
    scene: Scene, tmp_path: Path, wrong_by: timedelta, days_left: int
) -> None:
    names = scene.give(3)
    scene.pass_time(PROOF_DAY)
    with another_host(scene.state, folder=tmp_path) as host:
        write_offset(host.state.clock_file, now(scene.state) - datetime.now(UTC) + wrong_by)
        run = scene.at(host).run()
        assert (run.invocation, run.counts()) == ("Success", {"stored": 3})
        assert set(scene.at(host).tokens(names).values()) == {"assertion_expired"}
    assert scene.issues(*names)
    assert _days_left(scene) == [days_left] * 3
    run = scene.run()
    assert (run.invocation, run.counts()) == ("Success", {"stored": 3})
    assert _days_left(scene) == [89] * 3
    assert scene.run().report["due"] == 0
    assert scene.issues(*names)


def test_two_hosts_that_run_the_timer_at_once_store_twice_and_hurt_nothing(scene: Scene, tmp_path: Path) -> None:
    names = scene.give(6)
    scene.pass_time(STORE_DAY)
    (tmp_path / "clock.json").symlink_to(scene.state.clock_file)
    # So that both have listed what is due before either has stored anything.
    scene.entra.post("faults", {"path": TOKEN_ENDPOINT, "times": -1, "delay": 2 * SLOW_SECONDS})
    with another_host(scene.state, folder=tmp_path) as host, ThreadPoolExecutor(2) as timers:
        runs = list(timers.map(Scene.run, (scene, scene.at(host))))
    assert [(run.invocation, run.counts()) for run in runs] == [("Success", {"stored": 6})] * 2
    assert {versions(scene.state, f"renewal-{name}") for name in names} == {3}
    scene.entra.clear("faults")
    assert scene.statuses(names) == ["ok"] * 6
    assert scene.issues(*names)
    assert scene.run().report["due"] == 0
    scene.pass_time(STORE_DAY)
    assert scene.run().counts() == {"stored": 6}
    assert scene.issues(*names)


@pytest.mark.parametrize(
    ("secret", "value", "keeps_tags", "reported"),
    [
        pytest.param("renewal-", "{", True, "unreadable", id="a renewal that is no JSON"),
        pytest.param("renewal-", "set by hand", False, "unreadable", id="a renewal without its tags"),
        pytest.param("renewal-", None, True, "unreadable", id="a renewal that is disabled"),
        pytest.param("consent-", "set by hand", False, "damaged", id="a consent without its tags"),
        pytest.param("consent-", None, True, "damaged", id="a consent that is disabled"),
    ],
)
def test_a_stored_value_that_is_broken_is_named_and_the_others_are_done(
    scene: Scene, secret: str, value: str | None, reported: str, *, keeps_tags: bool
) -> None:
    names = scene.give(3)
    broken = names[1]
    scene.pass_time(STORE_DAY)
    _break(scene, secret + broken, value, keeps_tags=keeps_tags)
    run = scene.run()
    assert (run.invocation, run.report[reported]) == ("Failure", [broken])
    assert run.counts() == {"stored": 2} | ({"unreadable": 1} if reported == "unreadable" else {})
    assert scene.tokens(names) == {**dict.fromkeys(names, ISSUED), broken: "consent_unreadable"}
    assert scene.listed()["damaged"] == ([broken] if reported == "damaged" else [])
    scene.consent_anew(broken)
    assert scene.issues(broken)
    run = scene.run()
    assert (run.invocation, run.report["consents"], run.report["damaged"]) == ("Success", 3, [])


def _break(scene: Scene, secret: str, value: str | None, *, keeps_tags: bool) -> None:
    """Store this value by hand, or disable what is stored."""
    with scene.administered() as client:
        properties = client.get_secret(secret).properties
        if value is None:
            client.update_secret_properties(secret, properties.version, enabled=False)
        else:
            client.set_secret(secret, value, tags=properties.tags if keeps_tags else None)


def test_what_a_newer_version_has_stored_is_named_and_stays_as_it_is(scene: Scene) -> None:
    names = scene.give(3)
    newer = names[1]
    secrets = [f"consent-{newer}", f"renewal-{newer}"]
    with scene.administered() as client:
        for secret in secrets:
            found = client.get_secret(secret)
            value = {**json.loads(found.value or ""), "schema": 2, "more": "than this version knows"}
            client.set_secret(secret, json.dumps(value), tags=found.properties.tags)
    scene.pass_time(STORE_DAY)
    before = [_everything(scene, secret) for secret in secrets]
    run = scene.run()
    assert (run.invocation, run.report["unreadable"]) == ("Failure", [newer])
    assert (run.counts(), run.codes[newer]) == ({"stored": 2, "unreadable": 1}, "consent_from_newer_version")
    assert scene.tokens(names) == {**dict.fromkeys(names, ISSUED), newer: "consent_from_newer_version"}
    assert scene.operator.call("POST", f"consents/{newer}/link", {}).json()["code"] == "consent_from_newer_version"
    assert [_everything(scene, secret) for secret in secrets] == before


def _everything(scene: Scene, secret: str) -> dict[str, Any]:
    """All versions of a secret, and all that may change of one."""
    with scene.administered() as client:
        kept = client.list_properties_of_secret_versions(secret)
        return {each.version or "": (each.updated_on, each.enabled, each.tags) for each in kept}


def test_after_91_days_without_a_run_the_loss_is_told_and_a_new_link_mends_it(scene: Scene) -> None:
    names = scene.give(3)
    scene.pass_time(91 * DAY)
    run = scene.run()
    assert (run.invocation, run.counts(), run.report["newly_lost"]) == ("Failure", {"lost": 3}, names)
    assert scene.tokens(names) == dict.fromkeys(names, "new_consent_needed")
    shown = scene.shown(names[0])
    assert (shown["status"], shown["days_left"], shown["error"]) == ("lost", 0, "new_consent_needed")
    assert (shown["authority_code"], "link" in shown["remedy"]) == (700082, True)
    scene.consent_anew(names[0])
    assert scene.issues(names[0])
    assert scene.statuses(names) == ["ok", "lost", "lost"]
    assert scene.run().invocation == "Success", "told once"
    scene.pass_time(STORE_DAY)
    run = scene.run()
    assert (run.invocation, run.report["still_lost"]) == ("Failure", names[1:]), "and again after a week"


def test_after_20_days_without_the_app_the_missed_run_comes_at_once_and_does_all(scene: Scene, tmp_path: Path) -> None:
    names = scene.give(3)
    (tmp_path / "clock.json").symlink_to(scene.state.clock_file)
    on = {"AzureWebJobs.refresh.Disabled": "false"}
    with another_host(scene.state, folder=tmp_path, settings=on) as host:
        log = host.state.log_file("host")
    scene.pass_time(20 * DAY)
    assert _days_left(scene) == [69] * 3
    with another_host(scene.state, folder=tmp_path, settings=on) as host:
        while not (reports := records(log.read_text(), "refresh.run")):
            assert host.process.is_alive()
            time.sleep(GLIMPSE)
    assert (reports[0]["due"], reports[0]["outcome_stored"]) == (3, 3)
    assert _days_left(scene) == [89] * 3
    assert scene.issues(*names)


def test_a_renewal_of_an_old_lineage_that_is_written_late_serves_nobody_and_is_replaced(scene: Scene) -> None:
    (name,) = scene.give(1)
    with scene.administered() as client:
        old = client.get_secret(f"renewal-{name}")
        scene.consent_anew(name, SECOND_ADMIN, new_person=True)
        assert scene.run().report["due"] == 0
        client.set_secret(f"renewal-{name}", old.value or "", tags=old.properties.tags)
    scene.pass_time(MINUTE)
    assert _person_of_token(scene, name) == SECOND_ADMIN.object_id_in(CONTOSO)
    assert scene.statuses([name]) == ["unproven"]
    run = scene.run()
    assert (run.invocation, run.outcomes) == ("Success", {name: "stored"})
    assert scene.statuses([name]) == ["ok"]
    scene.pass_time(2 * HOUR)
    assert _person_of_token(scene, name) == SECOND_ADMIN.object_id_in(CONTOSO)
    assert versions(scene.state, f"renewal-{name}") == 4, "of both acts, the late one, and the one over it"


def test_an_application_secret_that_has_ended_stops_the_run_and_harms_no_consent(scene: Scene) -> None:
    abreast = 2
    settings = {"PARTNER_CLIENT_SECRET_NAME": SECRET, "REFRESH_CONCURRENCY": str(abreast)}
    _renew_application_secret(scene, "second", lasts=10 * DAY + HOUR)
    scene.entra.remove("credentials", {"client": PARTNER_APPLICATION, "secret": FIRST_SECRET})
    names = scene.give(8)
    with another_host(scene.state, settings=settings) as host:
        run = scene.at(host).run()
        assert (run.invocation, run.report["due"]) == ("Failure", 0)
        assert (run.report["credential_days_left"], run.report["credential_crossed"]) == (10, 14)
        scene.pass_time(11 * DAY)
        scene.entra.clear("requests")
        run = scene.at(host).run()
        assert (run.invocation, run.report["application"]) == ("Failure", "misconfigured")
        assert run.report["application_authority_code"] == 7000222
        assert run.counts()["misconfigured"] + run.counts()["carried_over"] == len(names)
        assert run.counts()["misconfigured"] <= abreast
        assert _tokens_asked(scene) <= 2 * abreast, "with the newest two secrets each"
        told = scene.at(host).listed()
        assert (told["application"]["status"], told["application"]["authority_code"]) == ("misconfigured", 7000222)
        assert now(scene.state) - datetime.fromisoformat(told["application"]["since"]) < MINUTE
        assert {(shown["status"], shown["failures"]) for shown in told["consents"]} == {("ok", 0)}
        assert scene.at(host).tokens(names[:1]) == {names[0]: "application_misconfigured"}
    _renew_application_secret(scene, "third", lasts=200 * DAY + HOUR)
    with another_host(scene.state, settings=settings) as host:
        run = scene.at(host).run()
        assert (run.invocation, run.counts()) == ("Success", {"stored": 8})
        assert (run.report["application_recovered"], run.report["credential_days_left"]) == (True, 200)
        told = scene.at(host).listed()["application"]
        assert (told["status"], told["since"], told["error"]) == ("ok", None, None)
        assert scene.at(host).issues(*names)


def _renew_application_secret(scene: Scene, text: str, *, lasts: timedelta) -> None:
    """As an administrator does it: a secret of the registration, and a version in the vault with the same end."""
    ends = (now(scene.state) + lasts).replace(microsecond=0)
    scene.entra.post("credentials", {"client": PARTNER_APPLICATION, "secret": text, "expires_on": ends.timestamp()})
    with scene.administered() as client:
        client.set_secret(SECRET, text, expires_on=ends)


def _tokens_asked(scene: Scene) -> int:
    """How many requests the token endpoint has had since they were last forgotten."""
    return sum(count for (_, path), count in scene.entra.requests().items() if re.fullmatch(TOKEN_ENDPOINT, path))


def _days_left(scene: Scene) -> list[int]:
    return [shown["days_left"] for shown in scene.listed()["consents"]]


def _proven_on(scene: Scene) -> list[str]:
    return [shown["proven_on"] for shown in scene.listed()["consents"]]


def _person_of_token(scene: Scene, name: str) -> str:
    person: str = claims_of(scene.token(name).json()["access_token"])["oid"]
    return person
