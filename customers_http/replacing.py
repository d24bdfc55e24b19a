"""Replacing: all that the application has in a tenant is read, taken back, made again with what lacked, and read back.

Partner Center changes no consent, and takes back all at once. Without the management application this is the only way
to add a scope to an API, so it is done on an operator's word alone, and only as a dry run has shown it.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from customers_http.api_state import ApiState, wanted_of
from customers_http.granting import COMPARED_EVERY, COMPARED_SECONDS, Granting, Place
from customers_http.plan import INCOMPLETE, REFUSED, SERVICE_MISSING, Row
from customers_http.seeing import Seeing, Seen
from shared.customers.access import Actor
from shared.customers.errors import PartnerCenterUnavailable
from shared.customers.granted import lacking
from shared.customers.patience import NO_TIME, is_over, seconds_left, within
from shared.customers.replacements import Replacements
from shared.errors import BrokerError

TRIES = 3
# Nothing is taken back unless so much is left of the request; making all again has a time of its own then.
ENOUGH, MAKING_SECONDS = 100.0, 120.0
STILL_KNOWN = "The old consent is still known there."


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacing:
    """Takes back and makes again; once something was taken back, nothing stops it before all was tried."""

    granting: Granting
    seeing: Seeing
    replacements: Replacements

    def follow(self, place: Place, rows: Sequence[Row], *, management: Actor | None) -> list[Row]:
        """Each API as it then is.

        Raises what Partner Center refuses before anything was taken back, and RowsUnavailable or RowsRefused where it
        cannot be kept what is to stand there in the end: whoever asks next makes that if this is cut.
        """
        # Of a service that is not there, nothing can be made.
        wanted = wanted_of([row.state for row in rows if row.outcome != SERVICE_MISSING])
        self.replacements.begin(place.change.tenant_id, wanted)
        if seconds_left() < ENOUGH:
            raise PartnerCenterUnavailable(NO_TIME)
        # Once alone: a consent that is withdrawn after this leaves the customer with what there was.
        place.actor.require_in_force()
        with within(MAKING_SECONDS):
            return self._followed(place, rows, wanted, management)

    def _followed(
        self, place: Place, rows: Sequence[Row], wanted: dict[str, tuple[str, ...]], management: Actor | None
    ) -> list[Row]:
        with suppress(PartnerCenterUnavailable):  # it may have been taken back all the same: making it again tells
            self.granting.center.remove_consent(
                place.center_token,
                place.change.tenant_id,
                application_id=place.client_id,
                correlation=place.change.correlation,
            )
        # What worked until now comes first.
        ordered = sorted(rows, key=lambda row: not row.state.is_granted)
        made = {row.state.grant.application_id: self._made(place, row, wanted) for row in ordered}
        seen = self._read_back(place, made, wanted, management)
        return [_told(made[row.state.grant.application_id], wanted, seen) for row in rows]

    def _made(self, place: Place, row: Row, wanted: dict[str, tuple[str, ...]]) -> Row:
        scopes = wanted.get(row.state.grant.application_id)
        if not scopes:
            return row
        try:
            self._posted(place, row.state, scopes)
        except BrokerError as error:
            return replace(row.became(REFUSED, error), lost=(*row.state.there, *row.lost))
        return row

    def _posted(self, place: Place, state: ApiState, scopes: Sequence[str]) -> None:
        """Ask until it is made: the old one may be known for a moment, and an answer may be lost."""
        error: BrokerError = PartnerCenterUnavailable(STILL_KNOWN)
        for attempt in range(TRIES):
            if attempt:
                self.granting.sleep(COMPARED_EVERY)
            try:
                if self.granting.post(place, state, scopes):
                    return
                error = PartnerCenterUnavailable(STILL_KNOWN)
            except PartnerCenterUnavailable as lost:
                error = lost
            if is_over():
                break
        if error.detail != STILL_KNOWN:
            raise error
        # It is there, whoever has made it; what it holds is read back.

    def _read_back(
        self, place: Place, made: dict[str, Row], wanted: dict[str, tuple[str, ...]], management: Actor | None
    ) -> Seen:
        until = self.granting.monotonic() + COMPARED_SECONDS
        while True:
            change = place.change
            seen = self.seeing.look(change.tenant_id, place.actor, management, correlation=change.correlation)
            if _is_whole(seen, wanted) or self.granting.monotonic() + COMPARED_EVERY > until or is_over():
                return seen
            self._make_absent(place, made, wanted, seen)
            self.granting.sleep(COMPARED_EVERY)

    def _make_absent(self, place: Place, made: dict[str, Row], wanted: dict[str, tuple[str, ...]], seen: Seen) -> None:
        """Ask once more for what is not there: a removal that got no answer may have been done after all was made."""
        for api, scopes in wanted.items():
            is_there = seen.standing is not None and seen.standing.grant_of(api) is not None
            if not is_there and made[api].outcome != REFUSED and not is_over():
                with suppress(BrokerError):
                    self.granting.post(place, made[api].state, scopes)


def _is_whole(seen: Seen, wanted: dict[str, tuple[str, ...]]) -> bool:
    return seen.standing is not None and not any(_absent(seen, api, scopes) for api, scopes in wanted.items())


def _absent(seen: Seen, api: str, scopes: Sequence[str]) -> tuple[str, ...]:
    granted = seen.standing.grant_of(api) if seen.standing else None
    return lacking(granted.scopes if granted else (), scopes)


def _told(row: Row, wanted: dict[str, tuple[str, ...]], seen: Seen) -> Row:
    """The row, corrected by what was read back."""
    api = row.state.grant.application_id
    absent = _absent(seen, api, wanted.get(api, ()))
    if row.outcome == REFUSED or not absent:
        return row
    gone = tuple(scope for scope in row.state.there if scope in absent)
    came = tuple(scope for scope in row.added if scope not in absent)
    return replace(row, outcome=INCOMPLETE, added=came, lost=(*gone, *row.lost), error=seen.error)
