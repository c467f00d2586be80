"""A limit on what a connection may cost that does not ask, or does not read what it is answered.

aiohttp waits for the first request for as long as the peer likes, for the peer
to read for as long as that takes, and takes as many peers as come. Here the
first request has a time in which its headers must be whole, an answer one in
which some of it must be read, and whoever finds no place (`seats`) is told so
and hung up on. Nothing here reads what they say; the time of a body is in `gate`.
"""

import asyncio
from collections.abc import Callable
from typing import Final, cast

import structlog

from execd.core.codec import encode
from execd.surface.peers import Refusals
from execd.surface.seats import Ease, Guest, Seats, public_guest

HEADERS_S_MAX: Final = 3.0
"""A request is a few hundred bytes from the same machine; slower is not a client of ours."""
STALLED_S_MAX: Final = 10.0
"""An answer of which nothing was read between two looks, so far apart, is given up with its connection."""
FULL: Final = (
    "too many connections at this door: those of one user, and those of all users of one role, have a number; see who"
    " holds them with `ss -xp`; a cancel file in the inbox and SIGTERM work without this door"
)
_BODY: Final = encode({"code": "busy", "message": FULL, "field": None, "line": None})
_REFUSAL: Final = (
    b"HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(_BODY), _BODY)
)
_END: Final = b"\r\n\r\n"

log = structlog.get_logger("execd.surface")


class Doorman:
    """Seats the connections of one door and makes the protocols that guard them."""

    def __init__(
        self,
        protocol: Callable[[], asyncio.Protocol],
        *,
        seats: Seats | None = None,
        headers_s_max: float = HEADERS_S_MAX,
        stalled_s_max: float = STALLED_S_MAX,
    ) -> None:
        """`protocol` makes what speaks HTTP; without `seats` peers have no names."""
        self.refused_n = 0
        self.seats = seats or Seats(public_guest)
        self.protocol: Final = protocol
        self.headers_s_max: Final = headers_s_max
        self.stalled_s_max: Final = stalled_s_max
        self._told = Refusals()

    def __call__(self) -> asyncio.Protocol:
        """Return the protocol of a new connection."""
        return _Guarded(self)

    @property
    def connections_n(self) -> int:
        """Connections that have a place."""
        return self.seats.taken_n

    def refuse(self, line: asyncio.Transport, guest: Guest) -> None:
        """Say that there is no place, and hang up. The log has it once a minute for each user."""
        self.refused_n += 1
        line.write(_REFUSAL)
        line.close()
        now_ns = int(asyncio.get_running_loop().time() * 1e9)
        if self._told.is_news(guest.uid, guest.kind, now_ns):
            log.warning("connection_refused", uid=guest.uid, kind=guest.kind, each_n=guest.share.each_n)


class _Guarded(asyncio.Protocol):
    """Hands everything on to the protocol inside, and hangs up on who does not ask, or does not read, in time."""

    def __init__(self, doorman: Doorman) -> None:
        self._doorman = doorman
        # Made for those who have a place only: to refuse must cost next to nothing.
        self._inner: asyncio.Protocol | None = None
        self._line: asyncio.Transport | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._looking: asyncio.TimerHandle | None = None
        self._waiting_bytes = 0
        self._was_read = False
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have no base of asyncio's.
        line = cast("asyncio.Transport", transport)
        seats = self._doorman.seats
        guest = seats.guest_of(line.get_extra_info("socket"))
        if not seats.take(self, guest):
            self._doorman.refuse(line, guest)
            return
        loop = asyncio.get_running_loop()
        self._line = line
        self._alarm = loop.call_later(self._doorman.headers_s_max, self.give_way)
        self._look_again(line)
        self._inner = self._doorman.protocol()
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._inner is None:
            return
        if self._alarm is not None:
            seen = self._tail + data
            self._tail = seen[-len(_END) + 1 :]
            if _END in seen:
                self._quiet()
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return None if self._inner is None else self._inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._quiet()
        if self._looking is not None:
            self._looking.cancel()
        if self._inner is not None:
            self._doorman.seats.leave(self)
            self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        if self._inner is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._was_read = True
        if self._inner is not None:
            self._inner.resume_writing()

    def ease(self) -> Ease:
        """Return what this connection does just now."""
        if self._alarm is not None:
            return Ease.SILENT
        if self._line is not None and self._line.get_write_buffer_size():
            return Ease.UNREAD
        return Ease.BUSY

    def give_way(self) -> None:
        """Hang up."""
        self._quiet()
        self._doorman.refused_n += 1
        if self._line is not None:
            self._line.abort()

    def _quiet(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _look(self, line: asyncio.Transport) -> None:
        """Hang up where an answer waits and nothing of it was read since the last look."""
        waiting_bytes = line.get_write_buffer_size()
        if 0 < self._waiting_bytes <= waiting_bytes and not self._was_read:
            self.give_way()
            return
        self._waiting_bytes, self._was_read = waiting_bytes, False
        self._look_again(line)

    def _look_again(self, line: asyncio.Transport) -> None:
        self._looking = asyncio.get_running_loop().call_later(self._doorman.stalled_s_max, self._look, line)
