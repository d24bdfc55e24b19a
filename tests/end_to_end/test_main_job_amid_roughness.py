"""The whole main job amid roughness of every kind, by a seed: nothing is lost, nobody is blamed, all recovers."""

from collections.abc import Iterator
from math import ceil
from pathlib import Path
from random import Random
from time import monotonic, sleep

import pytest

from local.controls import Controls
from local.parts import Parts
from local.stack import running_parts
from tests.end_to_end.refreshing import Scene, permit
from tests.end_to_end.rough_job import Job
from tests.end_to_end.rough_orders import ENDLESS_KINDS, HARMLESS, KINDS, Roughness

NAMES = ["partner", "rough-1", "rough-2"]
SEED = 20261125
# Of the steps a few meet what costs a wait: at these more of it at once, since waits at the same time are one wait.
STEPS, MOST_AT_ONCE, ENDLESS_STEPS = 40, 3, 3
RUNS_OF_THE_TIMER, NEW_INSTANCES = 0.3, 0.15
# How often the broker looks for a key it does not know; Microsoft's own rolls lie weeks apart.
KEY_COOLDOWN = 60.0
QUIET = {"AzureWebJobs.refresh.Disabled": "true"}


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    with running_parts(tmp_path / "state", settings=QUIET) as running:
        permit(running.state, NAMES)
        yield running


def job_of(parts: Parts, random: Random, *, strict: bool) -> Job:
    scene = Scene(parts=parts, state=parts.state, names=iter(NAMES))
    job = Job(scene=scene, names=NAMES, random=random, strict=strict)
    job.begin()
    return job


class Looks:
    """When the broker last looked for keys: soon after that it looks for none that it does not know."""

    def __init__(self, parts: Parts) -> None:
        self._entra = Controls(parts.state, parts.state.entra)
        self._last = monotonic()

    def note(self) -> None:
        """To be called often."""
        if any(path.endswith("/keys") for _, path in self._entra.requests()):
            self._last = monotonic()
        self._entra.clear("requests")

    def wait_out(self) -> None:
        """Return when the last look is long enough ago."""
        sleep(max(0.0, self._last + KEY_COOLDOWN - monotonic()))


def begin_anew(parts: Parts) -> None:
    """An instance ends, and another begins, which knows nothing."""
    parts.kill("host")
    parts.start("host")


@pytest.mark.timeout(900)
def test_roughness_of_every_kind_loses_nothing_blames_nobody_and_ends(parts: Parts) -> None:
    random = Random(SEED)  # noqa: S311 - the same every time
    roughness = Roughness(parts.state, random)
    slow_steps, key_step = random.sample(range(STEPS), ENDLESS_STEPS), random.randrange(STEPS // 2, STEPS)
    job = job_of(parts, random, strict=False)
    looks = Looks(parts)
    for step in range(STEPS):
        if step == key_step:
            looks.wait_out()
            roughness.roll_keys()
        job.identify()
        endless = ceil(len(ENDLESS_KINDS) / ENDLESS_STEPS) if step in slow_steps else 0
        ordered = roughness.order(most=MOST_AT_ONCE, endless=endless)
        # A document is read once in the life of an instance.
        if random.random() < NEW_INSTANCES or any(words.startswith("document") for words in ordered):
            begin_anew(parts)
        job.do(job.acts())
        if random.random() < RUNS_OF_THE_TIMER:
            job.run_timer()
        roughness.end()
        looks.note()
        assert not job.wrong, (step, ordered, job.wrong)
        job.pass_time()
    job.recover()


@pytest.mark.timeout(600)
def test_what_networks_do_every_day_is_noticed_by_nobody(parts: Parts) -> None:
    random = Random(SEED)  # noqa: S311 - as above
    roughness = Roughness(parts.state, random, kinds={name: KINDS[name] for name in HARMLESS})
    job = job_of(parts, random, strict=True)
    for step in range(STEPS):
        ordered = roughness.order(most=MOST_AT_ONCE, endless=0)
        job.do(job.acts())
        if random.random() < RUNS_OF_THE_TIMER:
            job.run_timer()
        roughness.end()
        assert not job.wrong, (step, ordered, job.wrong)
        job.pass_time()
        job.identify()
    job.recover()
