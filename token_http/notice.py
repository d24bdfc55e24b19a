"""What a caller should know of a token that it gets all the same: it is older than wished, or its API is retired."""

from collections.abc import Iterable
from dataclasses import dataclass

from shared.cloud import Cloud

# RFC 7234 section 5.5: 110 "response is stale", 299 "miscellaneous persistent warning".
STALE_CODE, PERSISTENT_CODE = 110, 299


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One warning, as the Warning header carries it."""

    code: int
    text: str


STALE = Notice(code=STALE_CODE, text="The authority does not answer; this token was issued earlier and ends soon.")


def retired(text: str) -> Notice:
    """A notice that something is retired and what replaces it."""
    return Notice(code=PERSISTENT_CODE, text=text)


AAD_GRAPH_RETIRED = retired("Azure AD Graph is retired since 2025-08-31 and serves no request: use Microsoft Graph.")


def of_resource(canonical_resource: str, cloud: Cloud) -> tuple[Notice, ...]:
    """What there is to know of a resource."""
    return (AAD_GRAPH_RETIRED,) if canonical_resource == cloud.canonical("aadgraph") else ()


def header(notices: Iterable[Notice]) -> str:
    """The value of the Warning header, each notice once; empty for none."""
    return ", ".join(f'{notice.code} - "{notice.text}"' for notice in dict.fromkeys(notices))
