"""The venue's own books: who traded what, and what everybody holds.

It folds the venue's reports and nothing else, so it is a second witness to
what the daemon believes. It never refuses a trade: margin is not its subject.
"""

from collections import deque
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

import msgspec
from msgspec.structs import replace

from execd.core.enums import Side
from execd.core.reports import Trade

ZERO: Final = Decimal(0)
EXECUTIONS_MAX: Final = 100_000
"""The latest executions of all accounts that can still be asked for; positions know them all."""


class Execution(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One trade, and whose it is."""

    account: str
    symbol: str
    side: Side
    trade: Trade


class Holding(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Signed quantity of a symbol; `cash` is what it brought in less what it cost, `commission` what was charged."""

    qty: Decimal = ZERO
    cash: Decimal = ZERO
    commission: Decimal = ZERO

    def after(self, execution: Execution) -> "Holding":
        """Return the holding once an execution of its symbol is counted."""
        trade, sign = execution.trade, execution.side.sign
        return Holding(
            qty=self.qty + sign * trade.last_qty,
            cash=self.cash - sign * trade.last_qty * trade.last_px,
            commission=self.commission + trade.commission,
        )


class Ledger:
    """Positions by account and symbol, and the latest executions."""

    def __init__(self) -> None:
        self._holdings: dict[str, dict[str, Holding]] = {}
        self._executions: deque[Execution] = deque(maxlen=EXECUTIONS_MAX)

    def record(self, execution: Execution) -> Holding:
        """Fold one trade and return what is held then; each trade is told once."""
        holdings = self._holdings.setdefault(execution.account, {})
        held = holdings[execution.symbol] = holdings.get(execution.symbol, Holding()).after(execution)
        self._executions.append(execution)
        return held

    def undo(self, exec_id: str) -> tuple[Execution, Holding] | None:
        """Take back an execution, and return it with what is held then; None where it is not remembered."""
        for execution in reversed(self._executions):
            if execution.trade.exec_id == exec_id:
                self._executions.remove(execution)
                trade = execution.trade
                back = replace(trade, last_qty=-trade.last_qty, commission=-trade.commission)
                holdings = self._holdings[execution.account]
                held = holdings[execution.symbol].after(replace(execution, trade=back))
                holdings[execution.symbol] = held
                return execution, held
        return None

    def seed(self, holdings: dict[str, dict[str, Holding]], executions: Iterable[Execution]) -> None:
        """Begin with what was written down: what everybody holds, and the latest executions."""
        self._holdings = {account: dict(held) for account, held in holdings.items()}
        self._executions.extend(executions)

    def accounts(self) -> list[str]:
        """Return the accounts that have traded, in the order in which they began."""
        return list(self._holdings)

    def holdings(self, account: str) -> dict[str, Holding]:
        """Return what an account holds, by symbol, including what it held once."""
        return dict(self._holdings.get(account, {}))

    @property
    def executions_n(self) -> int:
        """How many executions can still be asked for."""
        return len(self._executions)

    @property
    def first_ns(self) -> int:
        """When the earliest of them was; zero where there is none."""
        return self._executions[0].trade.transact_ns if self._executions else 0

    def executions(self, account: str, since_ns: int = 0) -> list[Execution]:
        """Return the executions of an account at or after `since_ns`, earliest first."""
        return [
            execution
            for execution in self._executions
            if execution.account == account and execution.trade.transact_ns >= since_ns
        ]
