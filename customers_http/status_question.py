"""What somebody wants to know of the customers: those that fail, all, or those of a name; page after page."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from shared.errors import InvalidRequest
from shared.request_fields import checked_parameters
from shared.rows import KEY

PARAMETERS = ("customer", "all", "after")
PAGE = 500
LONGEST_NAME = 100
PRINTABLE = re.compile(r"[^\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`customer` is a tenant's id or a part of a name, in lower case; `after` is where the last page ended."""

    customer: str = ""
    all: bool = False
    after: str = ""


def read_question(parameters: Mapping[str, str]) -> Question:
    """The question in a query; raises InvalidRequest naming what is wrong."""
    given = checked_parameters(parameters, PARAMETERS)
    customer, every, after = (given.get(name, "") for name in PARAMETERS)
    if customer and (len(customer) > LONGEST_NAME or not PRINTABLE.fullmatch(customer)):
        raise InvalidRequest(f"customer: a tenant's id or a part of a name, at most {LONGEST_NAME} characters.")
    if every not in {"", "0", "1"}:
        raise InvalidRequest("all: 1 or 0.")
    if after and not KEY.fullmatch(after):
        raise InvalidRequest("after: what `next` of the last page was.")
    return Question(customer=customer.strip().lower(), all=every == "1", after=after)
