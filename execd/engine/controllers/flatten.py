"""Flatten: from "get out of this" to flat, as a state that survives any crash.

    CANCEL  ->  CONFIRM  ->  FLATTEN (round n)  ->  VERIFY  ->  DONE
                                 ^--- not flat ---'      `--->  FAILED

What works in the scope is stopped, the cancels are waited for, then one
closing intent a time is asked for in each account and symbol, until nothing is
owned and nothing may still fill. It knows neither why nor when: a command, a
kill level, and later the end of the day begin it. Parents it only names; the
runner (`engine/flattening.py`) shows it the book and carries out what it says.
"""

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from typing import Final, assert_never

import msgspec
from msgspec.structs import replace

from execd.core.codec import plain
from execd.core.parents import PositionKey
from execd.core.rules import S
from execd.core.scopes import Scope
from execd.engine.controllers.flatten_terms import (
    Close,
    Command,
    FlattenView,
    Leg,
    ReadPositions,
    Stop,
    Told,
    flatten_qty,
)

ZERO: Final = Decimal(0)
LOOK_NS: Final = 1 * S
CONFIRM_NS_MAX: Final = 10 * S
"""A cancel that is not confirmed by then is waited for no longer: what it may still trade is reserved."""
READ_NS_MAX: Final = 3 * S
"""So long the broker's positions are waited for; then what is owned counts, and that is told."""
VERIFY_NS_MAX: Final = 30 * S
"""So long the broker may show another position than what is owned before somebody must look."""
PAUSES_NS: Final = (1 * S, 2 * S, 4 * S, 8 * S, 15 * S, 30 * S, 60 * S)
"""Between rounds; the last one for ever."""
ALERT_ROUND_N: Final = 3
"""Rounds that leave something owned before somebody is told."""
ROUNDS_MAX: Final = 60
"""About an hour; then it is a person's."""


class Phase(StrEnum):
    """Where a flatten is."""

    CANCEL = "cancel"
    CONFIRM = "confirm"
    FLATTEN = "flatten"
    VERIFY = "verify"
    DONE = "done"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        """Whether nothing more is done."""
        return self in {Phase.DONE, Phase.FAILED}


