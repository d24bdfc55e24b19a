"""What goes wrong with roles of the application itself in customers' tenants: each concerns one customer."""

from collections.abc import Sequence

from shared import acts
from shared.customers.errors import GraphRefused
from shared.entra.errors import CustomerTenantRefused
from shared.errors import BrokerError


class RoleAssignmentRefused(GraphRefused):
    """The person may not assign roles to applications in that tenant; `detail` names those that are missing."""

    code = "role_assignment_refused"
    says = "The person who consented to the management application may not assign these roles there."
    remedy = (
        "Give the person's security group, by GDAP, Privileged Role Administrator for app roles of Microsoft Graph and "
        "for directory roles, or Cloud Application Administrator for app roles of other APIs; or let an administrator "
        "of the tenant assign the roles (docs/customers.md)."
    )


class AppRoleUnknown(GraphRefused):
    """The API defines no such app role; `detail` names it."""

    code = "app_role_unknown"
    says = "The API in the customer's tenant defines no such app role."
    remedy = (
        "Spell the app roles in the grant set as the API does, by value (docs/customers.md); a role that is new may "
        "not be known in every tenant yet."
    )
    act, known = acts.CHECK_GRANTS, {"secret": "application-grants"}


class RolesUnmanaged(BrokerError):
    """The grant set names roles, and no application of the broker may assign any there; `detail` names the missing."""

    code, error, status = "roles_unmanaged", "access_denied", 403
    says = "The grant set names roles that no application of the broker may assign in the customer's tenant."
    remedy = (
        "Set up the management application with AppRoleAssignment.ReadWrite.All, and for directory roles "
        "RoleManagement.ReadWrite.Directory, of Microsoft Graph (docs/customers.md); or let an administrator of the "
        "tenant assign the roles."
    )
    act = acts.SET_UP_MANAGEMENT


class AppRolesMissing(CustomerTenantRefused):
    """A token of the application came, and lacks app roles that the grant set names; `detail` names them."""

    code, says = "app_roles_missing", "The application's own token lacks app roles that the grant set names."
    remedy = (
        "PUT /api/customers/{tenant}/consent assigns them, by the management application; what was just assigned takes "
        "a while to be in tokens."
    )
    act = acts.CUSTOMER_CONSENT

    @property
    def missing(self) -> Sequence[str]:
        """The app roles."""
        return tuple(self.detail.split())
