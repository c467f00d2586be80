"""Where each effect goes once its records are durable.

It only hands on: nothing here waits, refuses or reorders. A new effect is a
case here.
"""

from collections.abc import Callable
from typing import assert_never

from execd.core.effects import TakeSnapshot
from execd.core.events import (
    Alert,
    Cancel,
    DoubtStream,
    Effect,
    Query,
    Recall,
    Replace,
    Reply,
    SetTimer,
    Submit,
    Subscribe,
    WriteReport,
)
from execd.runtime.recaller import Recaller
from execd.runtime.reconciler import Reconciler
from execd.runtime.replies import Replies
from execd.runtime.reporter import Reporter
from execd.runtime.sender import Sender
from execd.runtime.streams import QuoteListener
from execd.runtime.timers import Scheduler


class Release:
    """The edges by what they take."""

    def __init__(
        self,
        *,
        sender: Sender,
        scheduler: Scheduler,
        quotes: QuoteListener,
        reporter: Reporter,
        replies: Replies,
        recaller: Recaller,
        reconciler: Reconciler,
        doubt: Callable[[str, str], None] = lambda _, __: None,
    ) -> None:
        """`doubt` is told of an account whose report stream is not to be believed, and why."""
        self._sender = sender
        self._doubt = doubt
        self._scheduler = scheduler
        self._quotes = quotes
        self._reporter = reporter
        self._replies = replies
        self._recaller = recaller
        self._reconciler = reconciler

    def __call__(self, effect: Effect) -> None:
        """Hand an effect to whoever does it."""
        match effect:
            case Submit() | Cancel() | Replace() | Query():
                self._sender.release(effect)
            case SetTimer(key=key, at_ns=at_ns):
                self._scheduler.set(key, at_ns)
            case Subscribe(symbols=symbols):
                self._quotes.subscribe(symbols)
            case WriteReport():
                self._reporter.changed(effect)
            case Reply():
                self._replies.deliver(effect)
            case Recall():
                self._recaller.recall(effect)
            case DoubtStream(account=account, text=text):
                self._doubt(account, text)
            case TakeSnapshot():
                self._reconciler.take(effect)
            case Alert():
                pass  # Told by the log and counted by the metrics, which observe every commit.
            case _:
                assert_never(effect)
