"""Deterministic identifiers.

A ClOrdID is `epoch-parent_key-n`: who wrote the journal, which parent, which
request of it. The same decision always has the same id, so a broker that
enforces unique ids refuses a second sending of it.
"""

from hashlib import sha256
from typing import Final

_BASE32: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_EPOCH_LEN: Final = 7
_PARENT_KEY_LEN: Final = 16
CL_ORD_ID_LEN_MAX: Final = 30
"""IBKR's orderRef is the shortest field an id has to fit."""
NS_PER_S: Final = 1_000_000_000


def base32(value: int, length: int) -> str:
    """Return the lowest `length` base-32 digits of `value`, most significant first."""
    return "".join(_BASE32[(value >> (5 * place)) & 31] for place in reversed(range(length)))


def epoch_of(created_ns: int) -> str:
    """Return the 7 characters that stand for the second in which a journal was created."""
    return base32(created_ns // NS_PER_S, _EPOCH_LEN)


def epoch_ns(epoch: str) -> int:
    """Return the second that an epoch stands for, as an instant; zero where it is none."""
    value = 0
    for digit in epoch:
        place = _BASE32.find(digit)
        if place < 0:
            return 0
        value = value << 5 | place
    return value * NS_PER_S


def parent_key(account: str, intent_id: str, leg: int = 0) -> str:
    """Return the 16 characters that stand for one parent of one account."""
    digest = sha256(f"{account}\x1f{intent_id}\x1f{leg}".encode()).digest()
    return base32(int.from_bytes(digest[:10], "big"), _PARENT_KEY_LEN)


def cl_ord_id(epoch: str, parent: str, n: int) -> str:
    """Return the id of a parent's `n`-th request (n >= 1); at most 30 ASCII characters.

    Raises ValueError where it would be longer.
    """
    text = f"{epoch}-{parent}-{n}"
    if len(text) > CL_ORD_ID_LEN_MAX:
        message = f"cl_ord_id {text!r} is longer than {CL_ORD_ID_LEN_MAX} characters"
        raise ValueError(message)
    return text
