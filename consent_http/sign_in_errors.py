"""What the authority's refusal of an authorization says when the browser brings it back (RFC 6749 section 4.1.2.1)."""

from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from shared.entra.authority_errors import ErrorAnswer, judge
from shared.entra.place import Place
from shared.errors import BrokerError

LONGEST_CODE = 9


def sign_in_refusal(unverified_response: Mapping[str, str], *, tenant_id: str) -> BrokerError:
    """What it means to the person, refined by the AADSTS number if there is one."""
    code = code_of(unverified_response)
    codes = () if code is None else (code,)
    error = unverified_response.get("error", "")
    return judge(ErrorAnswer(tenant_id=tenant_id, error=error, codes=codes), Place.SIGN_IN)


def code_of(unverified_response: Mapping[str, str]) -> int | None:
    """The AADSTS number of a refused authorization, out of its `error_uri`; its texts are never read."""
    try:
        given = parse_qs(urlsplit(unverified_response.get("error_uri", "")).query).get("code", [""])[0]
    except ValueError:
        return None
    return int(given) if given.isascii() and given.isdigit() and len(given) <= LONGEST_CODE else None
