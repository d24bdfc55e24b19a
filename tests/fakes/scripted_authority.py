"""An Exchanger that answers as the test says: a token for each request, or the error that was planted."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from shared.clock import Clock, utc_now
from shared.entra.authority_errors import ErrorAnswer, judge
from shared.entra.place import Place
from shared.entra.tokens import AccessToken, TokenSet
from shared.errors import BrokerError


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One exchange that was asked for; the application asks with no refresh token ("")."""

    refresh_token: str = field(repr=False)
    tenant_id: str
    scope: str
    place: Place
    person: str | None = None
    claims: str | None


def says(error: str, *codes: int) -> Callable[[Asked], BrokerError]:
    """A `refuse` that is Entra ID's own word, judged in the place that the exchange was asked for."""

    def refuse(asked: Asked) -> BrokerError:
        return judge(ErrorAnswer(tenant_id=asked.tenant_id, error=error, codes=codes), asked.place)

    return refuse


@dataclass(slots=True)
class ScriptedAuthority:
    """Gives numbered tokens; `refuse` may return an error to raise for a request; `asked` keeps every request.

    `text` makes the token of a request: one that is no JWT and so tells nothing, unless a test says otherwise.
    """

    clock: Clock = utc_now
    lifetime: timedelta = timedelta(minutes=75)
    refuse: Callable[[Asked], BrokerError | None] = lambda _asked: None
    asked: list[Asked] = field(default_factory=list)
    text: Callable[[int], str] = "access-token-{}".format
    # Of each token of the application.
    roles: tuple[str, ...] = ()

    def exchange(
        self,
        refresh_token: str,
        *,
        tenant_id: str,
        scope: str,
        place: Place,
        person: str | None = None,
        claims: str | None = None,
    ) -> TokenSet:
        """See Exchanger; each refresh token is followed by `<token>+`."""
        asked = Asked(
            refresh_token=refresh_token, tenant_id=tenant_id, scope=scope, place=place, person=person, claims=claims
        )
        return TokenSet(access_token=self._answered(asked), refresh_token=f"{refresh_token}+", unverified_id_token="")

    def for_application(self, *, tenant_id: str, scope: str, place: Place, claims: str | None = None) -> AccessToken:
        """See Issuing."""
        asked = Asked(refresh_token="", tenant_id=tenant_id, scope=scope, place=place, claims=claims)
        return replace(self._answered(asked), roles=self.roles)

    def _answered(self, asked: Asked) -> AccessToken:
        self.asked.append(asked)
        error = self.refuse(asked)
        if error is not None:
            raise error
        return AccessToken(
            token=self.text(len(self.asked)),
            expires_on=self.clock() + self.lifetime,
            scope=asked.scope,
            tenant_id=asked.tenant_id,
        )
