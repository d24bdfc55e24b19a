"""The made-up world the stand-ins serve: tenants, people, applications, identities, and who consented to what."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from local.identities import IDENTITIES, ManagedIdentity

PARTNER_TENANT = "aaaa0000-1111-4222-8333-444444440001"
CONTOSO = "bbbb0000-1111-4222-8333-444444440001"
NORTHWIND = "bbbb0000-1111-4222-8333-444444440002"
TAILSPIN = "bbbb0000-1111-4222-8333-444444440003"
WINGTIP = "bbbb0000-1111-4222-8333-444444440004"
ADVENTURE = "bbbb0000-1111-4222-8333-444444440005"

PARTNER_APPLICATION = "cccc0000-1111-4222-8333-444444440001"
MANAGEMENT_APPLICATION = "cccc0000-1111-4222-8333-444444440003"
BROKER_API = "cccc0000-1111-4222-8333-444444440002"
# Public clients of Microsoft's own, by their real ids: people reach the operator routes through them.
AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
AZURE_POWERSHELL = "1950a258-227b-4e31-a9cf-717495945fc2"
# Consented in the partner's tenant, yet not the broker's own: its refresh tokens are foreign (AADSTS700007).
OTHER_APPLICATION = "cccc0000-1111-4222-8333-444444440009"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A directory; `delegates_to_partner` by GDAP, and if it comes `later`, once Partner Center is told of it."""

    id: str
    name: str
    domain: str
    delegates_to_partner: bool = False
    later: bool = False

    @property
    def label(self) -> str:
        """What its initial domain and its hosts of SharePoint begin with."""
        return self.domain.partition(".")[0]

    @property
    def initial_domain(self) -> str:
        """The domain that it began with, which is Microsoft's."""
        return f"{self.label}.onmicrosoft.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person; `roles` are app roles on the broker API, `password` is typed on the sign-in page."""

    object_id: str
    tenant_id: str
    username: str
    display_name: str
    password: str
    mfa: bool
    administers_customers: bool = False
    roles: tuple[str, ...] = ()

    def object_id_in(self, tenant_id: str) -> str:
        """Their own at home; a guest, or a partner's delegate, has another object id in every tenant."""
        return self.object_id if tenant_id == self.tenant_id else str(uuid.uuid5(uuid.UUID(tenant_id), self.object_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """An API that tokens are for; `version` is the access token version its registration asks for."""

    app_id: str
    name: str
    identifiers: tuple[str, ...]
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A client registration; `federated_identities` names the managed identities whose tokens are its assertions."""

    client_id: str
    name: str
    home_tenant: str
    multi_tenant: bool = False
    public: bool = False
    redirect_uris: tuple[str, ...] = ()
    single_page_redirect_uris: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    federated_identities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything the stand-ins know; `consents` is tenant -> client id -> resource app id -> scopes."""

    tenants: tuple[Tenant, ...]
    users: tuple[User, ...]
    resources: tuple[Resource, ...]
    applications: tuple[Application, ...]
    identities: tuple[ManagedIdentity, ...]
    consents: Mapping[str, Mapping[str, Mapping[str, tuple[str, ...]]]] = field(default_factory=dict)

    def identity(self, name: str) -> ManagedIdentity:
        """The managed identity called `name`; KeyError when there is none."""
        return {identity.name: identity for identity in self.identities}[name]

    def registering(self, redirect_uri: str, *client_ids: str) -> Self:
        """The same world, in which these applications have this redirect URI as well."""
        applications = tuple(
            replace(application, redirect_uris=(*application.redirect_uris, redirect_uri))
            if application.client_id in client_ids
            else application
            for application in self.applications
        )
        return replace(self, applications=applications)


GRAPH = "00000003-0000-0000-c000-000000000000"
AAD_GRAPH = "00000002-0000-0000-c000-000000000000"
ARM = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
EXCHANGE = "00000002-0000-0ff1-ce00-000000000000"
PARTNER_CENTER = "fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd"
KEY_VAULT = "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"
TEAMS = "48ac35b8-9aa8-4d74-927d-1f4a14a0b239"
SHAREPOINT = "00000003-0000-0ff1-ce00-000000000000"
POWER_BI, DEVOPS = "00000009-0000-0000-c000-000000000000", "499b84ac-1321-427f-aa17-267ca6975798"
TOKEN_EXCHANGE = "api://AzureADTokenExchange"

ADMIN = User(
    object_id="dddd0000-1111-4222-8333-444444440001",
    tenant_id=PARTNER_TENANT,
    username="ada@fabrikam.example",
    display_name="Ada Admin",
    password="ada-local-password",
    mfa=True,
    administers_customers=True,
    roles=("Consent.Manage", "Consent.Read", "Customers.Manage", "Policy.Read"),
)
SECOND_ADMIN = User(
    object_id="dddd0000-1111-4222-8333-444444440002",
    tenant_id=PARTNER_TENANT,
    username="grace@fabrikam.example",
    display_name="Grace Admin",
    password="grace-local-password",
    mfa=True,
    administers_customers=True,
)
READER = User(
    object_id="dddd0000-1111-4222-8333-444444440005",
    tenant_id=PARTNER_TENANT,
    username="rae@fabrikam.example",
    display_name="Rae Reader",
    password="rae-local-password",
    mfa=True,
    roles=("Consent.Read", "Customers.Read", "Policy.Read"),
)
WITHOUT_MFA = User(
    object_id="dddd0000-1111-4222-8333-444444440003",
    tenant_id=PARTNER_TENANT,
    username="nomfa@fabrikam.example",
    display_name="Nomi Nomfa",
    password="nomfa-local-password",
    mfa=False,
    administers_customers=True,
)
CUSTOMER_ADMIN = User(
    object_id="dddd0000-1111-4222-8333-444444440004",
    tenant_id=CONTOSO,
    username="carl@contoso.example",
    display_name="Carl Customer",
    password="carl-local-password",
    mfa=True,
)

# What Secure Application Model partners consent to in their own tenant and, through GDAP, in each customer's.
_HOME_GRANTS = {
    PARTNER_CENTER: ("user_impersonation",),
    GRAPH: ("Directory.Read.All", "User.Read"),
    ARM: ("user_impersonation",),
}
_MANAGEMENT_GRANTS = {
    PARTNER_CENTER: ("user_impersonation",),
    GRAPH: ("DelegatedPermissionGrant.ReadWrite.All", "Directory.Read.All", "DelegatedAdminRelationship.Read.All"),
}
_CUSTOMER_GRANTS = {
    GRAPH: ("Directory.Read.All", "Directory.AccessAsUser.All"),
    ARM: ("user_impersonation",),
    EXCHANGE: ("Exchange.Manage",),
    AAD_GRAPH: ("Directory.Read.All",),
    KEY_VAULT: ("user_impersonation",),
}

DEFAULT_WORLD = World(
    tenants=(
        Tenant(id=PARTNER_TENANT, name="Fabrikam Partner", domain="fabrikam.example"),
        Tenant(id=CONTOSO, name="Contoso", domain="contoso.example", delegates_to_partner=True),
        Tenant(id=NORTHWIND, name="Northwind Traders", domain="northwind.example", delegates_to_partner=True),
        Tenant(id=TAILSPIN, name="Tailspin Toys", domain="tailspin.example", delegates_to_partner=True),
        Tenant(id=WINGTIP, name="Wingtip", domain="wingtip.example", delegates_to_partner=False),
        Tenant(id=ADVENTURE, name="Adventure Works", domain="works.example", delegates_to_partner=True, later=True),
    ),
    users=(ADMIN, SECOND_ADMIN, READER, WITHOUT_MFA, CUSTOMER_ADMIN),
    resources=(
        Resource(app_id=GRAPH, name="Microsoft Graph", identifiers=("https://graph.microsoft.com",)),
        Resource(app_id=AAD_GRAPH, name="Azure AD Graph", identifiers=("https://graph.windows.net",)),
        Resource(
            app_id=ARM,
            name="Azure Resource Manager",
            identifiers=("https://management.azure.com", "https://management.core.windows.net"),
        ),
        Resource(
            app_id=EXCHANGE,
            name="Office 365 Exchange Online",
            # Security & Compliance is reported to be served by it too.
            identifiers=(
                *("https://outlook.office365.com", "https://outlook.office.com"),
                "https://ps.compliance.protection.outlook.com",
            ),
        ),
        Resource(
            app_id=PARTNER_CENTER, name="Partner Center", identifiers=("https://api.partnercenter.microsoft.com",)
        ),
        Resource(app_id=KEY_VAULT, name="Azure Key Vault", identifiers=("https://vault.azure.net",)),
        Resource(app_id=TEAMS, name="Skype and Teams Tenant Admin API", identifiers=()),
        # Each tenant has identifiers of its own for it.
        Resource(app_id=SHAREPOINT, name="Office 365 SharePoint Online", identifiers=()),
        Resource(app_id=POWER_BI, name="Power BI Service", identifiers=("https://analysis.windows.net/powerbi/api",)),
        Resource(app_id=DEVOPS, name="Azure DevOps", identifiers=()),
        Resource(app_id=BROKER_API, name="Broker API", identifiers=(f"api://{BROKER_API}",), version=2),
    ),
    applications=(
        Application(
            client_id=PARTNER_APPLICATION,
            name="Fabrikam partner application",
            home_tenant=PARTNER_TENANT,
            multi_tenant=True,
            redirect_uris=("http://localhost/api/consent/redirect",),
            # What an administrator registers by mistake: its refresh tokens are worth nothing to a broker.
            single_page_redirect_uris=("http://localhost/single-page",),
            secrets=("partner-application-secret-of-the-local-stack",),
            federated_identities=("broker",),
        ),
        Application(
            client_id=MANAGEMENT_APPLICATION,
            name="Partner consent management",
            home_tenant=PARTNER_TENANT,
            multi_tenant=True,
            redirect_uris=("http://localhost/api/consent/redirect",),
            secrets=("management-application-secret-of-the-local-stack",),
            federated_identities=("broker",),
        ),
        Application(
            client_id=OTHER_APPLICATION,
            name="Another application",
            home_tenant=PARTNER_TENANT,
            multi_tenant=True,
            redirect_uris=("http://localhost/other",),
            secrets=("other-application-secret-of-the-local-stack",),
        ),
        # The broker's own registration: people sign in to the console with it.
        Application(
            client_id=BROKER_API,
            name="Fabrikam consent broker",
            home_tenant=PARTNER_TENANT,
            redirect_uris=("http://localhost/api/console/redirect",),
            federated_identities=("broker",),
        ),
        Application(client_id=AZURE_CLI, name="Azure CLI", home_tenant=PARTNER_TENANT, multi_tenant=True, public=True),
        Application(
            client_id=AZURE_POWERSHELL,
            name="Azure PowerShell",
            home_tenant=PARTNER_TENANT,
            multi_tenant=True,
            public=True,
        ),
    ),
    identities=IDENTITIES,
    consents={
        PARTNER_TENANT: {
            PARTNER_APPLICATION: _HOME_GRANTS,
            MANAGEMENT_APPLICATION: _MANAGEMENT_GRANTS,
            OTHER_APPLICATION: _HOME_GRANTS,
            BROKER_API: {GRAPH: ("User.Read",)},
            AZURE_CLI: {BROKER_API: ("Broker.Operate",), ARM: ("user_impersonation",)},
            AZURE_POWERSHELL: {BROKER_API: ("Broker.Operate",), ARM: ("user_impersonation",)},
        },
        CONTOSO: {PARTNER_APPLICATION: _CUSTOMER_GRANTS},
        NORTHWIND: {PARTNER_APPLICATION: _CUSTOMER_GRANTS},
        WINGTIP: {PARTNER_APPLICATION: _CUSTOMER_GRANTS},
    },
)
