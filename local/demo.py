"""The whole main job without a hand: consent, tokens, sixty days of refresh, refusals; each step says what happened."""

import base64
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from local.clock import read_offset, write_offset
from local.morning import PERSON, mornings
from local.person import Person
from local.stack import running_stack
from local.state import StackState
from local.workload import Workload, fire_timer
from local.world import ADMIN, CONTOSO, DEFAULT_WORLD, NORTHWIND, TAILSPIN, WINGTIP

SHOWN_CLAIMS = ("aud", "tid", "upn", "scp", "amr", "exp")
TENANT_NAMES = {tenant.id: tenant.name for tenant in DEFAULT_WORLD.tenants}


class DemoFailed(RuntimeError):
    """A step did not do what it should; the demonstration ends with an error."""


def run_demo(*, on_func: bool = False) -> None:
    """Start a stack in a folder that vanishes, do everything, stop it; raises DemoFailed.

    `on_func` runs the broker on the real Functions host.
    """
    with tempfile.TemporaryDirectory(prefix="broker-demo-") as folder:
        host = "the real Functions host" if on_func else "Functions host"
        say(f"Starting the local stack: {host}, Entra ID, two Key Vaults, managed identities ...")
        with running_stack(Path(folder) / "state", on_func=on_func) as state:
            say(f"   broker       {state.host}")
            say(f"   Entra ID     {state.entra}   (sign-in pages: {state.entra_browser})")
            say(f"   token vault  {state.token_vault}")
            say(f"   policy vault {state.policy_vault}")
            consent(state)
            tokens(state)
            refusals(state)
            customers(state)
            refresh(state)
            withdrawal(state)
    say("")
    say("Done: consent, exchange and refresh worked, what should be refused was refused, and nothing is left running.")
    say("Next: `make run` keeps the stack up for you to try; docs/architecture.md shows the three paths.")


def consent(state: StackState) -> None:
    """An operator makes a link, a person signs in with MFA, the refresh token lands in Key Vault."""
    with step(1, "Consent: an operator makes a one-time link, a person signs in once, with MFA"):
        link = Workload(state=state, name="operator").link("partner", login_hint=ADMIN.username)
        say(f"   link         {link.partition('?')[0]}?link=...   (one use, 30 minutes)")
        with Person() as person:
            page = person.consent(link, ADMIN)
            for method, address, status in person.trace:
                say(f"   {method:<4} {status}     {address}")
            expect(page.is_success and "Your consent is stored" in page.text, "the consent was not stored")
            again = person.open(link)
            expect(again.status_code == httpx.codes.GONE, "the link could be used twice")
            say("   the same link again: 410, it has been used")
        show_consents(state)


def tokens(state: StackState) -> None:
    """A managed identity gets tokens for two customer tenants and two APIs, out of the one consent."""
    with step(2, "Exchange: the managed identity `reports` asks for tokens of two customers and two APIs"):
        reports = Workload(state=state, name="reports")
        for tenant, tenant_id in (("contoso", CONTOSO), ("northwind", NORTHWIND)):
            for resource, audience in (
                ("graph", "https://graph.microsoft.com"),
                ("arm", "https://management.azure.com"),
            ):
                issued = granted(reports.token(tenant, resource))
                claims = claims_of(issued["access_token"])
                expect((claims["tid"], claims["aud"]) == (tenant_id, audience), "the token is for somebody else")
                shown = {name: claims[name] for name in SHOWN_CLAIMS if name in claims}
                say(f"   {tenant:<10} {resource:<6} {issued['expires_in'] // 60} min  {json.dumps(shown)}")
        again = granted(reports.token("contoso", "graph"))
        say(f"   contoso    graph  again, out of the cache: {again['expires_in'] // 60} min left")


def refusals(state: StackState) -> None:
    """Who has no permission gets nothing; a customer that has not consented is answered with the remedy."""
    with step(3, "Refusals: each has a stable code, a remedy and a correlation id"):
        refused("no permission    ", Workload(state=state, name="intruder").token("contoso", "graph"), "not_permitted")
        refused("no app role      ", Workload(state=state, name="stranger").token("contoso", "graph"), "role_missing")
        reports = Workload(state=state, name="reports")
        refused("another resource ", reports.token("contoso", "exchange"), "not_permitted")
        own = claims_of(granted(reports.token("contoso", "graph", **{"as": "application"}))["access_token"])
        expect(own["tid"] == CONTOSO and "scp" not in own, "the token is not the application's own")
        say("   of the application itself: contoso graph, by a row of its own and in nobody's name")
        refused("a user row alone ", reports.token("contoso", "arm", **{"as": "application"}), "not_permitted")
        answer = reports.token("tailspin", "graph")
        refused(f"{TENANT_NAMES[TAILSPIN]:<17}", answer, "application_not_consented")
        say(f"      {answer.json()['error_description']}")


