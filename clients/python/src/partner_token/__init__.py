"""Client of the Secure Application Model broker: tokens for customers' tenants, through any Azure SDK."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from partner_token.credential import ApplicationCredential, BrokerCredential
    from partner_token.errors import BrokerError

__all__ = ["ApplicationCredential", "BrokerCredential", "BrokerError"]


def __getattr__(name: str) -> object:
    """Import the SDKs behind a name at its first use (PEP 562): the commands' help and completion need none."""
    if name == "ApplicationCredential":
        from partner_token.credential import ApplicationCredential

        return ApplicationCredential
    if name == "BrokerCredential":
        from partner_token.credential import BrokerCredential

        return BrokerCredential
    if name == "BrokerError":
        from partner_token.errors import BrokerError

        return BrokerError
    raise AttributeError(f"module 'partner_token' has no attribute {name!r}")
