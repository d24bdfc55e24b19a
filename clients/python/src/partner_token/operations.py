"""What operators ask of the broker, as plain calls: one method a route."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from partner_token.messages import answer_of
from partner_token.pipeline import Connection


class Operations:
    """The operators' routes (docs/consent.md and docs/customers.md of the broker); raises BrokerError."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def link(self, consent: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """A one-time link."""
        return self._asked("POST", f"consents/{_part(consent)}/link", fields)

    def list_all(self) -> dict[str, Any]:
        """Every consent, and the application."""
        return self._asked("GET", "consents")

    def show(self, consent: str) -> dict[str, Any]:
        """One consent."""
        return self._asked("GET", f"consents/{_part(consent)}")

    def withdraw(self, consent: str) -> dict[str, Any]:
        """End a consent."""
        return self._asked("DELETE", f"consents/{_part(consent)}")

    def restore(self, consent: str) -> dict[str, Any]:
        """Take a withdrawal back."""
        return self._asked("POST", f"consents/{_part(consent)}/restore")

    def import_token(self, consent: str, refresh_token: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Import a refresh token; it travels in the body alone."""
        return self._asked("POST", f"consents/{_part(consent)}/import", {"refresh_token": refresh_token, **fields})

    def device(self, consent: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Begin a sign-in with a device code."""
        return self._asked("POST", f"consents/{_part(consent)}/device", fields)

    def poll(self, consent: str, device: str) -> dict[str, Any]:
        """Ask once how a sign-in with a device code goes."""
        return self._asked("POST", f"consents/{_part(consent)}/device/poll", {"device": device})

    def check(self, consent: str, pairs: Iterable[Mapping[str, str]]) -> list[dict[str, Any]]:
        """An outcome for each pair of tenant and resource, at most 25."""
        content = {"pairs": [dict(pair) for pair in pairs]}
        found: list[dict[str, Any]] = self._asked("POST", f"consents/{_part(consent)}/check", content)["pairs"]
        return found

    def diagnosis(self, consent: str) -> dict[str, Any]:
        """What the broker sees of itself."""
        return self._asked("GET", "diagnosis", query={"consent": consent})

    def status(self, query: Mapping[str, str]) -> dict[str, Any]:
        """The application, the consents, and which customers do not work; a page."""
        return self._asked("GET", "status", query=query)

    def revoke_links(self, consent: str) -> dict[str, Any]:
        """Make the links of a consent that nobody has used void."""
        return self._asked("DELETE", f"consents/{_part(consent)}/link")

    def customers(self, consent: str) -> dict[str, Any]:
        """The partner's customers, and how each source of them answered."""
        return self._asked("GET", "customers", query={"consent": consent})

    def change_customer(
        self, method: str, tenant: str, consent: str, *, dry_run: bool, replace: bool = False, plan: str = ""
    ) -> dict[str, Any]:
        """PUT or DELETE the application's consent in a customer's tenant."""
        query = {"consent": consent, "dry_run": "true" if dry_run else "false"}
        query |= {**({"replace": "true"} if replace else {}), **({"plan": plan} if plan else {})}
        return self._asked(method, f"customers/{_part(tenant)}/consent", query=query)

    def offboard(self, tenant: str, consent: str, *, dry_run: bool) -> dict[str, Any]:
        """End the work for a customer: stop its tokens, and take the applications out of its tenant."""
        query = {"consent": consent, "dry_run": "true" if dry_run else "false"}
        return self._asked("PUT", f"customers/{_part(tenant)}/offboarding", query=query)

    def return_customer(self, tenant: str) -> dict[str, Any]:
        """Let tokens be issued for a customer again."""
        return self._asked("DELETE", f"customers/{_part(tenant)}/offboarding")

    def exclude(self, tenant: str, fields: Mapping[str, str]) -> dict[str, Any]:
        """Keep a customer out of checks, consents and alarms until a day."""
        return self._asked("PUT", f"customers/{_part(tenant)}/exclusion", fields)

    def include(self, tenant: str) -> dict[str, Any]:
        """Let a customer in again."""
        return self._asked("DELETE", f"customers/{_part(tenant)}/exclusion")

    def history(self, tenant: str, consent: str) -> dict[str, Any]:
        """What changed for a customer, the newest first."""
        return self._asked("GET", f"customers/{_part(tenant)}/history", query={"consent": consent})

    def flush(self, tenant: str) -> dict[str, Any]:
        """Forget what is remembered of a customer's tenant; the answer says how far that reaches."""
        return self._asked("POST", f"customers/{_part(tenant)}/flush")

    def application_stop(self, method: str) -> dict[str, Any]:
        """PUT stops all tokens of the application, DELETE resumes, GET tells."""
        return self._asked(method, "application/stop")

    def policy_check(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Whether the access policy would allow a request."""
        return self._asked("POST", "policy/check", fields)

    def policy_lint(self, documents: Mapping[str, str]) -> dict[str, Any]:
        """What there is to say of policy documents (name -> text)."""
        return self._asked("POST", "policy/lint", {"documents": dict(documents)})

    def _asked(
        self,
        method: str,
        path: str,
        content: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        request = self._connection.broker.request(method, path, content, query)
        return answer_of(self._connection.send(request))


def _part(text: str) -> str:
    """One part of a path: whatever was typed stays one part."""
    return quote(text, safe="")
