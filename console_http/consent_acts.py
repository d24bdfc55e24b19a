"""The buttons of a consent's page: make a link, check, withdraw, restore. Each leads back to the page, which tells."""

from collections.abc import Mapping
from typing import Any

from console_http.consents import HOME
from console_http.dependencies import Dependencies
from console_http.door import Door
from console_http.menu import CONSENTS
from console_http.visit import Onward, Visit
from shared.callers.assertion import CONSENT_MANAGE
from shared.consents.consent import checked_name
from shared.errors import InvalidRequest

LINK, CHECK, WITHDRAW, RESTORE = "link", "check", "withdraw", "restore"
LINK_TEXTS = ("tenant", "person", "login_hint")
# What of a check is told by a cookie, which is short.
LONGEST_TEXT, MOST_SCOPES = 600, 20


def declare(door: Door, dependencies: Dependencies) -> None:
    """Its routes, each of which needs the role of the operators' route that does the same."""
    desk, check = dependencies.consents.desk, dependencies.consents.check

    @door.act("console/consents/{name}/link", CONSENT_MANAGE)
    async def console_consent_link(visit: Visit) -> Onward:
        made = await desk.make_link(_name(visit), _link_fields(visit.form), **_who(visit))
        told = {"url": made["url"], "expires_on": made["expires_on"], "tenant": made["tenant"]}
        return _onward(visit, LINK, told)

    # It changes nothing: whoever may look at consents may try them, as by `POST /api/consents/{name}/check`.
    @door.act("console/consents/{name}/check", *CONSENTS)
    async def console_consent_check(visit: Visit) -> Onward:
        pair = {name: visit.form.get(name, "").strip() for name in ("tenant", "resource")}
        content = await check.audited(_name(visit), {"pairs": [pair]}, **_who(visit))
        return _onward(visit, CHECK, _told_pair(content["pairs"][0]))

    @door.act("console/consents/{name}/withdraw", CONSENT_MANAGE)
    async def console_consent_withdraw(visit: Visit) -> Onward:
        if visit.form.get("name", "").strip() != _name(visit):
            return _onward(visit, WITHDRAW, {"done": False})
        await desk.withdraw(_name(visit), **_who(visit))
        return _onward(visit, WITHDRAW, {"done": True})

    @door.act("console/consents/{name}/restore", CONSENT_MANAGE)
    async def console_consent_restore(visit: Visit) -> Onward:
        restored = await desk.restore(_name(visit), **_who(visit))
        return _onward(visit, RESTORE, {"done": restored["status"] != "in_force"})


def _name(visit: Visit) -> str:
    return checked_name(visit.request.route_params["name"])


def _who(visit: Visit) -> dict[str, Any]:
    return {"operator": visit.operator, "correlation": visit.correlation}


def _onward(visit: Visit, act: str, told: Mapping[str, Any]) -> Onward:
    return Onward(path=f"{HOME}/{_name(visit)}", told={"act": act, **told})


def _link_fields(form: Mapping[str, str]) -> dict[str, Any]:
    """What the form asks for, as the route's body has it; what is left empty has its default. Raises InvalidRequest."""
    fields: dict[str, Any] = {name: text for name in LINK_TEXTS if (text := form.get(name, "").strip())}
    if "new_person" in form:
        fields["new_person"] = True
    minutes = form.get("expires_in_minutes", "")
    if minutes:
        if not (minutes.isascii() and minutes.isdecimal() and len(minutes) <= len("1440")):
            raise InvalidRequest("expires_in_minutes: from 1 to 1440.")
        fields["expires_in_minutes"] = int(minutes)
    return fields


def _told_pair(pair: Mapping[str, Any]) -> dict[str, Any]:
    scopes = str(pair.get("granted", "")).split()
    texts = {name: str(pair.get(name) or "")[:LONGEST_TEXT] for name in ("tenant", "resource", "says", "remedy")}
    codes = pair.get("error_codes", [])
    return {
        **texts,
        "outcome": pair["outcome"],
        "authority_code": codes[0] if codes else None,
        "granted": [scope.rpartition("/")[2][:100] for scope in scopes[:MOST_SCOPES]],
        "more": max(0, len(scopes) - MOST_SCOPES),
    }
