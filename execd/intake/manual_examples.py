"""The complete files that the manual shows, one for each kind and format; a test takes every one of them.

Texts only. A new kind or format is a row here.
"""

from typing import Final, NamedTuple


class Example(NamedTuple):
    """A file: its name, what it is, and its text. `is_taken` false: it is refused until its feature exists."""

    name: str
    what: str
    text: str
    is_taken: bool = True


ORDERS: Final = (
    Example(
        "order.yaml",
        "An order, by hand",
        """\
id: rebalance-2026-03-02-AAPL   # the idempotency key: the same id never trades twice
symbol: AAPL
side: buy
qty: 300
limit_price: 191.50             # never passed by any order
urgency: normal
""",
    ),
    Example(
        "order.json",
        "The same order, by a program",
        """\
{
  "id": "rebalance-2026-03-02-AAPL",
  "symbol": "AAPL",
  "side": "buy",
  "qty": "300",
  "limit_price": "191.50",
  "urgency": "normal"
}
""",
    ),
    Example(
        "target.yaml",
        "A target: the position that a strategy wants, whatever it owns now",
        """\
id: momentum-2026-03-02-MSFT
symbol: MSFT
target_qty: -150                # short 150; from long 100 the 100 are sold first
strategy: momentum
horizon: intraday
max_slippage_bps: 15
""",
    ),
)

LISTS: Final = (
    Example(
        "list.yaml",
        "A list; without `on_error: skip` all of it is taken or nothing",
        """\
- {id: pair-1-a, symbol: AAPL, side: buy, qty: 100}
- {id: pair-1-b, symbol: MSFT, side: sell_short, qty: 50}
""",
    ),
    Example(
        "list.json",
        "A list whose good rows are taken even where others are bad",
        """\
[
  {"id": "m-1", "symbol": "AAPL", "side": "buy", "notional": 2500, "on_error": "skip"},
  {"id": "m-2", "symbol": "MSFT", "side": "buy", "notional": 2500}
]
""",
    ),
    Example(
        "orders.csv",
        "A csv file: the header names the fields, `algo.bps` is the `bps` inside `algo`, an empty cell is absence",
        """\
id,symbol,side,qty,limit_price,algo.name,algo.bps,note
c-1,AAPL,buy,300,191.50,,,
c-2,MSFT,sell,120,,offset,5,"patiently, please"
""",
    ),
)

DOCUMENTS: Final = (
    Example(
        "cancel.yaml",
        "A cancel",
        """\
kind: cancel
id: cancel-1                    # its own
target: rebalance-2026-03-02-AAPL
note: changed my mind
""",
    ),
    Example(
        "amend.json",
        "An amend: what is given changes, nothing is ever loosened",
        """\
{"kind": "amend", "id": "amend-1", "target": "rebalance-2026-03-02-AAPL", "limit_price": "191.20", "deadline": "30m"}
""",
    ),
    Example(
        "flatten.yaml",
        "A flatten: what works in the scope is cancelled, what its sleeves own is closed at the market",
        """\
kind: flatten
id: flat-1
scope: symbol
value: AAPL
""",
    ),
)

EXAMPLES: Final = (*ORDERS, *LISTS, *DOCUMENTS)
