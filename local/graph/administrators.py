"""Which of Entra ID's roles the person of a token holds in the token's tenant: by GDAP, or as one who lives there.

Sources: learn, entra/identity/role-based-access-control/permissions-reference; graph/api/serviceprincipal-delete,
oauth2permissiongrant-delete, rbacapplication-post-roleassignments; entra/identity/enterprise-apps/grant-admin-consent.
"""

from dataclasses import dataclass

from local.graph.access import Caller
from local.graph.refusals import GraphError
from local.graph.relationships import CLOUD_APPLICATION_ADMINISTRATOR, Relationships

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
PRIVILEGED_ROLE_ADMINISTRATOR = "e8611ab8-c189-46e8-94e1-60213ab1f814"
APPLICATION_ADMINISTRATOR = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"
# App roles of Microsoft Graph are given by these alone, and directory roles too.
PRIVILEGED = frozenset({GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR})
# What else is granted to applications, by these too; the objects of applications by these and the global one.
APPLICATION = frozenset({APPLICATION_ADMINISTRATOR, CLOUD_APPLICATION_ADMINISTRATOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Administrators:
    """Refuses whoever lacks the role for a change, as Graph does: with the same words as for a lacking scope."""

    relationships: Relationships

    def require(self, caller: Caller, roles: frozenset[str]) -> None:
        """Raise GraphError (403) unless the person holds one of the roles there."""
        if not self._held(caller) & roles:
            raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")

    def _held(self, caller: Caller) -> frozenset[str]:
        if caller.user is None:
            return frozenset()
        if caller.user.tenant_id == caller.tenant_id:
            return frozenset({GLOBAL_ADMINISTRATOR})
        return self.relationships.roles_of(caller.user, caller.tenant_id)
