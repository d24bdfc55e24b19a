"""The console: what an operator sees and does in a browser, without a token in it."""

import azure.functions as func

from console_http import consent_acts, consents, customer_acts, customers, overview, policy, sign_in_routes
from console_http.dependencies import Consents, Dependencies
from console_http.door import Door

__all__ = ["Consents", "Dependencies", "blueprints"]
# One module for each page: it declares its routes at the door, which knows who comes.
PAGES = (overview, consents, consent_acts, customers, customer_acts, policy)


def blueprints(dependencies: Dependencies) -> list[func.Blueprint]:
    """The pages, and the way in and out; open to the host and guarded in code (docs/decisions/no-easy-auth.md)."""
    door = Door(dependencies)
    for page in PAGES:
        page.declare(door, dependencies)
    return [sign_in_routes.blueprint(door, dependencies), door.blueprint()]
