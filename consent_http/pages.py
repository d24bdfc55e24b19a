"""The pages a person sees: plain HTML, no script, everything from this app, readable on a phone and in the dark."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from string import Template
from urllib.parse import urlsplit

from consent_http.completion import Confirmation
from consent_http.link import Link
from consent_http.refusals import LinkRefused
from shared.clock import for_people
from shared.consents.consent import Consent
from shared.errors import BrokerError, ConsentRefused

_STYLE = """
:root{color-scheme:light dark;--text:#1b1b1f;--soft:#54545e;--back:#f2f3f7;--card:#fff;--line:#d9dae1;--deed:#0a4fa3;
--on-deed:#fff;--done:#17693c;--told:#44546a;--stop:#8f4e00}
@media(prefers-color-scheme:dark){
:root{--text:#ececf1;--soft:#b3b3bf;--back:#131317;--card:#1f1f26;--line:#3b3b46;--deed:#9cc4ff;--on-deed:#10141c;
--done:#7fd8a4;--told:#aebfd6;--stop:#f2b866}}
body{margin:0;background:var(--back);color:var(--text);font:1rem/1.55 "Segoe UI",system-ui,sans-serif}
main{--tone:var(--deed);box-sizing:border-box;max-width:42rem;margin:8vh auto;padding:1.6rem 2rem 1.8rem;
background:var(--card);border:1px solid var(--line);border-top:.3rem solid var(--tone);border-radius:.5rem;
overflow-wrap:anywhere}
.done{--tone:var(--done)}.told{--tone:var(--told)}.stop{--tone:var(--stop)}
.product,.note,dt{color:var(--soft)}.product{margin:0 0 .5rem;font-size:.9rem}.note{margin-bottom:0}
h1{display:flex;gap:.7rem;align-items:center;margin:0 0 1.1rem;font-size:1.5rem;line-height:1.25;text-wrap:balance}
h1::before{flex:none;width:2rem;border-radius:50%;background:var(--tone);color:var(--card);font-size:1.2rem;
line-height:2rem;text-align:center}
.done h1::before{content:"\\2713";content:"\\2713"/""}.told h1::before{content:"i";content:"i"/""}
.stop h1::before{content:"!";content:"!"/""}
.remedy{padding-left:.9rem;border-left:.25rem solid var(--tone)}
dl{display:grid;grid-template-columns:max-content 1fr;margin:1.4rem 0 1.2rem;border-bottom:1px solid var(--line)}
dl:last-child{margin-bottom:.2rem}
dt,dd{margin:0;padding:.45rem 0;border-top:1px solid var(--line)}dt{padding-right:1.6rem}
button{min-height:2.75rem;padding:.7rem 1.6rem;border:1px solid transparent;border-radius:.4rem;
background:var(--deed);color:var(--on-deed);font:inherit;font-weight:600;cursor:pointer}
button:hover{filter:brightness(1.1)}button:focus-visible{outline:3px solid var(--text);outline-offset:3px}
@media(max-width:34rem){body{background:var(--card)}main{margin:0;padding:1.2rem 1.25rem;border-width:.3rem 0 0;
border-radius:0}dl{grid-template-columns:1fr}dt{padding-bottom:0}dd{padding-top:0;border:0}button{width:100%}}
""".strip()
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_PRODUCT = "Secure Application Model broker"
# True even when it is in doubt whether the vault took the consent.
_OPEN_AGAIN = "Open the same link again in a few minutes: if your consent was stored after all, it says so."
_LAYOUT = Template(
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>$title - $product</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
    "<style>$style</style></head>"
    '<body><main class="$tone"><p class="product">$product</p><h1>$title</h1>$body</main></body></html>\n'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """HTML with the status and headers it goes out with."""

    html: str
    status: int
    headers: Mapping[str, str]


def consent_page(link: Link, *, unverified_link: str, public_url: str, vault_url: str, scope: str) -> Page:
    """What will be stored, where and for whom, and the button that begins the sign-in."""
    who = link.login_hint or (f"the person with object id {link.person}" if link.person else "an administrator of it")
    body = (
        "<p>You are asked to sign in once, with multi-factor authentication. From then on the broker named here may "
        "act in your name towards the tenants and services that your account reaches, until the consent is "
        "withdrawn.</p>"
        + _details(
            {
                "Consent": link.name,
                "Tenant": link.tenant_id,
                "For": who,
                "Signs in for": scope,
                "Stored in": f"Key Vault {urlsplit(vault_url).netloc}, as a refresh token that nobody is shown",
                "Broker": urlsplit(public_url).netloc,
            }
        )
        + f'<form method="post" action="{escape(public_url)}/api/consent">'
        f'<input type="hidden" name="link" value="{escape(unverified_link)}">'
        "<button>Sign in and consent</button></form>"
        '<p class="note">If you did not expect this, close the page: opening it has changed nothing.</p>'
    )
    # Chromium applies form-action to the whole chain of redirects, and this form leads to the authority.
    return _page("Consent to the partner application", body, tone="asks", form_action="")


def done_page(confirmation: Confirmation, correlation: str) -> Page:
    """The consent that is stored, or who else's is in force."""
    consent, in_force = confirmation.consent, confirmation.in_force
    if in_force.lineage != consent.lineage:
        who = f"{in_force.person.username} consented" if isinstance(in_force, Consent) else "It was withdrawn"
        body = (
            f"<p>{escape(who)} at the same moment as you, and that is what is in force now.</p>"
            '<p class="remedy">Nothing is to be done, unless it should be yours: then ask for a new link.</p>'
        ) + _details({"Consent": consent.name, "Correlation id": correlation})
        return _page("Your consent was overtaken", body, tone="told", status=409)
    body = "<p>Thank you. The broker has tried the consent and stored it. You can close this page.</p>" + _details(
        {
            "Consent": consent.name,
            "Person": consent.person.username,
            "Tenant": consent.person.tenant_id,
            "MFA": "yes, the authority says so" if consent.mfa == "yes" else "unknown: the tokens do not tell",
            "Stored": for_people(consent.consented_on),
        }
    )
    return _page("Your consent is stored", body, tone="done")


def refusal_page(error: BrokerError, correlation: str) -> Page:
    """What happened, what to do, and what to quote when asking for help."""
    remedy = _OPEN_AGAIN if error.transient else error.remedy
    entra = {"Entra ID code": f"AADSTS{error.authority_code}"} if error.authority_code else {}
    body = f'<p>{escape(error.says)} {escape(error.detail)}</p><p class="remedy">{escape(remedy)}</p>' + _details(
        {"Code": error.code, **entra, "Correlation id": correlation}
    )
    # Gone by somebody's act or by time: worth knowing, and nothing that went wrong.
    tone = "told" if isinstance(error, LinkRefused) and error.status == HTTPStatus.GONE else "stop"
    return _page(_title(error), body, tone=tone, status=error.status)


def _title(error: BrokerError) -> str:
    match error:
        case LinkRefused():  # of a used one, a consent was stored
            return "This link cannot be used"
        case ConsentRefused():
            return "Nothing was stored"
    return "This did not work"


def _page(title: str, body: str, *, tone: str, status: int = 200, form_action: str = "form-action 'none'; ") -> Page:
    """`tone` is how it looks: it asks something, something is done, the person is told something, or has to stop."""
    policy = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; {form_action}base-uri 'none'; frame-ancestors 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "same-origin",
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    html = _LAYOUT.substitute(title=escape(title), product=_PRODUCT, tone=tone, style=_STYLE, body=body)
    return Page(html=html, status=status, headers=headers)


def _details(rows: Mapping[str, str]) -> str:
    items = "".join(f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>" for term, text in rows.items())
    return f"<dl>{items}</dl>"
