"""The partner's customers, in pages that a continuation token leads through."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from local.partner_center.refusals import PartnerCenterError, unknown_customer
from local.world import PARTNER_TENANT, Tenant, World

LARGEST_PAGE = 500
CONTINUATION = "MS-ContinuationToken"
_POSITION = "customers from "


class Customers:
    """Every tenant of the world but the partner's own, in the world's order; who comes later, when it is ordered."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._have_all_come = False

    async def order(self, request: Request) -> Response:
        """POST: those who come later are customers from now on; DELETE: they are none again."""
        self._have_all_come = request.method == "POST"
        return Response(status_code=204)

    @property
    def _tenants(self) -> tuple[Tenant, ...]:
        customers = (tenant for tenant in self._world.tenants if tenant.id != PARTNER_TENANT)
        return tuple(tenant for tenant in customers if self._have_all_come or not tenant.later)

    def find(self, unverified_id: str) -> Tenant:
        """The customer whose tenant has this id; raises PartnerCenterError (404)."""
        for tenant in self._tenants:
            if tenant.id == unverified_id.lower():
                return tenant
        raise unknown_customer(unverified_id)

    def page(self, query: Mapping[str, str], *, continuation: str | None) -> dict[str, Any]:
        """One page (learn: get-a-list-of-customers); `totalCount` counts the page, as in every seek-based collection.

        `query` has `size`, and `seekOperation=Next` where the `MS-ContinuationToken` header is to be followed.
        """
        size, begin = _size(query.get("size", str(LARGEST_PAGE))), 0
        if "seekOperation" in query:
            begin = _position(query["seekOperation"], continuation or "")
        shown = self._tenants[begin : begin + size]
        following = begin + size if begin + size < len(self._tenants) else None
        return {
            "totalCount": len(shown),
            "items": [document(tenant) for tenant in shown],
            "links": _links(size, following),
            "attributes": {"objectType": "Collection"},
        }


def document(tenant: Tenant) -> dict[str, Any]:
    """One customer as Partner Center tells it."""
    path = f"/customers/{tenant.id}"
    return {
        "id": tenant.id,
        "companyProfile": {
            "tenantId": tenant.id,
            "domain": tenant.initial_domain,
            "companyName": tenant.name,
            "links": {"self": _link(f"{path}/profiles/company")},
            "attributes": {"objectType": "CustomerCompanyProfile"},
        },
        "relationshipToPartner": "reseller",
        "links": {"self": _link(path)},
        "attributes": {"objectType": "Customer"},
    }


def _links(size: int, following: int | None) -> dict[str, Any]:
    links = {"self": _link(f"/customers?size={size}")}
    if following is not None:
        token = base64.b64encode(f"{_POSITION}{following}".encode()).decode()
        links["next"] = _link(f"/customers?size={size}&seekOperation=Next", {"key": CONTINUATION, "value": token})
    return links


def _link(uri: str, *headers: Mapping[str, str]) -> dict[str, Any]:
    return {"uri": uri, "method": "GET", "headers": list(headers)}


def _size(given: str) -> int:
    if not given.isascii() or not given.isdigit() or not 1 <= int(given) <= LARGEST_PAGE:
        raise PartnerCenterError(400, f"The size must be a number from 1 to {LARGEST_PAGE}.")
    return int(given)


def _position(operation: str, token: str) -> int:
    try:
        text = base64.b64decode(token, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    position = text.removeprefix(_POSITION)
    if operation != "Next" or not text.startswith(_POSITION) or not position.isdigit():
        raise PartnerCenterError(400, f"To seek, say Next and send the {CONTINUATION} header of the page before.")
    return int(position)
