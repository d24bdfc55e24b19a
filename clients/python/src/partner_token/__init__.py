"""Client of the Secure Application Model broker: tokens for customers' tenants, through any Azure SDK."""

from partner_token.credential import BrokerCredential
from partner_token.errors import BrokerError

__all__ = ["BrokerCredential", "BrokerError"]
