"""The files that drop into a simulated inbox: orders, lists, cancels and changes in every format, and nonsense.

The bytes are made of draws alone and read by the parser of the daemon. A new
kind of document is a writer here and a row in its table.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from execd.core.rules import S
from execd.simulation.faults import Draws

NAME: Final = "files"
STRATEGIES: Final = ("alpha", "beta")
LIST_ROWS_MAX: Final = 4
_NONSENSE: Final = (
    b"",
    b"\x00\x00\x00\x00",
    b'{"id": "torn", "symbol": "AA',
    b'{"id": "inf", "symbol": "AAPL", "side": "buy", "qty": 1e400}',
    b'{"id": "nan", "symbol": "AAPL", "side": "buy", "qty": NaN}',
    b'{"id": "twice", "id": "two", "symbol": "AAPL", "side": "buy", "qty": 1}',
    b"id: norway\nsymbol: AAPL\nside: no\nqty: 0100\n",
    b"kind: basket\nid: many\n",
    b"[1, 2, 3]",
    b"\xff\xfe{}",
)


class Dropped(msgspec.Struct, frozen=True, kw_only=True):
    """A file: when it comes, what it is called, and what is in it."""

    at_ns: int
    name: str
    body: bytes


class Wishes:
    """Writes the files of one session."""

    def __init__(self, draws: Draws, *, accounts: tuple[str, ...], prices: dict[str, int]) -> None:
        """`prices` are in cents, by symbol, and about what each costs at the start."""
        self._draws = draws
        self._accounts = accounts
        self._prices = prices
        self._ids: list[str] = []

    def wall(self, count: int, *, from_ns: int, until_ns: int) -> list[Dropped]:
        """Return files that hold about `count` intents, over a stretch of time; some come at the same instant."""
        files: list[Dropped] = []
        at_ns = from_ns
        step_ns = 2 * (until_ns - from_ns) // max(1, count)
        while len(self._ids) < count:
            if self._draws.below(3, NAME):
                at_ns = min(until_ns, at_ns + self._draws.below(step_ns, NAME))
            files.append(self._file(at_ns))
        return files

    def nonsense(self, at_ns: int) -> Dropped:
        """Return a file that nobody can take."""
        return Dropped(at_ns=at_ns, name=f"bad{at_ns}.{self._suffix()}", body=self._draws.pick(_NONSENSE, "nonsense"))

    def _suffix(self) -> str:
        return self._draws.pick(("json", "yaml", "csv"), NAME)

    def _file(self, at_ns: int) -> Dropped:
        kind = self._draws.below(10, NAME)
        if kind == 0 and self._ids:
            return self._document(at_ns, self._cancel())
        if kind == 1 and self._ids:
            fields = self._amend() if self._draws.below(4, NAME) else self._flatten()
            return self._document(at_ns, fields)
        rows_n = self._draws.between(2, LIST_ROWS_MAX, NAME) if kind == 2 else 1  # noqa: PLR2004  # A tenth are lists.
        rows = [self._order() for _ in range(rows_n)]
        suffix = self._suffix()
        name = f"{rows[0]['id']}.{suffix}"
        if suffix == "csv":
            return Dropped(at_ns=at_ns, name=name, body=_csv(rows))
        body = _WRITERS[suffix](rows if rows_n > 1 else rows[0])
        return Dropped(at_ns=at_ns, name=name, body=body)

    def _document(self, at_ns: int, fields: dict[str, object]) -> Dropped:
        return Dropped(at_ns=at_ns, name=f"{fields['id']}.json", body=msgspec.json.encode(fields))

    def _order(self) -> dict[str, object]:
        draws = self._draws
        n = len(self._ids)
        symbol = draws.pick(tuple(self._prices), NAME)
        fields: dict[str, object] = {
            "id": f"w{n}",
            "symbol": symbol,
            "account": draws.pick(self._accounts, NAME),
            "strategy": draws.pick(STRATEGIES, NAME),
            "urgency": draws.pick(("low", "normal", "high"), NAME),
            "deadline": f"{draws.between(20, 900, NAME)}s",
        }
        self._ids.append(f"w{n}")
        self._quantity(fields)
        if draws.is_hit(50, NAME):
            cents = self._prices[symbol] * draws.between(990, 1010, NAME) // 1000
            fields["limit_price"] = f"{cents // 100}.{cents % 100:02}"
        algo = draws.below(6, NAME)
        if algo == 0 and "limit_price" in fields:
            fields["order_type"] = "limit"
        elif algo == 1:
            fields["algo.name"], fields["algo.ttl"] = "offset", f"{draws.between(2, 60, NAME)}s"
        elif algo == 2 and "limit_price" not in fields:  # noqa: PLR2004  # Another sixth.
            fields["order_type"] = "market"
        if draws.is_hit(15, NAME):
            fields["not_before"] = f"{draws.between(1, 120, NAME)}s"
        if draws.is_hit(5, NAME) and n:
            fields["supersedes"] = f"w{draws.below(n, NAME)}"
        return fields

    def _quantity(self, fields: dict[str, object]) -> None:
        draws = self._draws
        match draws.below(10, NAME):
            case 0:
                fields["close"] = True
            case 1:
                fields["target_qty"] = str(draws.between(-300, 300, NAME) or 100)
            case 2:
                fields["side"], fields["notional"] = "buy", str(draws.between(1_000, 20_000, NAME))
            case 3 | 4:
                fields["side"], fields["qty"] = "sell", str(draws.between(1, 80, NAME))
            case 5:
                fields["side"], fields["qty"] = "sell_short", str(draws.between(1, 300, NAME))
            case _:
                fields["side"], fields["qty"] = "buy", str(draws.between(1, 600, NAME))

    def _cancel(self) -> dict[str, object]:
        # One that has not come yet, at times.
        target = self._draws.below(len(self._ids) + 2, NAME)
        return {"kind": "cancel", "id": f"c{self._draws.below(1 << 30, NAME)}", "target": f"w{target}"}

    def _flatten(self) -> dict[str, object]:
        draws = self._draws
        scope = draws.pick(("symbol", "sleeve", "account"), NAME)
        values = {"symbol": tuple(self._prices), "sleeve": STRATEGIES, "account": self._accounts}
        document_id = f"f{draws.below(1 << 30, NAME)}"
        return {"kind": "flatten", "id": document_id, "scope": scope, "value": draws.pick(values[scope], NAME)}

    def _amend(self) -> dict[str, object]:
        draws = self._draws
        target = f"w{draws.below(len(self._ids), NAME)}"
        fields: dict[str, object] = {"kind": "amend", "id": f"a{draws.below(1 << 30, NAME)}", "target": target}
        match draws.below(3, NAME):
            case 0:
                fields["qty"] = str(draws.between(1, 500, NAME))
            case 1:
                fields["deadline"] = f"{draws.between(5, 600, NAME)}s"
            case _:
                fields["urgency"] = draws.pick(("low", "high"), NAME)
        return fields


def span_of(draws: Draws, low_s: int, high_s: int, name: str) -> int:
    """Return a drawn stretch of time in ns."""
    return draws.between(low_s * S, high_s * S, name)


def _csv(rows: list[dict[str, object]]) -> bytes:
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [",".join(names), *(",".join(_word(row.get(name, "")) for name in names) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


def _yaml(value: object) -> bytes:
    # Flow style is YAML too, and needs no writer of its own.
    return msgspec.json.encode(_nested(value)) + b"\n"


def _json(value: object) -> bytes:
    return msgspec.json.encode(_nested(value))


def _nested(value: object) -> object:
    """Return what a csv header says with dots as mappings within mappings."""
    if isinstance(value, list):
        return [_nested(one) for one in value]
    if not isinstance(value, dict):
        return value
    nested = {name: one for name, one in value.items() if "." not in name}
    algo = {name.removeprefix("algo."): one for name, one in value.items() if name.startswith("algo.")}
    return {**nested, "algo": algo} if algo else nested


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_WRITERS: Final[dict[str, Callable[[object], bytes]]] = {"json": _json, "yaml": _yaml}
