"""Consent: the one-time link, the sign-in, and the operators' routes."""

import azure.functions as func

from consent_http import act_routes, browser_routes, operator_routes
from consent_http.dependencies import Dependencies

__all__ = ["Dependencies", "blueprints"]


def blueprints(dependencies: Dependencies) -> list[func.Blueprint]:
    """The routes of a person's browser and of operators.

    All are anonymous to the host, and guarded in code: a function key travels as `?code=`, as OAuth's code does.
    """
    parts = (browser_routes, operator_routes, act_routes)
    return [part.blueprint(dependencies) for part in parts]
