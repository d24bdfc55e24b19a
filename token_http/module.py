"""One PowerShell module that connects with access tokens: the tokens, and the parameters of its Connect command."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shared.cloud import Cloud
from shared.entra.resource import Scope
from token_http.message import Issued
from token_http.notice import Notice

type Parameters = dict[str, str | list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenParameter:
    """One parameter that takes an access token; `trailing_slash` asks for the audience with one.

    Tokens of one parameter make a list, in their order.
    """

    parameter: str
    resource: str
    trailing_slash: bool = False

    def scope(self, cloud: Cloud) -> Scope:
        """The scope to ask for in this cloud."""
        return Scope.of_resource(cloud.resource(self.resource) + ("/" if self.trailing_slash else ""), cloud)


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One module: its Connect command, its tokens, and the parameters for the account and the tenant ("" for none).

    `home_account` replaces the tenant's parameter in the partner's own tenant, `notice` names what replaces the module,
    `elsewhere` has what the command needs in clouds other than the public one, by the cloud's name.
    """

    name: str
    command: str
    tokens: Sequence[TokenParameter]
    account: str = ""
    tenant: str = ""
    home_account: str = ""
    home_only: bool = False
    notice: Notice | None = None
    elsewhere: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What there is to know of the module itself."""
        return (self.notice,) if self.notice else ()

    def parameters(self, issued: Sequence[Issued], cloud: Cloud) -> Parameters:
        """What the Connect command takes, ready to splat; `issued` in the order of `tokens`."""
        first = issued[0]
        told: Parameters = {**self._tokens(issued), **self.elsewhere.get(cloud.name, {})}
        if self.account:
            told[self.account] = first.account
        if first.is_home and self.home_account:
            return {**told, self.home_account: first.account}
        return {**told, self.tenant: first.token.tenant_id} if self.tenant else told

    def _tokens(self, issued: Sequence[Issued]) -> Parameters:
        taken: dict[str, list[str]] = {}
        for one, token in zip(self.tokens, issued, strict=True):
            taken.setdefault(one.parameter, []).append(token.token.token)
        return {name: tokens if len(tokens) > 1 else tokens[0] for name, tokens in taken.items()}
