"""What the broker says of itself once it has looked: the first question of all makes it begin."""

import time

import httpx

from local.person import usual_trust

PATIENCE = 60


def health_of(host: str) -> httpx.Response:
    """The answer of GET /api/health in which every part was seen; the last one where that does not come about."""
    until = time.monotonic() + PATIENCE
    while True:
        answer = httpx.get(f"{host}/api/health", trust_env=False, timeout=PATIENCE, verify=usual_trust())
        if "unseen" not in answer.json()["parts"].values() or time.monotonic() > until:
            return answer
        time.sleep(0.05)
