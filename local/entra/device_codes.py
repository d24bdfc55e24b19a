"""Device codes (RFC 8628): a device waits while a person types its user code into a browser."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from local.entra.aadsts import EntraError
from local.entra.parameters import Parameters
from local.entra.sessions import Session
from local.entra.sign_in_request import SignInRequest
from local.ledger import Ledger
from local.world import Tenant

LIFETIME = timedelta(minutes=15)
INTERVAL = 5
# Letters and digits that cannot be mistaken for each other, as the real user codes have.
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass(slots=True, kw_only=True)
class DeviceGrant:
    """One device's request, and what became of it."""

    device_code: str
    user_code: str
    request: SignInRequest
    issued: datetime
    session: Session | None = None
    tenant: Tenant | None = None
    declined: bool = False
    redeemed: bool = False

    @property
    def expired(self) -> bool:
        """Whether fifteen minutes have passed."""
        return datetime.now(UTC) - self.issued > LIFETIME


class DeviceCodes:
    """The devices that wait for a person."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._grants: list[DeviceGrant] = []

    def begin(self, *, tenant_segment: str, client_id: str, scope: str) -> DeviceGrant:
        """A new device and user code for a client."""
        user_code = "".join(secrets.choice(_ALPHABET) for _ in range(9))
        request = SignInRequest(tenant_segment=tenant_segment, client_id=client_id, scope=scope, user_code=user_code)
        grant = DeviceGrant(
            device_code=f"DA{secrets.token_urlsafe(64)}", user_code=user_code, request=request, issued=datetime.now(UTC)
        )
        self._ledger.record("device_code", grant.device_code)
        self._grants.append(grant)
        return grant

    def waiting(self, user_code: str) -> DeviceGrant:
        """The device that shows this user code; raises AADSTS70018 when there is none, or no longer."""
        typed = user_code.strip().upper()
        for grant in self._grants:
            if grant.user_code == typed and grant.session is None and not (grant.declined or grant.expired):
                return grant
        raise EntraError(70018)

    def approve(self, user_code: str, session: Session, *, tenant: Tenant) -> None:
        """Let the device go on as the person who signed in; raises AADSTS70018 when it no longer waits."""
        grant = self.waiting(user_code)
        grant.session, grant.tenant = session, tenant

    def decline(self, user_code: str) -> None:
        """Let the device know that the person would not."""
        for grant in self._grants:
            grant.declined = grant.declined or grant.user_code == user_code

    def poll(self, parameters: Parameters, *, client_id: str) -> DeviceGrant:
        """The device's grant once a person signed in; raises AADSTS70016, 70018, 70019, 54005, or `declined`."""
        device_code = parameters.get("device_code") or parameters.required("code")
        grant = next((grant for grant in self._grants if grant.device_code == device_code), None)
        if grant is None or grant.request.client_id != client_id:
            raise EntraError(70018)
        if grant.declined:
            raise EntraError(65004, error="authorization_declined")
        if grant.expired:
            raise EntraError(70019)
        if grant.session is None:
            raise EntraError(70016)
        if grant.redeemed:
            raise EntraError(54005)
        grant.redeemed = True
        return grant
