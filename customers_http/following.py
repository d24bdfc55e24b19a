"""A change followed to its end: in threads that may wait, and with the tenant forgotten that it was made in."""

from collections.abc import Callable
from typing import Any

from customers_http.change import Change
from shared.errors import BrokerError
from shared.forgetting import Forgetting
from shared.pool import Pool

type Act = Callable[[Change], dict[str, Any]]


async def followed(change: Change, act: Act, *, pool: Pool, forgetting: Forgetting) -> dict[str, Any]:
    """What `act` tells of the change; raises what it raises, with what is known of the change."""
    try:
        return await pool.run(lambda: act(change))
    except BrokerError as error:
        error.knowing(**change.facts)
        raise
    finally:  # what failed may have been done all the same
        if not change.dry_run:
            forgetting.soon(change.tenant_id)
