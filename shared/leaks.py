"""Secrets that come in an address: refused unread and put on record by name, since every log on the way has them."""

from collections.abc import Mapping

from shared.bursts import Bursts
from shared.errors import SecretLeaked

# What OAuth names its secrets (RFC 6749, 7521, 7636, 8628, 8693, OpenID Connect).
SECRET_PARAMETERS = frozenset(
    {"access_token", "refresh_token", "id_token", "code", "code_verifier", "device_code"}
    | {"assertion", "client_assertion", "client_secret", "password", "subject_token", "actor_token"}
)


def require_nothing_leaked(parameters: Mapping[str, str], *, route: str, correlation: str, bursts: Bursts) -> None:
    """Raise SecretLeaked for a query that holds a secret; neither error nor record has its value."""
    leaked = sorted({name.lower() for name in parameters} & SECRET_PARAMETERS)
    if leaked:
        bursts.tell(
            "secret.leaked",
            who={},
            kind={"route": route},
            asked={"parameters": leaked},
            latest={"correlation_id": correlation},
        )
        raise SecretLeaked(f"Its parameter is called {', '.join(leaked)}.")
