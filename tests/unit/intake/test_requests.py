"""Documents about another intent: cancel, amend, flatten; what is asked of the engine, and what is refused."""

from decimal import Decimal

import pytest

from execd.core.commands import AmendParent, CancelParent, FlattenScope
from execd.core.enums import Horizon, Urgency
from execd.core.scopes import Scope
from execd.errors import IntentError
from execd.intake.parse import ParsedRequest, amend_of
from tests.unit.intake.tables import NOW_NS, S, answered, context, refusal


def document(text: str) -> ParsedRequest:
    """Parse a document of one line of YAML."""
    found = answered("a.yaml", text)
    assert isinstance(found, ParsedRequest)
    return found


def test_a_cancel_names_its_target_and_has_an_id_of_its_own() -> None:
    """A document cancel {id, target, note?}: the note is the reason, on one line."""
    found = document('{kind: cancel, id: c1, target: a1, note: "changed\\n my mind"}')

    assert ("c1", CancelParent(parent_id="a1", reason="changed my mind")) == (found.document_id, found.command)


def test_an_amend_changes_what_is_given() -> None:
    """A document amend {id, target, any of five fields}; times count from arrival."""
    changes = "qty: 50, limit_price: 9.50, deadline: 5m, urgency: high, max_slippage_bps: 7"
    found = document(f"{{kind: amend, id: m1, target: a1, {changes}}}")

    assert found.command == AmendParent(
        parent_id="a1",
        order_qty=Decimal(50),
        price=Decimal("9.5"),
        expire_ns=NOW_NS + 300 * S,
        urgency=Urgency.HIGH,
        max_slippage_bps=Decimal(7),
    )


@pytest.mark.parametrize(
    "scope, value, expected",
    [
        ("symbol", "AAPL", Scope(symbol="AAPL")),
        ("account", "sim", Scope(account="sim")),
        ("sleeve", "trend", Scope(strategy="trend")),
        ("sleeve", "trend/intraday", Scope(strategy="trend", horizon=Horizon.INTRADAY)),
    ],
)
def test_a_flatten_names_a_symbol_a_sleeve_or_an_account(scope: str, value: str, expected: Scope) -> None:
    """A document flatten {id, scope, value, note?}: its id is the flatten's."""
    found = document(f"{{kind: flatten, id: f1, scope: {scope}, value: {value}, note: news}}")

    assert FlattenScope(scope=expected, flatten_id="f1", reason="news") == found.command


@pytest.mark.parametrize(
    "text", ["{kind: amend, id: m1, target: a1, qty: 50}", "{qty: 50.0, target: a1, id: m1, kind: amend}"]
)
def test_the_same_document_has_the_same_hash(text: str) -> None:
    """Documents are idempotent like intents: same id and content count once."""
    first = document("{kind: amend, id: m1, target: a1, qty: '50'}")

    assert first.content_hash == document(text).content_hash


@pytest.mark.parametrize(
    "text, expected",
    [
        ("kind: cancel\nid: c1\n", ("missing_field", "target", None)),
        ("kind: cancel\ntarget: a1\n", ("missing_field", "id", None)),
        ("kind: cancel\nid: a1\ntarget: a1\n", ("conflicting_fields", "id", 2)),
        ("kind: cancel\nid: c1\ntarget: a 1\n", ("bad_id", "target", 3)),
        ("kind: cancel\nid: c1\ntarget: a1\nqty: 5\n", ("unknown_field", "qty", 4)),
        ("kind: amend\nid: m1\ntarget: a1\n", ("amend_nothing", "target", 3)),
        ("kind: amend\nid: m1\ntarget: a1\nqty: 0\n", ("out_of_range", "qty", 4)),
        ("kind: amend\nid: m1\ntarget: a1\nlimit_pric: 5\n", ("unknown_field", "limit_pric", 4)),
        ("kind: amend\nid: m1\ntarget: a1\nprotect: none\n", ("not_supported", "protect", 4)),
        ("kind: amend\nid: m1\ntarget: a1\nside: buy\n", ("unknown_field", "side", 4)),
        ("kind: amend\nid: m1\ntarget: a1\ndeadline: 9:30\n", ("bad_time", "deadline", 4)),
        ("kind: flatten\nid: f1\nscope: all\nvalue: x\n", ("bad_value", "scope", 3)),
        ("kind: flatten\nid: f1\nscope: symbol\n", ("missing_field", "value", None)),
        ("kind: flatten\nid: f1\nscope: symbol\nvalue: aapl\n", ("bad_symbol", "value", 4)),
        ("kind: flatten\nid: f1\nscope: account\nvalue: nobody\n", ("unknown_account", "value", 4)),
        ("kind: flatten\nid: f1\nscope: sleeve\nvalue: a b\n", ("bad_text", "value", 4)),
        ("kind: flatten\nid: f1\nscope: sleeve\nvalue: trend/daily\n", ("bad_text", "value", 4)),
        ("kind: flatten\nid: f1\nscope: sleeve\nvalue: /swing\n", ("bad_text", "value", 4)),
    ],
)  # fmt: skip
def test_a_document_is_read_as_strictly_as_an_order(text: str, expected: tuple[str, str | None, int | None]) -> None:
    """Each field has its rule, its code and its line."""
    assert expected == refusal("a.yaml", text)


@pytest.mark.parametrize("kind", ["cancel", "amend"])
def test_a_document_from_the_future_is_refused(kind: str) -> None:
    """Fault A13: the clock that stamped it, or ours, is wrong."""
    text = f"{{kind: {kind}, id: d1, target: a1{', qty: 1' if kind == 'amend' else ''}}}"

    assert "future_file" == refusal("a.yaml", text, given=context(mtime_ns=NOW_NS + 6 * S))[0]


def test_the_command_amend_is_read_by_the_same_rules() -> None:
    """`execd amend` gives fields; they mean what they mean in a file."""
    found = amend_of("0", {"qty": "5", "urgency": None}, context=context())
    with pytest.raises(IntentError) as caught:
        amend_of("a1", {"qyt": "5", "qty": "1"}, context=context())

    assert AmendParent(parent_id="0", order_qty=Decimal(5)) == found
    assert ("unknown_field", "qyt") == (caught.value.code, caught.value.field)
