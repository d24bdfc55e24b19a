"""One PowerShell module that connects with access tokens: the tokens, and the parameters of its Connect command."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from shared.cloud import Cloud
from shared.entra.resource import Scope
from token_http.message import Issued
from token_http.notice import Notice

type Parameters = dict[str, str | list[str]]


class Named(Enum):
    """How a Connect command wants the customer's tenant named: by its id, by its initial domain where that is known."""

    BY_ID = auto()
    BY_DOMAIN_IF_KNOWN = auto()
    BY_DOMAIN = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenParameter:
    """One parameter that takes an access token; `trailing_slash` asks for the audience with one.

    Tokens of one parameter make a list, in their order. Without a `resource` it is the host that the caller names.
    """

    parameter: str
    resource: str = ""
    trailing_slash: bool = False

    def scope(self, cloud: Cloud, host: str = "") -> Scope:
        """The scope to ask for in this cloud."""
        if not self.resource:
            return Scope.of_resource(host, cloud)
        return Scope.of_resource(cloud.resource(self.resource) + ("/" if self.trailing_slash else ""), cloud)


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One module: its Connect command, its tokens, and the parameters for the account and the tenant ("" for none).

    `named` is what the tenant's parameter takes; `home_account` replaces it in the partner's own tenant. `url` is the
    parameter for the address to connect to, which the caller names. `notice` names what replaces the module, `by_cloud`
    has what the command needs besides, by the cloud's name. `takes_application`: it connects with the application's own
    tokens too, and then has its client id for an account and `application_tenant` for the tenant.
    """

    name: str
    command: str
    tokens: Sequence[TokenParameter]
    account: str = ""
    tenant: str = ""
    named: Named = Named.BY_ID
    home_account: str = ""
    home_only: bool = False
    url: str = ""
    takes_application: bool = False
    application_tenant: str = ""
    notice: Notice | None = None
    by_cloud: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What there is to know of the module itself."""
        return (self.notice,) if self.notice else ()

    def parameters(self, issued: Sequence[Issued], cloud: Cloud, *, domain: str = "", url: str = "") -> Parameters:
        """What the Connect command takes, ready to splat; `issued` in the order of `tokens`.

        `domain` is the tenant's initial domain, empty where it is not known; `url` as the caller named it.
        """
        first = issued[0]
        told: Parameters = {**self._tokens(issued), **self.by_cloud.get(cloud.name, {})}
        if self.url:
            told[self.url] = url
        if self.account:
            told[self.account] = first.account
        if first.is_home and self.home_account:
            return {**told, self.home_account: first.account}
        return {**told, self.tenant: domain or first.token.tenant_id} if self.tenant else told

    def parameters_of_application(
        self, issued: Sequence[Issued], cloud: Cloud, *, client_id: str, domain: str = "", url: str = ""
    ) -> Parameters:
        """The same with the application's own tokens; a tenant that goes by an unknown domain is left out."""
        told: Parameters = {**self._tokens(issued), **self.by_cloud.get(cloud.name, {})}
        tenant = issued[0].token.tenant_id if self.named is Named.BY_ID else domain
        for name, value in ((self.url, url), (self.account, client_id), (self.application_tenant, tenant)):
            if name and value:
                told[name] = value
        return told

    def _tokens(self, issued: Sequence[Issued]) -> Parameters:
        taken: dict[str, list[str]] = {}
        for one, token in zip(self.tokens, issued, strict=True):
            taken.setdefault(one.parameter, []).append(token.token.token)
        return {name: tokens if len(tokens) > 1 else tokens[0] for name, tokens in taken.items()}
