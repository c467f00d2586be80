"""How values become bytes and come back.

JSON through msgspec: exact decimals (as text), tagged unions, stable field
order. Two equal values always encode to the same bytes.
"""

from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

import msgspec

_encoder: Final = msgspec.json.Encoder()
encode: Final = _encoder.encode


def encode_text(value: object) -> str:
    """Return the encoding of `value` as text, as the journal stores it."""
    return _encoder.encode(value).decode()


def content_hash(value: object) -> str:
    """Return 32 hex digits that stand for the canonical encoding of `value`."""
    return sha256(_encoder.encode(value)).hexdigest()[:32]


def plain(value: Decimal) -> str:
    """Return a decimal as people write it: no exponent, no needless zeros."""
    text = str(value)
    if "E" in text:
        text = format(value, "f")  # Twice as dear, and seldom needed.
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text if text not in {"-0", ""} else "0"


def decoder(kind: Any) -> msgspec.json.Decoder[Any]:  # noqa: ANN401  # A union of types is no `type[T]`.
    """Return a strict decoder of `kind`; it raises msgspec.ValidationError on anything else."""
    return msgspec.json.Decoder(kind)
