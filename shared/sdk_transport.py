"""The transport of Microsoft's SDKs: our connections and limits below their own pipelines.

How often something is tried stays theirs to say: no answer is asked for again here, so that nothing multiplies.
"""

from azure.core.pipeline.transport import RequestsTransport

from shared.connections import Lifetimes
from shared.outbound import LONGEST_ANSWER, KnownAdapter, OnceMore, session_of

CONNECT_SECONDS, READ_SECONDS = 3, 10
THREADS = 32


def sdk_transport(
    *,
    verify: str | bool = True,
    single: bool = False,
    lifetimes: Lifetimes | None = None,
    longest: int = LONGEST_ANSWER,
) -> RequestsTransport:
    """A transport for one SDK client; `single` opens a new connection for each request.

    `verify` is a PEM file of authorities to trust, True for the usual ones; `longest` in bytes, of one answer.
    A connection that turns out dead fails its request, and with it leave all that were idle since before: the next
    try of the SDK is on a fresh one.
    """
    never_again = OnceMore(stale=False, total=False)
    lives = Lifetimes.used_once() if single else lifetimes
    adapter = KnownAdapter(retries=never_again, threads=THREADS, lifetimes=lives, longest=longest)
    session = session_of(adapter)
    return RequestsTransport(
        session=session, connection_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, connection_verify=verify
    )
