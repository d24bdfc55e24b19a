"""Import: a refresh token from elsewhere (an old script's) becomes a consent, checked as a sign-in is.

It is exchanged at once, and only the new refresh token that this yields is stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consent_http.completion import IMPORT, Completion, Confirmation, Occasion
from consent_http.link import PERSON_FIELDS, Link, requested
from consent_http.link_standing import Standings
from consent_http.refusals import ImportExpired, ImportForeign, ImportRefused, ImportSinglePage
from consent_http.sign_in_refusals import RefreshTokenMissing
from shared.callers.assertion import Principal
from shared.consents.applications import Applications
from shared.consents.consent import checked_name
from shared.entra.aadsts import DEAD, ENDED, PASSWORD, SIGN_IN_FREQUENCY
from shared.entra.place import Place
from shared.entra.sign_in_refusals import ConditionalAccessBlocked, SignInFailed
from shared.entra.tokens import TokenSet
from shared.errors import BrokerError, InvalidRequest
from shared.settings import Settings

FIELDS: Mapping[str, type] = {"refresh_token": str, **PERSON_FIELDS}
LONGEST_TOKEN = 8192
# Of another client; of a single-page application: 24 hours are over, or only its own pages may redeem it.
FOREIGN, SINGLE_PAGE = frozenset({700007}), frozenset({700084, 9002327})
# Said of what is no refresh token at all too, so nobody is told that it has expired.
MALFORMED = frozenset({70000})
_BY_CODE: tuple[tuple[frozenset[int], type[ImportRefused]], ...] = (
    (FOREIGN, ImportForeign),
    (SINGLE_PAGE, ImportSinglePage),
    ((DEAD | ENDED | SIGN_IN_FREQUENCY | PASSWORD) - MALFORMED, ImportExpired),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """The import of refresh tokens; may block."""

    settings: Settings
    applications: Applications
    standings: Standings
    completion: Completion

    def run(
        self, unverified_name: str, fields: Mapping[str, Any], *, operator: Principal, correlation: str
    ) -> Confirmation:
        """Exchange, check, prove and store; raises ImportRefused, or what a sign-in is refused with."""
        refresh_token = _token(fields.get("refresh_token", ""))
        standing = self.standings.now(checked_name(unverified_name))
        link = requested(unverified_name, fields, standing=standing, settings=self.settings, operator=operator)
        first = self._exchanged(refresh_token, link)
        redeemed = TokenSet(
            access_token=first.access_token,
            refresh_token=first.refresh_token,
            unverified_id_token=first.unverified_id_token,
        )
        occasion = Occasion(way=IMPORT, operator=operator.object_id, correlation=correlation)
        return self.completion.complete(
            redeemed,
            link=link,
            scope=self.settings.consent_scope,
            nonce=None,
            in_force=standing.act,
            occasion=occasion,
        )

    def _exchanged(self, refresh_token: str, link: Link) -> TokenSet:
        """What the given refresh token yields, a new one included; raises why it is refused."""
        try:
            # The token is what a sign-in elsewhere has left: what is said of it is said of that sign-in.
            first = self.applications.of(link.name).authority.exchange(
                refresh_token, tenant_id=link.tenant_id, scope=self.settings.consent_scope, place=Place.SIGN_IN
            )
        except (SignInFailed, ConditionalAccessBlocked) as error:
            raise _refusal(error) from error
        if first.refresh_token == refresh_token:
            raise RefreshTokenMissing
        return first


def _token(given: str) -> str:
    token = given.strip()
    if not token or len(token) > LONGEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise InvalidRequest("refresh_token: the refresh token, as the old script keeps it, and nothing else.")
    return token


def _refusal(error: BrokerError) -> ImportRefused:
    kind = next((kind for codes, kind in _BY_CODE if error.authority_code in codes), ImportRefused)
    return kind(authority_code=error.authority_code)
