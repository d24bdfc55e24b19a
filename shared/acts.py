"""Acts: what somebody has to do about an error, as a machine reads it; each surface words it for its own readers.

An error has one act. Its parameters are those of the act's that are known, and plain enough to stand in a command.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# A client may write a parameter into a command for its reader to paste: what a shell would take apart is left out.
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,199}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing to do: its stable name, what it may be told with, and what it is."""

    name: str
    means: str
    parameters: tuple[str, ...] = ()

    def told(self, facts: Mapping[str, str]) -> dict[str, Any]:
        """As an answer has it, with those of its parameters that are known."""
        known = {name: facts[name] for name in self.parameters if PLAIN.fullmatch(facts.get(name, ""))}
        return {"name": self.name, "parameters": known}


# Who asks.
SIGN_IN = Act(name="sign_in", means="get a token for the broker, under this audience", parameters=("audience",))
CHANGE_IDENTITY = Act(name="identity.change", means="ask as another kind of identity: a workload, or an operator")
ASSIGN_ROLE = Act(
    name="role.assign",
    means="assign the app role on the broker's enterprise application",
    parameters=("role", "caller"),
)
ADD_PERMISSION = Act(
    name="policy.add",
    means="add a permission to a policy document",
    parameters=("caller", "consent", "tenant", "resource"),
)
CORRECT_POLICY = Act(name="policy.correct", means="correct the policy document that is invalid")
TENANTS = Act(name="tenant.list", means="see which tenants you may ask for")
ASK_ADMINISTRATOR = Act(name="administrator.ask", means="ask the broker's administrator to allow it")
# The request.
CORRECT_REQUEST = Act(name="request.correct", means="correct the request as said")
REVOKE_SECRET = Act(name="secret.revoke", means="revoke the secret that was sent, and send the new one another way")
RETRY = Act(name="retry", means="try again, after the time in Retry-After")
REPORT = Act(name="broker.report", means="give the correlation id to the broker's administrator")
# A consent, as operators look after it.
LINK = Act(name="consent.link", means="make a link, and a person consents anew", parameters=("consent",))
RESTORE = Act(name="consent.restore", means="take the withdrawal back, or make a link", parameters=("consent",))
SHOW = Act(name="consent.show", means="look at the consent, then decide anew", parameters=("consent",))
LIST = Act(name="consent.list", means="see which consents there are")
DEVICE = Act(name="consent.device", means="begin a new device code, or make a link", parameters=("consent",))
# A person who follows a link.
ASK_LINK = Act(name="link.ask", means="ask for a new link")
ASK_NEW_PERSON = Act(name="link.ask_new_person", means="ask for a link that lets a new person consent")
OPEN_LINK = Act(name="link.open", means="open the link again and sign in as said")
NOTHING = Act(name="nothing", means="nothing is to be done")
# The person who consents, and that person's own tenant.
SET_UP_MFA = Act(name="person.mfa", means="set up multi-factor authentication for the account")
MEND_ACCOUNT = Act(name="person.account", means="put the account right in the person's own tenant")
ASSIGN_PERSON = Act(name="person.assign", means="assign the person to the partner application")
PERSON_RIGHTS = Act(name="person.rights", means="give the person the rights that Partner Center asks for")
FEWER_GROUPS = Act(name="person.groups", means="make the refresh token smaller: fewer groups or claims in it")
HOME_POLICY = Act(name="home.policy", means="let a Conditional Access policy of the person's own tenant admit this")
HOME_CONSENT = Act(name="home.consent", means="grant admin consent in the person's own tenant")
HOME_SIGN_IN_LOG = Act(name="home.sign_in_log", means="look into the sign-in log of the person's own tenant")
# A customer's tenant.
CUSTOMERS = Act(name="customer.list", means="see which customers there are")
CUSTOMER_CONSENT = Act(
    name="customer.consent",
    means="make the application's consent in the customer's tenant",
    parameters=("tenant", "consent"),
)
CUSTOMER_ENABLE = Act(
    name="customer.enable", means="enable the partner application in that tenant", parameters=("tenant",)
)
CUSTOMER_POLICY = Act(
    name="customer.policy", means="let a policy of the customer's tenant admit the partner", parameters=("tenant",)
)
CUSTOMER_RELATIONSHIP = Act(
    name="customer.relationship", means="check the GDAP relationship and its groups", parameters=("tenant",)
)
CUSTOMER_LICENCE = Act(name="customer.licence", means="get that tenant the service", parameters=("tenant", "resource"))
CUSTOMER_SIGN_IN_LOG = Act(
    name="customer.sign_in_log", means="look into the sign-in log of the customer's tenant", parameters=("tenant",)
)
CUSTOMER_PLAN = Act(
    name="customer.plan",
    means="make a dry run that replaces, look at what would be lost, and send its plan",
    parameters=("tenant", "consent"),
)
CUSTOMER_INCLUDE = Act(
    name="customer.include", means="let the customer in again, if it is not to be kept out", parameters=("tenant",)
)
CUSTOMER_RETURN = Act(
    name="customer.return", means="take the offboarding back, if the customer comes back", parameters=("tenant",)
)
CHECK_TENANT = Act(name="tenant.check", means="check the tenant id, and the cloud", parameters=("tenant",))
CHECK_RESOURCE = Act(
    name="resource.check", means="check the resource's spelling, and that the tenant has it", parameters=("tenant",)
)
# The broker's own place.
APPLICATION_CREDENTIAL = Act(
    name="application.credential", means="put the application's certificate or secret there", parameters=("secret",)
)
APPLICATION_REGISTRATION = Act(
    name="application.registration", means="check the partner application's registration and credential"
)
LOOK_NUMBER_UP = Act(name="application.sign_in_log", means="look the AADSTS number and the sign-in log up")
CORRECT_SETTING = Act(name="setting.correct", means="correct the broker's setting", parameters=("setting",))
CORRECT_GRANTS = Act(name="grants.correct", means="correct the grant set in the policy vault", parameters=("secret",))
CHECK_GRANTS = Act(
    name="grants.check",
    means="check that the customer has the service, and that the grant set spells its scopes as the API does",
    parameters=("tenant", "secret"),
)
ASSIGN_GRANTS = Act(
    name="grants.assign",
    means="list the customer in a grant set, or write one for everybody else",
    parameters=("tenant",),
)
SET_UP_MANAGEMENT = Act(
    name="management.set_up", means="set the management application up, which sees grants and relationships"
)
UPGRADE = Act(name="broker.upgrade", means="upgrade the broker to the version that was rolled back")
LOOK_BETWEEN = Act(name="network.look", means="look for what stands between the broker and Entra ID, if it lasts")
VAULT_ROLE = Act(name="vault.role", means="check the broker's role on the vault")
VAULT_NETWORK = Act(name="vault.network", means="let the broker in at the vault's network")
VAULT_LOAD = Act(name="vault.load", means="try again; see who else uses the vault, if it lasts")
RECOVER_SECRET = Act(name="secret.recover", means="recover the deleted secret in Key Vault", parameters=("secret",))
ENABLE_SECRET = Act(name="secret.enable", means="enable or restore the secret in Key Vault", parameters=("secret",))

ACTS: Mapping[str, Act] = {act.name: act for act in tuple(globals().values()) if isinstance(act, Act)}
