"""The wires to the brokers and the feed, joined: the sender, the listeners, and the poller where nobody listens.

The part of the composition root that knows the streams; `app.py` says when
they begin. Nothing is decided here; another stream is a listener, a watch and
a line in `start_…`.
"""

from typing import Final

from execd.config.settings import Settings
from execd.engine.engine import Engine
from execd.markets import Market
from execd.ports import Clock
from execd.runtime.arrivals import Arrivals
from execd.runtime.asker import QuoteAsker
from execd.runtime.polling import Poller, StreamWatch
from execd.runtime.pump import Pump
from execd.runtime.sender import OnCall, Sender
from execd.runtime.streams import QuoteListener, ReportListener
from execd.runtime.supervisor import Supervisor

REPORTS: Final = "listener.reports"


class Wires:
    """All of them, of one daemon."""

    def __init__(
        self, settings: Settings, market: Market, engine: Engine, pump: Pump, clock: Clock, on_call: OnCall
    ) -> None:
        """Build them; none of them begins yet."""
        brokers, streams, desk = market.brokers, settings.streams, engine.desk
        arrivals = Arrivals(pump.post)

        self.sender = Sender(
            brokers=brokers, post=pump.post, clock=clock, on_call=on_call, objection=engine.barred, arrivals=arrivals
        )
        self.quotes = QuoteListener(
            feed=market.feed, pump=pump, clock=clock, is_open=lambda: desk.rules.session.is_open(clock.now_ns())
        )
        self.asker = QuoteAsker(
            feed=market.feed, desk=desk, post=pump.post, clock=clock, symbols=lambda: tuple(self.quotes.symbols)
        )
        self._reports = {
            name: ReportListener(broker=broker, pump=pump, clock=clock, arrivals=arrivals, is_heard=streams.reports)
            for name, broker in brokers.items()
        }
        self.watches = {name: _watch("report", name, streams.reconnect_alert_after, pump, clock) for name in brokers}
        self.quote_watch = _watch("quote", "", streams.reconnect_alert_after, pump, clock)
        self.poller = Poller(watches=self.watches, is_always=not streams.reports, post=pump.post, clock=clock)

    def doubt(self, account: str, text: str) -> None:
        """Begin an account's report stream anew."""
        self._reports[account].doubt(text)

    def start_reports(self, supervisor: Supervisor) -> None:
        """Begin to listen to the brokers."""
        for name, listener in self._reports.items():
            task = REPORTS if len(self._reports) == 1 else f"{REPORTS}.{name}"
            supervisor.edge(task, listener.run, listener.announce, self.watches[name])
        supervisor.edge("poller", self.poller.run, _told)

    def start_quotes(self, supervisor: Supervisor) -> None:
        """Begin to listen to the feed."""
        supervisor.edge("listener.quotes", self.quotes.run, self.quotes.announce, self.quote_watch)
        supervisor.edge("asker", self.asker.run, _told)


def _watch(stream: str, account: str, alert_after: int, pump: Pump, clock: Clock) -> StreamWatch:
    return StreamWatch(stream=stream, account=account, alert_after=alert_after, post=pump.post, clock=clock)


def _told(text: str) -> None:
    """Announce nothing: a poller that begins again has missed nothing but a beat, and its restart is in the log."""
