"""The tree of everything that can go wrong: its root, and the branches that more than one room raises.

BrokerError
├── InvalidRequest             the request itself is wrong
│   └── BodyTooLarge, LengthRequired, MethodNotAllowed, SecretLeaked
├── NotAuthenticated           the assertion proves nothing (keys, callers)
│   └── AssertionMissing
├── NotAuthorized              known, and not allowed (callers, token_http)
├── ConsentRefused             a consent is not given, nothing is stored (consent_http, entra)
├── ConsentUnusable            no token can come from this stored consent (consents, entra)
│   ├── ConsentUnreadable
│   └── ConsentNameBlocked
├── vault_errors.VaultRefused  the broker's own identity, network or request
└── Unavailable                worth trying again (customers)
    ├── AuthorityUnavailable, IdentityUnavailable
    └── vault_errors.VaultUnavailable

What one room or package alone raises stands there, in its `errors.py` or `refusals.py`; docs/errors.md has all.
Each code, its status, meaning, remedy and act stand once, in these classes; `make docs` writes the page. The remedy
is worded for who speaks HTTP; the act (acts.py) is for clients, which word it for their readers.
`error` is the OAuth error code (RFC 6749 section 5.2, RFC 6750 section 3.1), `status` the HTTP status.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from shared import acts
from shared.acts import Act

# What a caller is asked to wait when nobody else said how long, and so how long such a failure is remembered.
SHORT_RETRY_SECONDS = 5


class BrokerError(Exception):
    """Anything the broker refuses or fails at; `detail` adds what is safe to tell the one who asked."""

    code: ClassVar[str] = "internal_error"
    error: ClassVar[str] = "server_error"
    status: ClassVar[int] = 500
    transient: ClassVar[bool] = False
    says: ClassVar[str] = "Something failed inside the broker."
    remedy: ClassVar[str] = "Give the correlation id to the broker's administrator."
    act: ClassVar[Act] = acts.REPORT
    known: ClassVar[Mapping[str, str]] = {}  # what the act of each such error is told with

    def __init__(self, detail: str = "", *, retry_after: int | None = None, authority_code: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after
        self.authority_code = authority_code
        self.facts = dict(self.known)

    def afresh(self) -> Self:
        """The same error without the frames it passed through: what is remembered must hold nothing else alive."""
        fresh = type(self)(self.detail, retry_after=self.retry_after, authority_code=self.authority_code)
        return fresh.knowing(**self.facts)

    def knowing(self, **facts: str) -> Self:
        """This error, its act told with these facts too; what was known before stays."""
        self.facts = {**facts, **self.facts}
        return self

    @property
    def happened(self) -> str:
        """What happened, with the detail and Entra ID's number."""
        parts = [self.says, self.detail, f"(AADSTS{self.authority_code})" if self.authority_code else ""]
        return " ".join(part for part in parts if part)

    @property
    def description(self) -> str:
        """One paragraph for the one who asked: what happened, the remedy."""
        return f"{self.happened} {self.remedy}"

    @property
    def what_to_do(self) -> dict[str, Any]:
        """The remedy in words, and the act for a client that has better ones for its reader."""
        return {"remedy": self.remedy, "act": self.act.told(self.facts)}


class InvalidRequest(BrokerError):
    """The request itself is wrong; `detail` says which part."""

    code, error, status = "invalid_request", "invalid_request", 400
    says, remedy = "The request cannot be understood.", "Correct it as said; docs/token-endpoint.md shows one."
    act = acts.CORRECT_REQUEST


class BodyTooLarge(InvalidRequest):
    """The body is larger than anything this route takes."""

    code, status = "body_too_large", 413
    says, remedy = "The request body is too large.", "Send only the fields of this route."


class LengthRequired(InvalidRequest):
    """The body was sent in chunks, and the platform did not hand it on."""

    code, status = "length_required", 411
    says = "The request body was sent in chunks, without its length, and did not arrive."
    remedy = "Send Content-Length instead of chunks. In .NET, call LoadIntoBufferAsync on the content first."


class MethodNotAllowed(InvalidRequest):
    """The route is there, for other methods; `detail` says which."""

    code, status = "method_not_allowed", 405
    says, remedy = "This route does not take that method.", "GET /api/openapi.json describes each route."


class SecretLeaked(InvalidRequest):
    """The query holds a secret; `detail` has the name of its parameter, and never its value."""

    code, act = "secret_leaked", acts.REVOKE_SECRET
    says = "A secret was sent in the address, where every log on its way keeps it."
    remedy = "Revoke it. Send the new one in the Authorization header, or in the body where the route says so."


class NotAuthenticated(BrokerError):
    """The assertion proves nothing."""

    code, error, status = "not_authenticated", "invalid_token", 401
    says, act = "The caller's token was not accepted.", acts.SIGN_IN
    remedy = "Get a token for this broker with your managed identity and send it as Authorization: Bearer."


class AssertionMissing(NotAuthenticated):
    """No bearer token came."""

    code, says = "assertion_missing", "No bearer token was sent."


class NotAuthorized(BrokerError):
    """Known, and not allowed."""

    code, error, status = "not_authorized", "access_denied", 403
    says, remedy, act = "This is not allowed to you.", "Ask the broker's administrator.", acts.ASK_ADMINISTRATOR


class ConsentRefused(BrokerError):
    """Nothing was stored; `person` is the object id of whoever signed in, once that was verified."""

    person: str | None = None
    code, error, status = "consent_refused", "access_denied", 400
    says, act = "This consent was not accepted; nothing was stored.", acts.ASK_LINK
    remedy = "Ask for a new link and try again."


class ConsentUnusable(BrokerError):
    """No token can come from this consent."""

    code, error, status = "consent_unusable", "invalid_grant", 400
    says, act = "This consent cannot be used.", acts.LINK
    remedy = "An operator makes a link with POST /api/consents/{name}/link, and a person consents anew."


class ConsentUnreadable(ConsentUnusable):
    """What is stored is disabled, broken, or written by a newer version; nothing was changed."""

    code, status, error, act = "consent_unreadable", 500, "server_error", acts.ENABLE_SECRET
    says = "What is stored for this consent cannot be read; nothing was changed."
    remedy = "Enable or restore the secret named here in Key Vault, or make a link and consent anew."


class ConsentNameBlocked(ConsentUnusable):
    """The secret was deleted outside the broker: Key Vault blocks its name until recovered."""

    code, status, error, act = "consent_name_blocked", 409, "server_error", acts.RECOVER_SECRET
    says = "A secret of this name was deleted in Key Vault, which blocks the name."
    remedy = "Recover it: az keyvault secret recover --vault-name <vault> --name <secret>."


class Unavailable(BrokerError):
    """Worth trying again."""

    code, error, status, transient, act = "unavailable", "temporarily_unavailable", 503, True, acts.RETRY
    says, remedy = "A service behind the broker does not answer.", "Try again after the time in Retry-After."


class AuthorityUnavailable(Unavailable):
    """Entra ID does not answer, or throttles."""

    code, says = "authority_unavailable", "The authority (Entra ID) does not answer or asks to wait."


class IdentityUnavailable(Unavailable):
    """The platform does not give the broker its own managed identity's token."""

    code, says = "identity_unavailable", "The broker's managed identity gives no token."


def kind_of(code: str) -> type[BrokerError] | None:
    """The error with this stable code; None for a code nobody has."""
    classes = [BrokerError]
    while classes:
        kind = classes.pop()
        if kind.code == code:
            return kind
        classes.extend(kind.__subclasses__())
    return None