def customers(state: StackState) -> None:
    """Two mornings: which customers do not work is told, what can be mended is, and the rest has its remedy."""
    with step(
        4, "Customers: a night's check, `partner-broker status` in the morning, consent topped up, the next morning"
    ):
        told = mornings(state, say)
        expect("Adventure Works" in told.first.shown, "the new customer was not told of")
        expect(told.next.code == PERSON and "Tailspin Toys" not in told.next.shown, "the consents were not topped up")
        issued = granted(Workload(state=state, name="reports").token("tailspin", "graph"))
        say(f"   tailspin   graph  {issued['expires_in'] // 60} min  {issued['scope']}")


def refresh(state: StackState) -> None:
    """Sixty days pass in steps of ten; the timer proves and renews, and the tokens go on."""
    with step(5, "Refresh: sixty days pass; the timer proves the consent and stores what it renews"):
        for _ in range(6):
            move_clock(state, timedelta(days=10))
            expect(fire_timer(state) == "Success", "the timer failed")
        show_consents(state)
        move_clock(state, timedelta(days=29))
        issued = granted(Workload(state=state, name="reports").token("northwind", "arm"))
        say(f"   29 days later, without any run in between: northwind arm, {issued['expires_in'] // 60} min")


def withdrawal(state: StackState) -> None:
    """An operator withdraws; no token is issued any more, no timer run brings it back, and an operator can."""
    with step(6, "Withdrawal: an operator ends it; no later run of the timer brings it back, and an operator can"):
        Workload(state=state, name="operator").call("DELETE", "consents/partner").raise_for_status()
        expect(fire_timer(state) == "Success", "the timer failed")
        refused(
            "contoso graph    ", Workload(state=state, name="reports").token("contoso", "graph"), "consent_withdrawn"
        )
        operator = Workload(state=state, name="operator")
        restored = granted(operator.call("POST", "consents/partner/restore"))
        say(f"   restored: {restored['username']}, after a proof   (POST /api/consents/partner/restore)")
        pairs = [{"tenant": CONTOSO, "resource": "graph"}, {"tenant": WINGTIP, "resource": "graph"}]
        for pair in granted(operator.call("POST", "consents/partner/check", {"pairs": pairs}))["pairs"]:
            say(f"   {TENANT_NAMES[pair['tenant']]:<17} {pair['outcome']}   (POST /api/consents/partner/check)")


@contextmanager
def step(number: int, title: str) -> Iterator[None]:
    """One step with its headline."""
    say("")
    say(f"{number}. {title}")
    yield


def show_consents(state: StackState) -> None:
    """The operators' list."""
    answer = Workload(state=state, name="operator").call("GET", "consents").raise_for_status()
    for found in answer.json()["consents"]:
        say(
            f"   consent `{found['name']}` of {found['username']}: {found['status']}, MFA {found['mfa']}, "
            f"proven {found['proven_on']}, {found['days_left']} days left   (GET /api/consents)"
        )


def move_clock(state: StackState, by: timedelta) -> None:
    """Let time pass for every part of the stack."""
    write_offset(state.clock_file, read_offset(state.clock_file) + by)


def granted(answer: httpx.Response) -> dict[str, Any]:
    """The token answer; raises DemoFailed with the code when it is a refusal."""
    content: dict[str, Any] = answer.json()
    expect(answer.is_success, f"refused: {content.get('code')}")
    return content


def refused(who: str, answer: httpx.Response, code: str) -> None:
    """Show a refusal; raises DemoFailed when it is none, or another."""
    content = answer.json()
    expect(content.get("code") == code, f"expected {code}, got {answer.status_code} {content.get('code')}")
    say(f"   {who} {answer.status_code} {content['error']} / {content['code']}   [{content['correlation_id']}]")


def claims_of(token: str) -> dict[str, Any]:
    """What a token says; shown instead of the token."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def expect(condition: object, otherwise: str) -> None:
    """Raise DemoFailed unless the condition holds."""
    if not condition:
        raise DemoFailed(otherwise)


say: Callable[[str], None] = lambda line: print(line, flush=True)  # noqa: E731 - progress has to be seen while it happens
