"""What an operator's word binds: a scope, and the latches that hold over one.

A scope names an account, a strategy, a horizon, a symbol; what it leaves empty
is any. Kill levels hold over accounts, pauses over scopes. Values only: what
they forbid is decided in `engine/restraint.py`. A new dimension of a scope is
a field here and a line in `covers`.
"""

from enum import StrEnum
from typing import Final

import msgspec

from execd.core.enums import Horizon
from execd.core.orders import Sleeve


class KillLevel(StrEnum):
    """How much is stopped; each level does what the one before it does, and more."""

    HALT_NEW = "halt_new"
    """No new risk; exits go on, what rests stays."""
    CANCEL_ALL = "cancel_all"
    """Nothing is placed, and every working order is cancelled."""
    FLATTEN = "flatten"
    """Then what the sleeves own is closed."""

    @property
    def rank(self) -> int:
        """From 1, for comparing and for the metric."""
        return _LEVELS.index(self) + 1


_LEVELS: Final = tuple(KillLevel)


class Scope(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Whose orders and positions are meant; an empty field means any."""

    account: str = ""
    strategy: str = ""
    horizon: Horizon | None = None
    symbol: str = ""

    def covers(self, sleeve: Sleeve, symbol: str) -> bool:
        """Whether what a sleeve does in a symbol is meant."""
        return (
            self.account in {"", sleeve.account}
            and self.strategy in {"", sleeve.strategy}
            and self.horizon in {None, sleeve.horizon}
            and self.symbol in {"", symbol}
        )

    @property
    def text(self) -> str:
        """The scope in words."""
        named = [
            f"symbol {self.symbol}" if self.symbol else "",
            f"sleeve {self.strategy}{f'/{self.horizon}' if self.horizon else ''}" if self.strategy else "",
            f"horizon {self.horizon}" if self.horizon and not self.strategy else "",
            f"account {self.account}" if self.account else "",
        ]
        return ", ".join(one for one in named if one) or "all accounts"


class Kill(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A kill level that is latched on an account, or on all (empty): since when, by which door, by whom and why."""

    now_ns: int
    account: str
    level: KillLevel
    by: str
    uid: int | None = None
    reason: str = ""


class Pause(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A scope that takes no new risk until somebody resumes it."""

    now_ns: int
    scope: Scope
    uid: int | None = None
    reason: str = ""
