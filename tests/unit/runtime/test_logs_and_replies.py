"""What is said, and who is answered."""

import io
import json
import threading

import pytest
import structlog

from execd.core.events import Reply
from execd.runtime import logs
from execd.runtime import replies as room
from execd.runtime.logs import configure
from execd.runtime.replies import Replies


class Broken(io.StringIO):
    """A pipe whose reader has gone."""

    def write(self, _: str) -> int:
        """Fail."""
        raise BrokenPipeError


class Stuck(io.StringIO):
    """A pipe whose reader has fallen asleep."""

    def __init__(self) -> None:
        super().__init__()
        self.reader_is_back = threading.Event()

    def write(self, text: str) -> int:
        """Wait for the reader."""
        self.reader_is_back.wait(5)
        return super().write(text)


def test_a_line_is_json_with_a_constant_name() -> None:
    """Without a terminal each event is one JSON object with its name, level and instant."""
    stream = io.StringIO()
    lines = configure(level="info", form="auto", stream=stream)
    structlog.get_logger().info("order_new", order_qty="10")
    lines.close()
    told = json.loads(stream.getvalue())

    assert (told["event"], told["order_qty"], told["level"], "timestamp" in told) == ("order_new", "10", "info", True)


def test_what_is_below_the_level_is_not_said() -> None:
    """The level bounds what is written."""
    stream = io.StringIO()
    lines = configure(level="warning", form="json", stream=stream)
    structlog.get_logger().info("quiet")
    lines.close()

    assert stream.getvalue() == ""


def test_a_level_reaches_loggers_that_exist() -> None:
    """A reload of logging.level is heard at once, by those who have spoken before too."""
    stream = io.StringIO()
    lines = configure(level="warning", form="json", stream=stream)
    log = structlog.get_logger()
    for level in ("warning", "debug", "error"):
        logs.set_level(level)
        for speak in (log.debug, log.info, log.warning, log.error):
            speak(level)
    lines.close()
    told = [json.loads(line)["event"] for line in stream.getvalue().splitlines()]

    assert ["warning"] * 2 + ["debug"] * 4 + ["error"] == told


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_tells_no_local_variable(form: str) -> None:
    """Fault I12: a variable beside an error may be a secret; the log says where, not with what."""
    stream = io.StringIO()
    lines = configure(level="info", form=form, stream=stream)
    webhook = "canary" + "-secret"
    try:
        assert len(webhook) // 0
    except ZeroDivisionError as error:
        structlog.get_logger().critical("daemon_died", exc_info=error)
    lines.close()

    assert ("ZeroDivisionError" in stream.getvalue(), webhook in stream.getvalue()) == (True, False)


def test_a_log_that_cannot_be_written_stops_nothing() -> None:
    """Fault G12: a broken pipe loses the line, counts it, and raises nothing."""
    lines = configure(level="info", form="json", stream=Broken())
    structlog.get_logger().info("lost")
    lines.close()

    assert lines.lost_n == 1


def test_a_pipe_that_nobody_reads_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault G12: with the writer stuck, speaking returns at once; lines beyond the bound are lost and counted."""
    monkeypatch.setattr(logs, "LINES_MAX", 5)
    stream = Stuck()
    lines = configure(level="info", form="json", stream=stream)
    for _ in range(20):
        structlog.get_logger().info("said")
    lost_n = lines.lost_n
    stream.reader_is_back.set()
    lines.close()
    said_n = len(stream.getvalue().splitlines())

    assert (lost_n >= 14, lost_n + said_n) == (True, 20)


async def test_a_reply_reaches_who_asked_and_nobody_else() -> None:
    """Each ref is answered once; a reply that nobody waits for is dropped."""
    replies = Replies()
    ref, answer = replies.future("api")
    other, waiting = replies.future("api")
    replies.deliver(Reply(ref="api:999", is_ok=True, code="accepted"))
    replies.deliver(Reply(ref=ref, is_ok=True, code="accepted"))
    told = await answer
    waiting.cancel()

    assert (told.code, ref != other, waiting.cancelled()) == ("accepted", True, True)


def test_too_many_questions_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Open questions are bounded."""
    monkeypatch.setattr(room, "WAITING_MAX", 1)
    replies = Replies()
    replies.expect("api", lambda _: None)

    with pytest.raises(OverflowError):
        replies.expect("api", lambda _: None)
