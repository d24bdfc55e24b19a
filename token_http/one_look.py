"""A message is answered out of one look at memory: what is missing is fetched, and then everything is looked at anew.

So nothing that was decided before a wait is believed after it. A consent that is withdrawn, or a permission that is
removed, while a token is on its way stops that token, and all others of the same message.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from shared.clock import Clock
from shared.consents.errors import ConsentInMotion
from shared.errors import Unavailable
from token_http.issuer import Issuer
from token_http.message import Issued
from token_http.wanted import Missing, Wanted

# A message waits this long at most, in queues and for answers; under the 230 s after which the platform hangs up
# (learn: functions-scale), and over what 1,200 exchanges of one caller take.
PATIENCE = 150.0
# Readings, an exchange, readings again: more only while somebody changes things meanwhile.
MOST_LOOKS = 12
type Looks = Sequence[Issued | Missing]


async def all_issued(issuer: Issuer, asked: Sequence[Wanted], *, clock: Clock) -> list[Issued]:
    """A token for each, all or none; raises the first refusal, which is then the `refusal` of the one it befell."""
    looks = _looks(issuer, asked, None)
    issued = _all(looks)
    if issued is not None:
        return issued
    try:
        async with asyncio.timeout(PATIENCE):
            return await _looked_up(issuer, asked, looks, clock)
    except TimeoutError as error:
        raise Unavailable("It took too long.") from error


async def _looked_up(issuer: Issuer, asked: Sequence[Wanted], looks: Looks, clock: Clock) -> list[Issued]:
    for _ in range(MOST_LOOKS):
        missing = [(wanted, look) for wanted, look in zip(asked, looks, strict=True) if isinstance(look, Missing)]
        # What decides first: an exchange may take long, and no reading is to grow old beside it.
        readings = [(wanted, look) for wanted, look in missing if look.is_reading]
        read_since = clock() if readings else None
        await _fetch(readings or missing)
        looks = _looks(issuer, asked, read_since)
        issued = _all(looks)
        if issued is not None:
            return issued
    raise ConsentInMotion


def _looks(issuer: Issuer, asked: Sequence[Wanted], since: datetime | None) -> Looks:
    return [_look(issuer, wanted, since) for wanted in asked]


def _look(issuer: Issuer, wanted: Wanted, since: datetime | None) -> Issued | Missing:
    try:
        return issuer.look(wanted, since=since)
    except Exception as error:
        wanted.refusal = error
        raise


def _all(looks: Looks) -> list[Issued] | None:
    """The tokens of these looks; None unless each found one."""
    issued = [look for look in looks if isinstance(look, Issued)]
    return issued if len(issued) == len(looks) else None


async def _fetch(missing: Sequence[tuple[Wanted, Missing]]) -> None:
    """Fetch what is missing, side by side; raises the first refusal and waits for no other."""
    if len(missing) == 1:
        await _fetch_one(*missing[0])
        return
    try:
        async with asyncio.TaskGroup() as group:
            for wanted, look in missing:
                group.create_task(_fetch_one(wanted, look))
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None


async def _fetch_one(wanted: Wanted, look: Missing) -> None:
    try:
        await look.fetch()
    except Exception as error:
        wanted.refusal = error
        raise
