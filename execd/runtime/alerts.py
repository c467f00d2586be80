"""What somebody should know, until somebody says that he knows.

An observer of the pump: each `Alert` that the engine raises becomes an alarm,
one for each code and what it is about, counted when it comes again, kept in a
file so that a restart forgets none. Paging is not done here (`pager.py`), and
nothing here decides what an alert means. An alarm closes when somebody
acknowledges it, or by itself when what it was about is over. One that comes
again is open again, unless it only tells how things still stand.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec
import structlog
from msgspec.structs import replace

from execd.core.batch import Batch
from execd.core.events import Alert, Effect
from execd.ports import Clock

ALARMS_MAX: Final = 1_000
"""Alarms that are kept; beyond it the oldest acknowledged goes first, then the oldest of the least severe."""
TEXT_LEN_MAX: Final = 2_000
Severity = Literal["critical", "warning", "info"]
RANKS: Final[dict[Severity, int]] = {"critical": 2, "warning": 1, "info": 0}

log = structlog.get_logger("execd.alerts")


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that somebody should know. Open until it was acknowledged (`acked_ns`) or is over (`over_ns`).

    `paged_ns` is the last page that went out.
    """

    id: str
    code: str
    text: str
    severity: Severity
    parent_id: str = ""
    count: int = 1
    first_ns: int
    last_ns: int
    paged_ns: int | None = None
    pages_n: int = 0
    acked_ns: int | None = None
    acked_uid: int | None = None
    acked_reason: str = ""
    about: str = ""
    over_ns: int | None = None
    over_text: str = ""

    @property
    def is_open(self) -> bool:
        """Whether nobody has said yet that he knows, and it is not over."""
        return self.acked_ns is None and self.over_ns is None

    @property
    def page_id(self) -> str:
        """By what it is paged: one page tells of a code as a whole, unless it is about an intent."""
        return self.id if self.parent_id else self.code


_decoder: Final = msgspec.json.Decoder(list[Alarm])


class Alerts:
    """All alarms, by id."""

    def __init__(self, path: Path, *, clock: Clock, write: Callable[[Path, bytes], None]) -> None:
        """Take up what the file says; `write` replaces it as a whole and raises OSError."""
        self.on_change: Callable[[], None] = lambda: None
        self._path = path
        self._clock = clock
        self._write = write
        self._alarms = _read(path)
        self._is_saved = True

    def committed(self, batch: Batch, effects: Sequence[Effect], commit_s: float) -> None:
        """Take note of what a turn raised."""
        for effect in effects:
            if isinstance(effect, Alert):
                self.raise_alarm(effect)

    def raise_alarm(self, alert: Alert) -> None:
        """Open an alarm, or count it once more."""
        now_ns, key = self._clock.now_ns(), _id_of(alert)
        text = alert.text[:TEXT_LEN_MAX]
        known = self._alarms.get(key)
        if alert.is_over:
            if known is not None and known.over_ns is None:
                self._put(replace(known, over_ns=now_ns, over_text=text))
            return
        is_acked = known is not None and known.acked_ns is not None and known.over_ns is None
        if known is not None and alert.is_standing and is_acked and known.text == text:
            return
        if known is None:
            alarm = Alarm(
                id=key,
                code=alert.code,
                text=text,
                severity=alert.severity,
                parent_id=alert.parent_id,
                about=alert.about,
                first_ns=now_ns,
                last_ns=now_ns,
            )
        else:
            alarm = replace(
                known,
                text=text,
                severity=alert.severity,
                about=alert.about,
                count=known.count + 1,
                first_ns=known.first_ns if known.is_open else now_ns,
                last_ns=now_ns,
                acked_ns=None,
                acked_uid=None,
                acked_reason="",
                over_ns=None,
                over_text="",
            )
        self._put(alarm)

    def settle(self, code: str, stands: Callable[[str], bool]) -> None:
        """Close the open alarms of a code about intents of which it does not stand: a life ended before it could."""
        now_ns = self._clock.now_ns()
        for one in [one for one in self._alarms.values() if one.is_open and one.code == code]:
            if not stands(one.parent_id):
                self._put(replace(one, over_ns=now_ns, over_text="over: found so at a start"))

    def ack(self, what: str, uid: int, reason: str) -> int:
        """Acknowledge the open alarms of a code or an id, or all where `what` is empty; return how many there were."""
        now_ns = self._clock.now_ns()
        chosen = [one for one in self._alarms.values() if one.is_open and what in {"", one.code, one.id}]
        for one in chosen:
            self._put(replace(one, acked_ns=now_ns, acked_uid=uid, acked_reason=reason[:TEXT_LEN_MAX]))
        return len(chosen)

    def paged(self, page_id: str) -> None:
        """Note that a page about the open alarms of one `page_id` has reached somebody."""
        now_ns = self._clock.now_ns()
        for known in [one for one in self._alarms.values() if one.is_open and one.page_id == page_id]:
            # In its place, not at the end: a page is no news of the alarm itself.
            self._alarms[known.id] = replace(known, paged_ns=now_ns, pages_n=known.pages_n + 1)
            self._is_saved = False

    def rows(self) -> list[Alarm]:
        """Return all alarms, the latest first."""
        return sorted(self._alarms.values(), key=lambda one: (one.last_ns, one.id), reverse=True)

    def open_rows(self) -> list[Alarm]:
        """Return the open alarms: the most severe first, then the oldest."""
        waiting = [one for one in self._alarms.values() if one.is_open]
        return sorted(waiting, key=lambda one: (-RANKS[one.severity], one.first_ns, one.id))

    def unsaved(self) -> bytes | None:
        """Return what the file should say, or None where it already does; call `save` with it."""
        if self._is_saved:
            return None
        self._is_saved = True
        return msgspec.json.encode(list(self._alarms.values()))

    def save(self, body: bytes) -> None:
        """Write the file; may wait, so call it in a thread. What fails is told and tried with the next change."""
        try:
            self._write(self._path, body)
        except OSError as error:
            log.warning("alerts_not_written", errno=error.errno)

    def _put(self, alarm: Alarm) -> None:
        # The order of the dictionary is the order of the last news.
        self._alarms.pop(alarm.id, None)
        self._alarms[alarm.id] = alarm
        if len(self._alarms) > ALARMS_MAX:
            least = min(self._alarms.values(), key=lambda one: (one.is_open, RANKS[one.severity], one.last_ns))
            del self._alarms[least.id]
        self._is_saved = False
        self.on_change()


def _id_of(one: Alert | Alarm) -> str:
    """Return the name of an alarm: its code, and what it is about where it is about something."""
    about = one.parent_id or one.about
    return f"{one.code}:{about}" if about else one.code


def _read(path: Path) -> dict[str, Alarm]:
    try:
        # Named anew: an older version had one alarm for all that a code was about.
        return {_id_of(one): replace(one, id=_id_of(one)) for one in _decoder.decode(path.read_bytes())}
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.MsgspecError) as error:
        log.warning("alerts_unreadable", error=type(error).__name__)
        return {}
