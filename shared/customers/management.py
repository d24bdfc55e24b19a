"""The management application's rights: what the broker itself needs to see and to top up grants, and no caller gets."""

from shared.cloud import APPLICATION_IDS
from shared.customers.customer import EnterpriseGrant

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
