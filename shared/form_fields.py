"""A form as OAuth clients post it: its fields, each once; a field without a value counts as left out."""

from collections import Counter
from urllib.parse import parse_qsl

import azure.functions as func

from shared.errors import InvalidRequest
from shared.quoted import quoted
from shared.request_fields import request_body

FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 64


def form_fields(req: func.HttpRequest) -> dict[str, str]:
    """The fields of the body, empty without one; raises InvalidRequest for another kind of body and a repeated field.

    RFC 6749 section 3.2: a parameter without a value is omitted, none comes twice, and unknown ones are ignored, which
    is up to who reads them.
    """
    body = request_body(req)
    if not body.strip():
        return {}
    if req.headers.get("Content-Type", "").partition(";")[0].strip().lower() != FORM:
        raise InvalidRequest(f"The body is no form: send it as Content-Type: {FORM}.")
    try:
        # Blank ones are left out by default.
        pairs = parse_qsl(body.decode("ascii").strip(), errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise InvalidRequest(f"The form is malformed, or has more than {MOST_FIELDS} fields.") from None
    twice = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    if twice:
        raise InvalidRequest(f"The form has a field twice: {quoted(twice)}.")
    return dict(pairs)
