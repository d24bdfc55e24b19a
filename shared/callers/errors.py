"""Why somebody who is known may not ask this."""

from shared import acts
from shared.errors import NotAuthenticated, NotAuthorized


class AssertionOfAnotherKind(NotAuthenticated):
    """A person's token where a workload's is wanted, or one from a client that operators do not use."""

    code, says = "assertion_of_another_kind", "This kind of token is not accepted on this route."
    remedy = "Tokens are issued to workloads (managed identity or app-only); people use the operator routes."
    act = acts.CHANGE_IDENTITY


class RoleMissing(NotAuthorized):
    """The app role that this route asks for is not assigned; `detail` names it."""

    code, error, says = "role_missing", "insufficient_scope", "The app role that this route needs is not assigned."
    remedy = "Assign it on the broker's enterprise application; a managed identity's token may lag by up to 24 hours."
    act = acts.ASSIGN_ROLE
