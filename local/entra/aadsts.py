"""How Entra ID refuses: one exception, and the body and headers its answers really have."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.responses import JSONResponse

from local.entra.aadsts_codes import CODES, STATUSES, Code

_UNKNOWN = Code(error="invalid_grant", text="An error has occurred.", status=400, suberror=None, claims=None)
NO_STORE = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache", "Expires": "-1"}


class EntraError(Exception):
    """A refusal with an AADSTS code; `values` fill the braces of the code's sentence.

    `error`, `suberror`, `claims`, `status` and `codes` (the numbers that are told) replace what the code usually
    carries: the real service sends some codes with more than one OAuth error. `headers` come on top.
    """

    def __init__(
        self,
        code: int,
        *,
        error: str | None = None,
        suberror: str | None = None,
        claims: str | None = None,
        status: int | None = None,
        codes: Sequence[int] | None = None,
        headers: Mapping[str, str] | None = None,
        **values: str,
    ) -> None:
        known = CODES.get(code, _UNKNOWN)
        self.code = code
        self.codes = [code] if codes is None else list(codes)
        self.headers = dict(headers or {})
        self.error = error or known.error
        self.suberror = suberror or known.suberror
        self.claims = claims or known.claims
        self.status = status or (STATUSES.get(error, 400) if error else known.status)
        self.text = known.text.format_map(_LeftOpen(values))
        super().__init__(f"AADSTS{code}: {self.text}")

    def body(self, correlation_id: str | None = None) -> dict[str, Any]:
        """The JSON of a token endpoint's refusal, with fresh trace id and the current time."""
        trace_id, correlation_id = str(uuid.uuid4()), correlation_id or str(uuid.uuid4())
        timestamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        body: dict[str, Any] = {
            "error": self.error,
            "error_description": f"{self} Trace ID: {trace_id} Correlation ID: {correlation_id} Timestamp: {timestamp}",
            "error_codes": self.codes,
            "timestamp": timestamp,
            "trace_id": trace_id,
            "correlation_id": correlation_id,
            "error_uri": f"https://login.microsoftonline.com/error?code={self.code}",
        }
        optional = {"suberror": self.suberror, "claims": self.claims}
        return body | {name: value for name, value in optional.items() if value is not None}

    def response(self, correlation_id: str | None = None) -> JSONResponse:
        """The whole answer of the token endpoint."""
        headers = protocol_headers(self.code) | self.headers
        return JSONResponse(self.body(correlation_id), status_code=self.status, headers=headers)


def protocol_headers(code: int = 0) -> dict[str, str]:
    """The headers of every answer of the token endpoint; `code` 0 is success."""
    return {
        **NO_STORE,
        "x-ms-request-id": str(uuid.uuid4()),
        "x-ms-ests-server": "2.1.local - LOOPBACK ProdSlices",
        "x-ms-clitelem": f"1,{code},0,,",
    }


class _LeftOpen(dict[str, str]):
    """Leaves a brace nobody filled as it is: an injected error knows no particulars."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"
