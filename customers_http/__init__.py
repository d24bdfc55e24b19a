"""The partner's customers: who they are, the application's consent in each, what works there, what is forgotten."""

import azure.functions as func

from customers_http import (
    check_routes,
    customer_routes,
    exclusion_routes,
    flush_routes,
    history_routes,
    offboarding_routes,
    status_routes,
)
from customers_http.dependencies import Dependencies

__all__ = ["Dependencies", "blueprints"]


def blueprints(dependencies: Dependencies) -> list[func.Blueprint]:
    """The operators' routes; all are anonymous to the host, and guarded in code."""
    parts = (
        customer_routes,
        check_routes,
        status_routes,
        flush_routes,
        exclusion_routes,
        history_routes,
        offboarding_routes,
    )
    return [part.blueprint(dependencies) for part in parts]
