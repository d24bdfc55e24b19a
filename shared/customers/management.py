"""The management application's rights: what the broker itself needs to see and to top up grants, and no caller gets."""

from shared.cloud import APPLICATION_IDS
from shared.customers.customer import EnterpriseGrant

# Beside what is in GRANTS, only where a grant set names such roles: to assign app roles, and directory roles.
APP_ROLES, DIRECTORY_ROLES = "AppRoleAssignment.ReadWrite.All", "RoleManagement.ReadWrite.Directory"

# In customers' tenants: to read what the partner application has there, and to add to it.
GRANTS = EnterpriseGrant(
    application_id=APPLICATION_IDS["graph"], scopes=("DelegatedPermissionGrant.ReadWrite.All", "Directory.Read.All")
)
# Its right in the partner's own tenant, beside them: to read delegated admin relationships.
RELATIONSHIPS = "DelegatedAdminRelationship.Read.All"
DISPLAY_NAME = "Partner consent management"
# What changes grants, roles or relationships: no grant set of the partner application may name it. (Lower case.)
BROKERS_OWN = frozenset(
    {
        "delegatedpermissiongrant.readwrite.all",
        "approleassignment.readwrite.all",
        "delegatedadminrelationship.read.all",
        "delegatedadminrelationship.readwrite.all",
    }
)
# With one of these app roles an application could give itself any other, or take another application's place.
TOO_MUCH = BROKERS_OWN | {
    "application.readwrite.all",
    # By these it would be a member of a group that holds directory roles.
    "privilegedaccess.readwrite.azuread",
    "privilegedaccess.readwrite.azureadgroup",
    "privilegedassignmentschedule.readwrite.azureadgroup",
    "privilegedeligibilityschedule.readwrite.azureadgroup",
    "roleassignmentschedule.readwrite.directory",
    "roleeligibilityschedule.readwrite.directory",
    "rolemanagement.readwrite.directory",
}


def wanted(*, app_roles: bool, directory_roles: bool) -> EnterpriseGrant:
    """What it is to have in a customer's tenant: no more than this customer's grant set makes it need."""
    more = (*((APP_ROLES,) if app_roles else ()), *((DIRECTORY_ROLES,) if directory_roles else ()))
    return EnterpriseGrant(application_id=GRANTS.application_id, scopes=(*GRANTS.scopes, *more))
