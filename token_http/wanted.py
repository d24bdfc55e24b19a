"""One token that a message wants, and what looking for it in memory can yield."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from shared.callers.assertion import Principal
from shared.entra.tokens import AccessToken
from token_http.message import TokenRequest
from token_http.notice import Notice
from token_http.policy import Decision
from token_http.token_cache import TokenKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A token that was fetched or remembered; `notices` when it is an older one, for want of an answer."""

    token: AccessToken
    from_cache: bool
    notices: tuple[Notice, ...] = ()


@dataclass(slots=True, kw_only=True)
class Wanted:
    """Who asks for what; the decision when there is one, what was fetched so far, and what refused it in the end.

    `asker` is who wants to know what the principal would get, where that is somebody else: an operator.
    """

    principal: Principal
    request: TokenRequest
    asker: str = ""
    decision: Decision | None = None
    fetched: dict[TokenKey, Found] = field(default_factory=dict)
    refusal: Exception | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What has to be fetched before one can look again: a reading of the vault, or else an exchange."""

    fetch: Callable[[], Awaitable[object]]
    is_reading: bool
