"""The tokens the authority gives: values whose secrets never show in a repr."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from shared.audit import fingerprint
from shared.entra.place import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A token for one resource in one tenant; `scope` is what was really granted, space-separated.

    `roles` are the app roles in it, and `compared` names the claims that were held against what was asked; a token need
    not be readable (matching.py).
    `sha256` is the token's fingerprint, made once: a token is handed out many times.
    """

    token: str = field(repr=False)
    expires_on: datetime
    scope: str
    tenant_id: str
    roles: tuple[str, ...] = ()
    compared: tuple[str, ...] = ()
    sha256: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Take the fingerprint."""
        object.__setattr__(self, "sha256", fingerprint(self.token))


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSet:
    """What one token request yields: an access token, and the refresh token that replaces the one used.

    The id_token says who consented. A sign-in always brings one, an exchange may leave it out (""); it is unverified
    until somebody verifies it.
    """

    access_token: AccessToken
    refresh_token: str = field(repr=False)
    unverified_id_token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """One sign-in on its way: what was sent along to the authority and must come back, or be shown, unchanged."""

    tenant_id: str
    scope: str
    redirect_uri: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSignIn:
    """One sign-in through another device (RFC 8628): what the person types where, and what the broker polls with.

    `interval` is how many seconds to leave between two polls.
    """

    tenant_id: str
    scope: str
    device_code: str = field(repr=False)
    user_code: str
    verification_uri: str
    interval: int
    expires_on: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAnswer:
    """What a poll got instead of tokens: the error of RFC 8628 section 3.5."""

    error: str


class Exchanger(Protocol):
    """Whoever turns a refresh token into an access token: the authority, and in tests a scripted one."""

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
        """An access token of this tenant for this scope, and the next refresh token; raises errors of the tree.

        `place` says what the tenant is to the person, and so what its refusals mean.
        """


class Issuing(Exchanger, Protocol):
    """Whoever gives tokens of a person and of the application: the authority, and in tests a scripted one."""

    def for_application(self, *, tenant_id: str, scope: str, place: Place, claims: str | None = None) -> AccessToken:
        """An app-only token of this tenant for one `.default` scope; raises errors of the tree."""
