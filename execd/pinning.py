"""Whether the journal is of the accounts that are configured, and of those that the brokers answered for.

An account is pinned at its first start: adapter, and the broker's own identity
of it. A journal that knows it as another one is refused before anything is
asked or sent, for its positions and orders would be taken for those of
somebody else. A pin without any history binds nobody and is replaced. What an
account holds is no question here: the first reading of it tells. Nothing here
connects; a new adapter whose mistakes have a better next step is a case in
`_next_step`.
"""

from collections.abc import Collection, Mapping
from typing import Final

import structlog

from execd.brokers.sim import IN_PROCESS
from execd.config.fields import Adapter
from execd.core.book import Book
from execd.errors import JournalOther
from execd.journal.export import utc
from execd.journal.pins import Pin
from execd.journal.sqlite import SqliteJournal
from execd.ports import Broker

ELSEWHERE: Final = "name another --state-dir for the account that was found"
log = structlog.get_logger("execd.pinning")


def require_configured(book: Book, configured: Collection[str]) -> None:
    """Raise JournalOther where something is open of an account that the configuration does not name."""
    for account, told in _open_of(book).items():
        if account not in configured:
            raise JournalOther(
                f"the journal has {told} of the account {account}, which is not configured "
                f"({', '.join(configured)} is): nothing was sent. Name it again (accounts.{account}), or name another "
                "--state-dir for the accounts that are configured"
            )


async def hold_to(
    journal: SqliteJournal,
    brokers: Mapping[str, Broker],
    adapters: Mapping[str, str],
    *,
    now_ns: int,
) -> None:
    """Hold the journal to the accounts that the brokers answered for, take those up, and pin what is new.

    Raises JournalOther where one is another than before; then nothing has changed, here or there.
    """
    pins, fresh = await journal.pins(), dict[str, Pin]()
    for name, broker in brokers.items():
        found = Pin(adapter=adapters[name], identity=broker.identity, pinned_ns=now_ns)
        pin = pins.get(name)
        if pin is not None and (pin.adapter, pin.identity) == (found.adapter, found.identity):
            continue
        if pin is not None and await journal.has_history(name):
            raise JournalOther(refusal(name, pin, found))
        fresh[name] = found
    for broker in brokers.values():
        await broker.take_up()
    if fresh:
        # The broker knows an account before the journal holds it to that; the other way round a kill would part them.
        await journal.pin(fresh)
    for name, pin in fresh.items():
        log.info("account_pinned", account=name, adapter=pin.adapter, identity=pin.identity, is_anew=name in pins)


def refusal(account: str, pin: Pin, found: Pin) -> str:
    """Return why a start is refused, and what to do."""
    return (
        f"the journal is of another account {account}: on {utc(pin.pinned_ns)} it was {_words(pin)}, and what answers "
        f"now is {_words(found)}. Nothing was sent, and nothing was added to the journal: "
        f"{_next_step(account, pin, found)}, or {ELSEWHERE}"
    )


def _next_step(account: str, pin: Pin, found: Pin) -> str:
    if pin.adapter != found.adapter:
        return f"set accounts.{account}.adapter to {pin.adapter} again"
    if pin.adapter != Adapter.SIM:
        return "use the keys of the account that it was"
    if pin.identity == IN_PROCESS:
        return "start with --in-process (sim.process: false)"
    if found.identity == IN_PROCESS:
        return "start without --in-process (sim.process: true)"
    return "put the venue's own ledger.db back (in sim.venue_dir, else <state>/venue)"


def _words(pin: Pin) -> str:
    return f"{pin.adapter}, {pin.identity}"


def _open_of(book: Book) -> dict[str, str]:
    """Return in words what is open, by account: intents, orders that may be live, positions."""
    counts: dict[str, list[int]] = {}
    for parent in book.parents.values():
        if not parent.status.is_terminal:
            counts.setdefault(parent.order.account, [0, 0, 0])[0] += 1
    for order in book.orders.values():
        if not order.is_done:
            counts.setdefault(order.first.account, [0, 0, 0])[1] += 1
    for key, position in book.positions.items():
        if position.qty:
            counts.setdefault(key.sleeve.account, [0, 0, 0])[2] += 1
    kinds = ("open intents", "working orders", "positions")
    return {
        account: ", ".join(f"{n} {kind}" for n, kind in zip(numbers, kinds, strict=True) if n)
        for account, numbers in counts.items()
    }
