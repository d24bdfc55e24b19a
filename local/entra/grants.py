"""The grants of the token endpoint: each turns what was presented into the token response."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.entra.aadsts import EntraError
from local.entra.admission import admit_application, admit_person, granted_scopes
from local.entra.authorization_codes import AuthorizationCodes
from local.entra.device_codes import DeviceCodes
from local.entra.directory import Directory
from local.entra.injected_errors import InjectedErrors
from local.entra.issuance import AccessToken, Client, Issuance, Target, Workload, client_info
from local.entra.parameters import Parameters
from local.entra.refresh_tokens import RefreshTokens
from local.entra.scopes import DEFAULT, RequestedScopes, parse_scopes
from local.entra.sessions import Session
from local.world import Tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """A request of an authenticated client; `tenant` is None on the common and organizations paths.

    `is_page` says whether it has an Origin header, as browsers send with the requests of a page.
    """

    client: Client
    tenant: Tenant | None
    parameters: Parameters
    is_page: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """Everything a grant needs; one method for each grant type."""

    directory: Directory
    codes: AuthorizationCodes
    devices: DeviceCodes
    refresh_tokens: RefreshTokens
    issuance: Issuance
    injected: InjectedErrors

    def named(self, grant_type: str) -> Callable[[TokenRequest], dict[str, Any]]:
        """The grant of this type; raises AADSTS70003."""
        grants = {
            "authorization_code": self.authorization_code,
            "refresh_token": self.refresh_token,
            "client_credentials": self.client_credentials,
            "urn:ietf:params:oauth:grant-type:device_code": self.device_code,
        }
        if grant_type not in grants:
            raise EntraError(70003, grant=grant_type)
        return grants[grant_type]

    def authorization_code(self, request: TokenRequest) -> dict[str, Any]:
        """RFC 6749 section 4.1.3 with RFC 7636."""
        grant = self.codes.redeem(
            request.parameters,
            client_id=request.client.application.client_id,
            tenant=request.tenant,
        )
        return self._for_person(
            request, grant.session, grant.tenant, scope=grant.request.scope, nonce=grant.request.nonce
        )

    def device_code(self, request: TokenRequest) -> dict[str, Any]:
        """RFC 8628 section 3.4."""
        client_id, tenant = request.client.application.client_id, request.tenant
        self.injected.check(at="device", tenant=tenant.id if tenant else None, client=client_id)
        grant = self.devices.poll(request.parameters, client_id=client_id)
        if grant.session is None or grant.tenant is None:
            raise EntraError(70016)
        return self._for_person(request, grant.session, grant.tenant, scope=grant.request.scope)

    def refresh_token(self, request: TokenRequest) -> dict[str, Any]:
        """RFC 6749 section 6; at any tenant and for any resource the person and the client may reach."""
        grant = self.refresh_tokens.redeem(
            request.parameters.required("refresh_token"), client_id=request.client.application.client_id
        )
        tenant = request.tenant or self.directory.home(grant.session.user)
        return self._for_person(request, grant.session, tenant, scope=grant.scope)

    def client_credentials(self, request: TokenRequest) -> dict[str, Any]:
        """RFC 6749 section 4.4: an app-only token, for one `.default` scope in a tenant that knows the application."""
        application, tenant = request.client.application, request.tenant
        if tenant is None:
            raise EntraError(50059)
        _check_kind(request, single_page=False)
        requested = self._requested(request, tenant)
        if requested.names != (DEFAULT,):
            raise EntraError(1002012, scope=requested.text)
        self._check_injected(request, tenant, requested, user=None)
        admit_application(application, tenant)
        principals = self.directory.principals
        if (tenant.id, application.client_id) not in principals.known:
            raise EntraError(700016, client=application.client_id, tenant=tenant.name)
        workload = Workload(
            object_id=str(uuid.uuid5(uuid.UUID(tenant.id), application.client_id)),
            client_id=application.client_id,
            strength=request.client.strength,
            # Without any the token is issued all the same.
            assigned=principals.claimed(
                tenant=tenant.id, client=application.client_id, resource=requested.resource.app_id
            ),
        )
        target = Target(tenant=tenant, resource=requested.resource, audience=requested.audience)
        return _response(self.issuance.app_token(workload, target))

    def _for_person(
        self, request: TokenRequest, session: Session, tenant: Tenant, *, scope: str, nonce: str = ""
    ) -> dict[str, Any]:
        application = request.client.application
        _check_kind(request, single_page=session.single_page)
        requested = self._requested(request, tenant, otherwise=scope)
        self._check_injected(request, tenant, requested, user=session.user.object_id)
        admit_application(application, tenant)
        admit_person(session.user, application, tenant)
        lacks = requested.resource.app_id in self.directory.lacking(tenant=tenant.id)
        if lacks or self.directory.is_of_another(tenant, requested.prefix):
            raise EntraError(500011, resource=requested.prefix, tenant=tenant.name)
        granted = granted_scopes(self.directory, application, tenant, requested)
        target = Target(tenant=tenant, resource=requested.resource, audience=requested.audience)
        token = self.issuance.user_token(session, request.client, target, scopes=granted)
        body = _response(token) | {"scope": requested.written(granted)}
        return body | self._openid(request, session, tenant, requested=requested, nonce=nonce)

    def _openid(
        self, request: TokenRequest, session: Session, tenant: Tenant, *, requested: RequestedScopes, nonce: str
    ) -> dict[str, str]:
        client_id, extras = request.client.application.client_id, {}
        if "offline_access" in requested.openid:
            extras["refresh_token"] = self.refresh_tokens.issue(session, client_id=client_id, scope=requested.text)
        if "openid" in requested.openid:
            extras["id_token"] = self.issuance.id_token(
                session, client_id=client_id, tenant=tenant, nonce=nonce, profile="profile" in requested.openid
            )
        if request.parameters.get("client_info") == "1":
            extras["client_info"] = client_info(session.user)
        return extras

    def _requested(self, request: TokenRequest, tenant: Tenant, *, otherwise: str = "") -> RequestedScopes:
        return parse_scopes(request.parameters.get("scope") or otherwise, self.directory, tenant=tenant.name)

    def _check_injected(
        self, request: TokenRequest, tenant: Tenant, requested: RequestedScopes, *, user: str | None
    ) -> None:
        client = request.client.application.client_id
        self.injected.check(at="token", tenant=tenant.id, client=client, user=user, resource=requested.resource)


def _check_kind(request: TokenRequest, *, single_page: bool) -> None:
    """Raise AADSTS9002327 for a single-page application's grant without a page, 7000218 for a page with another's."""
    if single_page and not request.is_page:
        raise EntraError(9002327)
    if request.client.is_page and not single_page:
        raise EntraError(7000218)


def _response(token: AccessToken) -> dict[str, Any]:
    return {
        "token_type": "Bearer",
        "expires_in": token.expires_in,
        "ext_expires_in": token.expires_in,
        "access_token": token.token,
    }
