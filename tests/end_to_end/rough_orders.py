"""Roughness of every kind for a whole stack, by chance and by a seed: what is ordered, and of which part."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Any

from local.controls import Controls
from local.rough.by_hand import UNLISTED
from local.rough.oddities import ODDITIES
from local.state import StackState
from local.world import CONTOSO, NORTHWIND, PARTNER_TENANT

DISCOVERY = "/.*/openid-configuration"
# Parts that the broker asks, and of each what it is asked.
PLACES = (
    ("entra", DISCOVERY),
    ("entra", "/.*/keys"),
    ("entra", "/.*/token"),
    ("token_vault", "/secrets/consent-.*"),
    ("token_vault", "/secrets/renewal-.*"),
    ("token_vault", "/secrets/link-keys.*"),
    ("token_vault", "/secrets"),
    ("policy_vault", "/secrets.*"),
    ("managed_identity", ".*"),
    ("partner_center", ".*"),
)
PARTS = tuple(sorted({part for part, _ in PLACES}))
# More than the broker should read, and little enough to be made while a test waits.
HUGE = 3_000_000
# Later than the broker should wait for; and soon enough.
ENDLESS, SOON = 60.0, 0.3
EVEN = 0.5
# What a customer's tenant may call a refusal that nobody has listed.
ERRORS = ("invalid_grant", "interaction_required", "invalid_request", "unauthorized_client", "invalid_client")
# At home these two change nobody's state (and the first two would, three runs in a row).
ERRORS_AT_HOME = ("invalid_request", "unauthorized_client")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One message to the control door of a part."""

    part: str
    route: str
    content: Mapping[str, Any]


type Draw = Callable[[Random], Order]


def fault(**chosen: Any) -> Draw:  # noqa: ANN401 - JSON
    """A fault for one to three requests somewhere."""

    def draw(random: Random) -> Order:
        part, path = random.choice(PLACES)
        return Order(part=part, route="faults", content={"path": path, "times": random.randint(1, 3), **chosen})

    return draw


def either(*draws: Draw) -> Draw:
    """One of these."""
    return lambda random: random.choice(draws)(random)


def forgetting(ending: str) -> Draw:
    """What idles at one part is forgotten."""
    return lambda random: Order(part=random.choice(PARTS), route="forget", content={"ending": ending})


def unlisted(random: Random) -> Order:
    """Entra ID refuses in a customer's tenant, or at home, by a number that is in no list."""
    tenant = random.choice((CONTOSO, NORTHWIND, PARTNER_TENANT))
    error = random.choice(ERRORS_AT_HOME if tenant == PARTNER_TENANT else ERRORS)
    met = {"tenant": tenant, "times": random.randint(1, 2)}
    return Order(part="entra", route="errors", content={"code": UNLISTED, "error": error, **met})


def document(member: str, value: str) -> Draw:
    """One member of one discovery document leads elsewhere."""
    content = {"path": DISCOVERY, "mode": "odd_json", "members": {member: value}}
    return lambda _random: Order(part="entra", route="faults", content=content)


KINDS: Mapping[str, Draw] = {
    "forgotten, by reset": forgetting("reset"),
    "forgotten, by close": forgetting("close"),
    "reset": fault(mode="reset"),
    "reset after it was done": fault(mode="reset", drop="after"),
    "closed": fault(drop="before"),
    "closed after it was done": fault(drop="after"),
    "late": fault(delay=SOON),
    "dripping": either(fault(mode="drip", pause=0.001), fault(mode="drip_headers", pause=0.001)),
    "huge": fault(mode="huge", size=HUGE),
    "compressed huge": fault(mode="compressed_huge", size=HUGE),
    "truncated": fault(mode="truncated"),
    "longer than its length": fault(mode="wrong_length", by=-10),
    "garbage": fault(mode="garbage"),
    "not HTTP": fault(mode="not_http"),
    "odd JSON": either(*(fault(mode="odd_json", oddity=oddity) for oddity in ODDITIES)),
    "document of another token endpoint": document("token_endpoint", "https://elsewhere.example/token"),
    "document of a bare token endpoint": document("token_endpoint", "http://127.0.0.1:9/token"),
    "document of other keys": document("jwks_uri", "https://elsewhere.example/keys"),
    "document of other pages": document("authorization_endpoint", "https://elsewhere.example/authorize"),
    "document of another issuer": document("issuer", "https://elsewhere.example/{tenantid}/v2.0"),
    "503": fault(status=503, headers={"Retry-After": "1"}),
    "an unlisted number": unlisted,
}
# What a network does every day.
HARMLESS = ("forgotten, by reset", "forgotten, by close", "late", "dripping")
# Each costs the broker as long as it waits, and is met once.
ENDLESS_KINDS: Mapping[str, Draw] = {
    "forgotten, in silence": forgetting("silence"),
    "silence": fault(mode="silence", times=1),
    "silence after it was done": fault(mode="silence", drop="after", times=1),
    "very late": fault(delay=ENDLESS, times=1),
    "dripping for ever": fault(mode="drip", pause=1.0, times=1),
    "headers dripping for ever": fault(mode="drip_headers", pause=1.0, times=1),
    "shorter than its length": fault(mode="wrong_length", by=10, times=1),
}


class Roughness:
    """Orders by chance: each kind once before any comes again, as cards are dealt."""

    def __init__(
        self,
        state: StackState,
        random: Random,
        *,
        kinds: Mapping[str, Draw] = KINDS,
        endless_kinds: Mapping[str, Draw] = ENDLESS_KINDS,
    ) -> None:
        self._state = state
        self._random = random
        self._kinds = self._dealt(kinds)
        self._endless_kinds = self._dealt(endless_kinds)

    def order(self, *, most: int, endless: int) -> list[str]:
        """Order up to `most` of KINDS and so many of ENDLESS_KINDS; returns what, in words."""
        dealt = [next(self._kinds) for _ in range(self._random.randint(0, most))]
        return [self._order(*kind) for kind in (*dealt, *islice(self._endless_kinds, endless))]

    def end(self) -> None:
        """Nothing that was ordered happens any more."""
        for part in PARTS:
            self._controls(part).clear("faults")
        self._controls("entra").clear("errors")

    def roll_keys(self) -> None:
        """Entra ID signs with a new key, and may have withdrawn the older ones."""
        self._controls("entra").post("keys/rotate", {"alone": self._random.random() < EVEN})

    def _dealt(self, kinds: Mapping[str, Draw]) -> Iterator[tuple[str, Draw]]:
        while True:
            yield from self._random.sample(list(kinds.items()), len(kinds))

    def _order(self, name: str, draw: Draw) -> str:
        order = draw(self._random)
        self._controls(order.part).post(order.route, dict(order.content))
        where = order.content.get("path") or order.content.get("tenant") or ""
        return f"{name}: {order.part} {where}".rstrip()

    def _controls(self, part: str) -> Controls:
        return Controls(self._state, getattr(self._state, part))
