"""Acts that were pressed: each is done once, and what it came to is kept for a day, for whoever pressed it.

A button's form has an id of its own. So a page that is reloaded, or a button that is pressed twice, shows what was done
and does nothing again. An act is done on the task of the request that brought it: the host drops other tasks' records.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from console_http.refusals import ConsoleBusy
from shared.clock import Clock, from_text, to_text
from shared.errors import BrokerError, InvalidRequest
from shared.pool import Pool
from shared.rows import Row, Rows
from shared.witness import witness

TABLE = "brokerdeeds"
ID = re.compile(r"[0-9a-f]{32}")
KEPT_FOR = timedelta(days=1)
# No act goes on for longer; the front end of the app ends a request after 230 seconds.
LONGEST = timedelta(seconds=240)
# So many acts that wait for other services go on at once.
MOST = 4
# A text of a row has 32,768 units at most; these are ASCII.
PIECE = 30_000


type Work = Callable[[], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visited:
    """Which person's request it is, to which function, and what ties its records together."""

    who: str
    route: str
    correlation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One act: what, at which customer, by which consent, and since when; `told` or `error` once it has ended."""

    id: str
    kind: str
    tenant: str
    consent: str
    begun_on: datetime
    ended_on: datetime | None = None
    told: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None

    def state(self, now: datetime) -> str:
        """Whether it is done, was refused, goes on, or nobody knows how it ended."""
        if self.ended_on is not None:
            return "done" if self.error is None else "refused"
        return "going" if now - self.begun_on < LONGEST else "lost"


@dataclass(slots=True, kw_only=True)
class Deeds:
    """`pool` waits for the rows alone; for one event loop."""

    rows: Rows
    clock: Clock
    pool: Pool
    _going: dict[tuple[str, str], asyncio.Future[None]] = field(default_factory=dict)
    _slow: dict[tuple[str, str], str] = field(default_factory=dict)

    async def once(self, deed: Deed, work: Work, *, visit: Visited, is_slow: bool) -> None:
        """Do it unless it was done, or wait until it is. Raises ConsoleBusy, and what the rows raise.

        A refusal is no failure here: it is on record, and it is what the deed came to.
        """
        key = visit.who, checked_id(deed.id)
        before = self._going.get(key)
        if before is not None:
            await asyncio.wait({before}, timeout=LONGEST.total_seconds())
            return
        if is_slow:
            self._require_free(deed.tenant)
            self._slow[key] = deed.tenant
        going = self._going[key] = asyncio.get_running_loop().create_future()
        try:
            if await self.pool.run(lambda: self._began(visit.who, deed)):
                ended = await self._ended(deed, work, visit)
                await self.pool.run(lambda: self._put(visit.who, ended))
        finally:
            del self._going[key]
            self._slow.pop(key, None)
            going.set_result(None)

    def find(self, who: str, unverified_id: str) -> Deed | None:
        """The deed of this person with this id; None where there is none any more. May block."""
        row = self.rows.get(TABLE, who, checked_id(unverified_id))
        found = _deed(row) if row else None
        return found if found is not None and self.clock() - found.begun_on < KEPT_FOR else None

    def _require_free(self, tenant: str) -> None:
        if tenant in self._slow.values():
            raise ConsoleBusy("For this customer one goes on now.")
        if len(self._slow) >= MOST:
            raise ConsoleBusy(f"There are {MOST} that go on now.")

    def _began(self, who: str, deed: Deed) -> bool:
        """Remember that it goes on; whether it was not done before. What has been kept for long enough goes."""
        if self.rows.get(TABLE, who, deed.id) is not None:
            return False
        now = self.clock()
        for row in list(self.rows.select(TABLE, who)):
            old = _deed(row)
            if old is None or now - old.begun_on >= KEPT_FOR:
                self.rows.delete(TABLE, who, row.key)
        # Of two instances that were asked at once, one is told that it was the first.
        return self.rows.add(TABLE, _row(who, deed))

    async def _ended(self, deed: Deed, work: Work, visit: Visited) -> Deed:
        try:
            told = await work()
        except BrokerError as error:
            error.knowing(tenant=deed.tenant, consent=deed.consent)
            witness().refused(error, route=visit.route, correlation=visit.correlation)
            return replace(deed, ended_on=self.clock(), error=_refused(error, visit.correlation))
        except Exception:
            refused = _refused(BrokerError(), visit.correlation)
            await self.pool.run(lambda: self._put(visit.who, replace(deed, ended_on=self.clock(), error=refused)))
            raise
        return replace(deed, ended_on=self.clock(), told=told)

    def _put(self, who: str, deed: Deed) -> None:
        self.rows.put(TABLE, _row(who, deed))


def _row(who: str, deed: Deed) -> Row:
    text = json.dumps({"told": deed.told, "error": deed.error})
    pieces = [text[start : start + PIECE] for start in range(0, len(text), PIECE)]
    moments = {
        "begun_on": to_text(deed.begun_on),
        **({"ended_on": to_text(deed.ended_on)} if deed.ended_on else {}),
    }
    named = {"kind": deed.kind, "tenant": deed.tenant, "consent": deed.consent, **moments}
    fields = {**named, **{f"piece{number}": piece for number, piece in enumerate(pieces)}}
    return Row(partition=who, key=deed.id, fields=fields)


def _refused(error: BrokerError, correlation: str) -> dict[str, Any]:
    return {
        "code": error.code,
        "authority_code": error.authority_code,
        "says": error.says,
        "detail": error.detail,
        "remedy": error.remedy,
        "is_transient": error.transient,
        "means": error.act.means,
        "correlation": correlation,
    }


def checked_id(unverified_id: str) -> str:
    """The id, if a form of ours may have had it; raises InvalidRequest."""
    if not ID.fullmatch(unverified_id):
        raise InvalidRequest("id: what the form has.")
    return unverified_id


def _deed(row: Row) -> Deed | None:
    given = {name: str(value) for name, value in row.fields.items()}
    try:
        pieces = sorted((int(name.removeprefix("piece")), text) for name, text in given.items() if name[:5] == "piece")
        kept = json.loads("".join(text for _, text in pieces))
        return Deed(
            id=row.key,
            kind=given["kind"],
            tenant=given["tenant"],
            consent=given["consent"],
            begun_on=from_text(given["begun_on"]),
            ended_on=from_text(given["ended_on"]) if "ended_on" in given else None,
            told=kept["told"],
            error=kept["error"],
        )
    except (KeyError, ValueError, TypeError):
        return None
