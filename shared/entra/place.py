"""Where the authority says something: at a sign-in, in the person's own tenant, or in a customer's."""

from enum import Enum
from typing import Self


class Place(Enum):
    """The same error means other things in other places, so whoever asks the authority says where."""

    SIGN_IN = "sign_in"
    HOME = "home"
    CUSTOMER = "customer"

    @classmethod
    def of(cls, tenant_id: str, *, home: str) -> Self:
        """The place of an exchange for this tenant by a person whose own tenant is `home`."""
        return cls.HOME if tenant_id == home else cls.CUSTOMER
