"""Bodies that nobody should have to read: garbage, and far too much."""

import zlib
from collections.abc import Iterable, Iterator
from itertools import chain, repeat

# No text in UTF-8, and no JSON in any encoding.
GARBAGE = bytes(reversed(range(256)))
_PIECE = 1 << 18
_GZIP = 31  # what zlib's `wbits` says for it


def padded(body: bytes, size: int) -> Iterator[bytes]:
    """So many bytes of white space, then the body: who stops reading early has not read it."""
    return chain(repeat(b" " * _PIECE, size // _PIECE), [b" " * (size % _PIECE), body])


def compressed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces by gzip: a thousandth of their size, as white space goes."""
    compressor = zlib.compressobj(wbits=_GZIP)
    yield from map(compressor.compress, pieces)
    yield compressor.flush()