class Flatten(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """`asked` are the positions for which a close was asked in this round, `closed` those of all rounds.

    `phase_ns` is when its phase began, `read_ns` when brokers were asked in it for the last time.
    """

    flatten_id: str
    scope: Scope
    reason: str
    began_ns: int
    phase: Phase = Phase.CANCEL
    phase_ns: int = 0
    read_ns: int = 0
    round_n: int = 1
    closes_n: int = 0
    asked: tuple[PositionKey, ...] = ()
    closed: tuple[PositionKey, ...] = ()
    told: str = ""

    def step(self, view: FlattenView) -> "Step":
        """Return the next state, what is to be done for it, and when to look again."""
        match self.phase:
            case Phase.CANCEL:
                return self._cancel(view)
            case Phase.CONFIRM:
                return self._confirm(view)
            case Phase.FLATTEN:
                return self._flatten(view)
            case Phase.VERIFY:
                return self._verify(view)
            case Phase.DONE | Phase.FAILED:
                return Step(self)
            case _:
                assert_never(self.phase)

    def _at(self, phase: Phase, now_ns: int) -> "Flatten":
        return replace(self, phase=phase, phase_ns=now_ns, read_ns=0)

    def _reading(self, accounts: Iterable[str], now_ns: int) -> "Step":
        """Return the step that waits for readings of these accounts, and asks for them unless it has just done so."""
        if self.read_ns and now_ns < self.read_ns + READ_NS_MAX:
            return Step(self, wake_ns=min(now_ns + LOOK_NS, self.read_ns + READ_NS_MAX))
        reads = tuple(ReadPositions(account) for account in dict.fromkeys(accounts))
        text = f"asks what {', '.join(read.account for read in reads)} holds"
        return Step(replace(self, read_ns=now_ns), reads, now_ns + LOOK_NS, text)

    def _cancel(self, view: FlattenView) -> "Step":
        stops = tuple(Stop(parent_id) for parent_id in view.working)
        text = f"flatten {self.scope.text}: {len(stops)} intents are stopped and what they have out is cancelled"
        return Step(self._at(Phase.CONFIRM, view.now_ns), stops, view.now_ns, text)

    def _confirm(self, view: FlattenView) -> "Step":
        if view.unconfirmed_n and view.now_ns < self.phase_ns + CONFIRM_NS_MAX:
            return Step(self, wake_ns=view.now_ns + LOOK_NS)
        open_n = view.unconfirmed_n + view.doubtful_n
        text = f"{open_n} orders may still trade: what they can take is left to them" if open_n else "all is cancelled"
        return Step(self._at(Phase.FLATTEN, view.now_ns), wake_ns=view.now_ns, text=f"{text}; closing begins")

    def _flatten(self, view: FlattenView) -> "Step":
        now_ns = view.now_ns
        if not view.is_open:
            return self._closed(view)
        missing = [leg for leg in view.legs if leg.broker_qty is None]
        if missing and now_ns < self.phase_ns + READ_NS_MAX:
            return self._reading((leg.key.sleeve.account for leg in missing), now_ns)
        closes = self._closes(view)
        if not closes:
            if any(leg.is_busy for leg in view.legs) or view.is_placing:
                return Step(self, wake_ns=now_ns + LOOK_NS)
            return Step(self._at(Phase.VERIFY, now_ns), wake_ns=now_ns, text=f"round {self.round_n} is over")
        keys = tuple(close.key for close in closes)
        after = replace(
            self,
            closes_n=self.closes_n + len(closes),
            asked=(*self.asked, *keys),
            closed=tuple(dict.fromkeys((*self.closed, *keys))),
        )
        what = ", ".join(f"{plain(close.qty)} {close.key.symbol}" for close in closes)
        text = f"round {self.round_n}: closing {what}"
        told = None
        if any(leg.broker_qty is None for leg in view.legs if leg.key in keys):
            words = "the broker's positions are unread: it closes what the sleeves own, and no other bound holds"
            told = Told("unbounded_flatten", f"flatten {self.scope.text}: {words}")
        return Step(after, tuple(closes), now_ns + LOOK_NS, text, told)

    def _closes(self, view: FlattenView) -> list[Close]:
        """Return the closes that may begin now: one a time in an account and symbol, one a round for a position."""
        taken = {(leg.key.sleeve.account, leg.key.symbol) for leg in view.legs if leg.is_busy}
        closes: list[Close] = []
        for leg in view.legs:
            place = (leg.key.sleeve.account, leg.key.symbol)
            qty = flatten_qty(leg)
            if qty > ZERO and place not in taken and leg.key not in self.asked:
                taken.add(place)
                closes.append(Close(key=leg.key, qty=qty, number=self.closes_n + len(closes) + 1))
        return closes

    def _closed(self, view: FlattenView) -> "Step":
        when = f"it opens at {view.opens_ns}" if view.opens_ns is not None else "nobody knows when it opens"
        text = f"flatten {self.scope.text}: the market is closed, {when}; it goes on then"
        wake_ns = view.opens_ns if view.opens_ns is not None else view.now_ns + PAUSES_NS[-1]
        if not view.legs:
            return Step(self._at(Phase.VERIFY, view.now_ns), wake_ns=view.now_ns)
        return _telling(Step(self, wake_ns=wake_ns), Told("not_flat", text))

    def _verify(self, view: FlattenView) -> "Step":
        now_ns = view.now_ns
        if view.legs:
            return self._again(view)
        if view.unconfirmed_n or view.doubtful_n or view.untold_n:
            waits = Step(self, wake_ns=now_ns + LOOK_NS)
            if now_ns < self.phase_ns + VERIFY_NS_MAX:
                return waits
            text = f"flatten {self.scope.text}: nothing is owned, but orders may still trade; they are resolved first"
            return _telling(waits, Told("not_flat", text))
        if view.unread and now_ns < self.phase_ns + READ_NS_MAX:
            return self._reading(view.unread, now_ns)
        if view.drifts:
            if now_ns < self.phase_ns + VERIFY_NS_MAX:
                return self._reading((key.sleeve.account for key in self.closed), now_ns)
            shown = ", ".join(view.drifts)
            text = f"flatten {self.scope.text}: nothing is owned, but the broker shows {shown}; reconcile"
            return Step(self._at(Phase.FAILED, now_ns), text=text, told=Told("not_flat", text))
        text = f"flatten {self.scope.text}: flat; nothing is owned and nothing is out"
        if view.unread:
            text = f"{text}, as far as we know: {', '.join(view.unread)} could not be read"
        return Step(self._at(Phase.DONE, now_ns), text=text, told=Told("flat", text))

    def _again(self, view: FlattenView) -> "Step":
        """Return the next round, after a pause; or the end, where there were enough."""
        now_ns, pause_ns = view.now_ns, PAUSES_NS[min(self.round_n, len(PAUSES_NS)) - 1]
        owned = ", ".join(_owned_text(leg) for leg in view.legs)
        text = f"flatten {self.scope.text}: {owned} still owned"
        if self.round_n >= ROUNDS_MAX:
            text = f"{text} after {self.round_n} rounds; it gives up: close it by hand"
            return Step(self._at(Phase.FAILED, now_ns), text=text, told=Told("not_flat", text))
        if now_ns < self.phase_ns + pause_ns:
            return Step(self, wake_ns=self.phase_ns + pause_ns)
        after = replace(self._at(Phase.FLATTEN, now_ns), round_n=self.round_n + 1, asked=())
        step = Step(after, wake_ns=now_ns, text=f"{text}; round {after.round_n} begins")
        if self.round_n < ALERT_ROUND_N:
            return step
        return _telling(step, Told("not_flat", f"{text}; it goes on trying"))


class Step(msgspec.Struct, frozen=True):
    """What a flatten says: its next state, commands to the engine, when to ask it again, and words for the journal."""

    flatten: Flatten
    commands: tuple[Command, ...] = ()
    wake_ns: int | None = None
    text: str = ""
    told: Told | None = None


def _owned_text(leg: Leg) -> str:
    shown = "" if leg.broker_qty is None else f" (the broker shows {plain(leg.broker_qty)})"
    return f"{plain(leg.owned_qty)} {leg.key.symbol}{shown}"


def _telling(step: Step, told: Told) -> Step:
    """Return a step that also tells something, unless that was told last."""
    if step.flatten.told == told.text:
        return step
    flatten = replace(step.flatten, told=told.text)
    return replace(step, flatten=flatten, told=told, text=step.text or told.text)
