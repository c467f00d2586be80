"""What is said over the venue's socket, and how it becomes bytes.

A frame is four bytes of length and one JSON value, a tagged struct from here.
Both sides read with the same `Splitter`; it refuses a frame that is too long
and never looks into one. A new message is a class here and a case in
`session` (what clients say) or in the broker's link (what the venue says).
"""

from typing import Final, Literal

import msgspec

from execd.core.events import StreamAlive, StreamGap
from execd.core.market import Halt, Prints, Quote, SymbolSeen
from execd.core.order import Order
from execd.core.orders import CancelRequest, NewOrder, ReplaceRequest
from execd.core.reports import ExecReport, OrderSnapshot
from execd.core.snapshot import AccountSnapshot
from execd.venue.faults import Fault
from execd.venue.spec import VenueSpec

VERSION: Final = 5
"""Both sides must speak the same; there is nothing to negotiate between a daemon and a venue of one installation."""
FRAME_BYTES_MAX: Final = 4 * 1024 * 1024
"""A hundred adopted orders with their fills are far below it."""
_HEAD: Final = 4

Tick = Quote | Prints | Halt | StreamAlive | StreamGap


class Hello(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The first word of a client. `kind` trade needs an account; ask is for people.

    Reports after `since_seq` are told again; where that is None, those at or after `since_ns`.
    """

    version: int
    kind: Literal["trade", "feed", "ask"]
    account: str = ""
    pid: int = 0
    since_seq: int | None = None
    since_ns: int = 0


class Do(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A request; Taken says that it is on its way, never what became of it."""

    rid: int
    request: NewOrder | CancelRequest | ReplaceRequest


class Find(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A question about one order, behind every request that was sent before it."""

    rid: int
    cl_ord_id: str


class Survey(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A question about everything that the account holds, behind every request that was sent before it."""

    rid: int
    since_ns: int


class Adopt(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Let an account that is new here begin, with the orders that the client remembers of it; taken once.

    Nothing happens before the last part has come; it may be empty. Taken: the account is durable.
    """

    rid: int
    orders: tuple[Order, ...]
    is_last: bool = True


class Want(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Show these symbols, too."""

    symbols: tuple[str, ...]


class Look(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A question about what some symbols show now."""

    rid: int
    symbols: tuple[str, ...]


class Ask(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A question for people; the answer is rows. `limit` counts from the latest."""

    rid: int
    what: Literal["status", "orders", "positions", "executions"]
    account: str = ""
    since_ns: int = 0
    limit: int = 1_000


class Withdraw(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Cancel an order as a broker's desk does: whoever trades the account is told, nobody of it was asked."""

    rid: int
    account: str
    cl_ord_id: str


class SetFault(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Do this wrong from now on; `for_s` zero: no end but its own."""

    rid: int
    fault: Fault
    for_s: float = 0.0


class ClearFaults(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Do everything right again; `name` only that one."""

    rid: int
    name: str = ""


class Stop(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """End the venue; refused while somebody trades, unless `is_forced`."""

    rid: int
    is_forced: bool = False


class Welcome(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The answer to Hello. `is_new`: the account has never been here. `is_gap`: reports asked for are kept no more.

    `since_ns` is when the account began here, and with that which one it is: a ledger that was lost and made anew has
    another of the same name. Of a new one it is what will be written down once the account is taken up.
    """

    version: int
    pid: int
    spec: VenueSpec
    seq: int = 0
    since_ns: int = 0
    is_new: bool = False
    is_gap: bool = False


class Goodbye(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The venue ends the connection, and says why."""

    code: str
    text: str


class Taken(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A request is on its way, or a command was followed."""

    rid: int


class NotTaken(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A request or a command was not taken; nothing of it happened.

    `code` rate_limited: there were too many, and there may be one again at `until_ns`; unauthorized: the account may do
    nothing at all.
    """

    rid: int
    text: str
    code: Literal["", "rate_limited", "unauthorized"] = ""
    until_ns: int = 0


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The venue failed over a request or a question; whether it was taken this does not say."""

    rid: int
    text: str


class Found(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What the ledger holds of an order; None where there is no such order."""

    rid: int
    seen: OrderSnapshot | None


class Looked(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What the symbols of a question show."""

    rid: int
    seen: tuple[SymbolSeen, ...]


class Surveyed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A page of what an account holds; all pages are of one instant."""

    rid: int
    part: AccountSnapshot
    is_last: bool


class Answer(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What people asked for, as JSON."""

    rid: int
    rows: msgspec.Raw


class Report(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A report and its number in the account's stream; durable before it is said."""

    seq: int
    report: ExecReport


class Skip(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The number of a report that is kept quiet (fault accept-then-silence)."""

    seq: int


class Alive(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The connection is up, and the stream has come to `seq`: who has heard less has missed something."""

    now_ns: int
    seq: int = 0


class Ticks(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What the market showed since the last such frame."""

    ticks: list[Tick]


FromClient = Hello | Do | Find | Survey | Adopt | Want | Look | Ask | Withdraw | SetFault | ClearFaults | Stop
FromVenue = (
    Welcome | Goodbye | Taken | NotTaken | Failed | Found | Looked | Surveyed | Answer | Report | Skip | Alive | Ticks
)


class WireError(Exception):
    """What arrived is no frame of ours; the connection cannot go on."""


_encoder: Final = msgspec.json.Encoder()
_client_decoder: Final = msgspec.json.Decoder(FromClient)
_venue_decoder: Final = msgspec.json.Decoder(FromVenue)


def frame(message: FromClient | FromVenue) -> bytes:
    """Return the bytes of a message. Raises WireError where it is longer than a frame may be."""
    body = _encoder.encode(message)
    if len(body) > FRAME_BYTES_MAX:
        raise WireError(f"a frame of {len(body)} bytes; {FRAME_BYTES_MAX} are allowed")
    return len(body).to_bytes(_HEAD, "big") + body


def strange(body: bytes) -> bytes:
    """Return bytes in the shape of a frame that hold no message of ours, for a venue that is told to say them."""
    return len(body).to_bytes(_HEAD, "big") + body


def from_client(body: bytes) -> FromClient:
    """Return what a client says. Raises WireError."""
    try:
        message: FromClient = _client_decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WireError(str(error)) from error
    return message


def from_venue(body: bytes) -> FromVenue:
    """Return what the venue says. Raises WireError."""
    try:
        message: FromVenue = _venue_decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WireError(str(error)) from error
    return message


class Splitter:
    """Bytes in, however they were cut; whole frames out."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def feed(self, part: bytes) -> list[bytes]:
        """Return the frames that `part` completes, in order. Raises WireError for one that is too long."""
        self._kept += part
        frames: list[bytes] = []
        at = 0
        while len(self._kept) - at >= _HEAD:
            size = int.from_bytes(self._kept[at : at + _HEAD], "big")
            if size > FRAME_BYTES_MAX:
                raise WireError(f"a frame of {size} bytes; {FRAME_BYTES_MAX} are allowed")
            if len(self._kept) - at - _HEAD < size:
                break
            frames.append(bytes(self._kept[at + _HEAD : at + _HEAD + size]))
            at += _HEAD + size
        del self._kept[:at]
        return frames
