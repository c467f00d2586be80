"""One end of a connection: frames in, frames out, for the venue and for its clients.

It never waits. Who does not read what we write is cut off once so many bytes
wait for him, and who says what is no frame is cut off at once. What a frame
means is the owner's part.
"""

import asyncio
from collections.abc import Callable
from typing import Final, cast

from execd.venue.wire import FromClient, FromVenue, Splitter, WireError, frame, strange

WAITING_BYTES_MAX: Final = 16 * 1024 * 1024
"""Half a minute of the busiest market; a reader that is further behind is better off beginning anew."""


HIGH_BYTES: Final = 1024 * 1024
"""Who has much to tell waits here for the reader (`drained`); what happens now does not wait."""


class LineClosed(Exception):
    """Nothing was written: the connection is over."""


class Line(asyncio.Protocol):
    """`on_frame` takes each frame's bytes, and may raise WireError; `on_lost` is called once, with the reason."""

    def __init__(self, on_frame: Callable[[bytes], None], on_lost: Callable[[str], None]) -> None:
        self.is_open = False
        self.waiting_bytes_max = WAITING_BYTES_MAX
        self._on_frame = on_frame
        self._on_lost = on_lost
        self._splitter = Splitter()
        self._transport: asyncio.Transport | None = None
        self._why = ""
        self._flows = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=HIGH_BYTES)
        self._flows.set()
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        """Hand each whole frame to the owner."""
        try:
            for body in self._splitter.feed(data):
                if self.is_open:
                    self._on_frame(body)
        except WireError as error:
            self.cut(f"what came is no frame of ours: {error}")

    def eof_received(self) -> bool:
        """End with the other side."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the owner, once."""
        self.is_open = False
        self._flows.set()
        self._on_lost(self._why or (str(exc) if exc is not None else "the other side ended the connection"))

    def send(self, message: FromClient | FromVenue) -> None:
        """Write a frame. Raises LineClosed where surely nothing of it was written."""
        if not self.is_open or self._transport is None or self._transport.is_closing():
            raise LineClosed(self._why or "the connection is over")
        self._transport.write(frame(message))
        if self._transport.get_write_buffer_size() > self.waiting_bytes_max:
            self.cut("the other side does not read what it is told")

    def garble(self, body: bytes) -> None:
        """Write a frame that holds no message; nobody there is no error."""
        if self.is_open and self._transport is not None:
            self._transport.write(strange(body))

    def pause_writing(self) -> None:
        """Remember that the reader is behind."""
        self._flows.clear()

    def resume_writing(self) -> None:
        """Remember that the reader has caught up."""
        self._flows.set()

    async def drained(self) -> None:
        """Return once little waits for the reader, or the connection is over."""
        await self._flows.wait()

    def finish(self) -> None:
        """End the connection after what was written."""
        if self._transport is not None:
            self._transport.close()

    def cut(self, why: str) -> None:
        """End the connection now; what was written and not read is lost."""
        self._why = self._why or why
        self.is_open = False
        if self._transport is not None:
            self._transport.abort()

    def stop_reading(self) -> None:
        """Take nothing more in for a while."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def go_on_reading(self) -> None:
        """Take in again."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()
