"""A limit on what a connection may cost that does not ask, or does not read what it is answered.

aiohttp waits for the first request for as long as the peer likes, for the peer
to read for as long as that takes, and takes as many peers as come. Here the
first request has a time in which its headers must be whole, an answer one in
which some of it must be read, and connections have a number. Nothing here
reads what they say; the time of a body is in `gate`.
"""

import asyncio
from collections.abc import Callable
from typing import Final, cast

HEADERS_S_MAX: Final = 5.0
"""A request is a few hundred bytes from the same machine; slower is not a client of ours."""
CONNECTIONS_MAX: Final = 64
"""Operators, scrapers and scripts of one machine; more would only wait for the same loop."""
STALLED_S_MAX: Final = 10.0
"""An answer of which nothing was read between two looks, so far apart, is given up with its connection."""
_END: Final = b"\r\n\r\n"


class Doorman:
    """Counts the connections of one door and makes the protocols that guard them."""

    def __init__(
        self,
        protocol: Callable[[], asyncio.Protocol],
        *,
        headers_s_max: float = HEADERS_S_MAX,
        stalled_s_max: float = STALLED_S_MAX,
    ) -> None:
        """`protocol` makes what speaks HTTP."""
        self.connections_n = 0
        self.refused_n = 0
        self._protocol = protocol
        self.headers_s_max: Final = headers_s_max
        self.stalled_s_max: Final = stalled_s_max

    def __call__(self) -> asyncio.Protocol:
        """Return the protocol of a new connection."""
        return _Guarded(self, self._protocol())


class _Guarded(asyncio.Protocol):
    """Hands everything on to the protocol inside, and hangs up on who does not ask, or does not read, in time."""

    def __init__(self, doorman: Doorman, inner: asyncio.Protocol) -> None:
        self._doorman = doorman
        self._inner = inner
        self._alarm: asyncio.TimerHandle | None = None
        self._looking: asyncio.TimerHandle | None = None
        self._waiting_bytes = 0
        self._was_read = False
        self._tail = b""
        self._is_in = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have no base of asyncio's.
        line = cast("asyncio.Transport", transport)
        if self._doorman.connections_n >= CONNECTIONS_MAX:
            self._doorman.refused_n += 1
            line.abort()
            return
        self._doorman.connections_n += 1
        self._is_in = True
        self._alarm = asyncio.get_running_loop().call_later(self._doorman.headers_s_max, self._hang_up, line)
        self._look_again(line)
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if not self._is_in:
            return
        if self._alarm is not None:
            seen = self._tail + data
            self._tail = seen[-len(_END) + 1 :]
            if _END in seen:
                self._quiet()
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received() if self._is_in else None

    def connection_lost(self, exc: Exception | None) -> None:
        self._quiet()
        if self._looking is not None:
            self._looking.cancel()
        if self._is_in:
            self._is_in = False
            self._doorman.connections_n -= 1
            self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._was_read = True
        self._inner.resume_writing()

    def _quiet(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _look(self, line: asyncio.Transport) -> None:
        """Hang up where an answer waits and nothing of it was read since the last look."""
        waiting_bytes = line.get_write_buffer_size()
        if 0 < self._waiting_bytes <= waiting_bytes and not self._was_read:
            self._hang_up(line)
            return
        self._waiting_bytes, self._was_read = waiting_bytes, False
        self._look_again(line)

    def _look_again(self, line: asyncio.Transport) -> None:
        self._looking = asyncio.get_running_loop().call_later(self._doorman.stalled_s_max, self._look, line)

    def _hang_up(self, transport: asyncio.Transport) -> None:
        self._alarm = None
        self._doorman.refused_n += 1
        transport.abort()
