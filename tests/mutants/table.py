"""Sabotages of one line each, and what must notice: proof that the simulator would see the defect that it looks for.

A mutant is told by a line of the source that occurs exactly once. When the code changes, change the mutant with it; one
that survives is a finding about the laws or the faults, and is mended there. A new one is a row here, with the seed
that kills it soonest (`make mutants` tells it).

Tried, and seen by no world, because something else heals them first: a restart that wakes nobody by time (quotes do),
one that does not go on asking about a doubt (late orders and the comparison with the broker ask), and a cumulative
word that hides later fills (the word of the cancel tells them; `unit/core/test_fills.py` kills that one).
"""

from typing import Final, NamedTuple


class Mutant(NamedTuple):
    """One sabotage: in which file, which text becomes what, why it is one, and the law and the seed that kill it."""

    name: str
    file: str
    old: str
    new: str
    why: str
    law: str
    seed: int


MUTANTS: Final = (
    Mutant(
        "fresh_id_per_attempt",
        "engine/doubt.py",
        "desk.effect(Submit(request=replace(order.first, send_by_ns=send_by_ns)))",
        'desk.effect(Submit(request=replace(order.first, cl_ord_id=f"{order.key}9", send_by_ns=send_by_ns)))',
        "a request in doubt is written again under a new id",
        "Inv2",
        6,
    ),
    Mutant(
        "sent_before_its_record",
        "engine/sending.py",
        "    desk.record(Sending(now_ns=now_ns, request=request))",
        "    desk.book.apply(Sending(now_ns=now_ns, request=request))",
        "the request leaves and the journal never hears of it",
        "Inv2",
        0,
    ),
    Mutant(
        "commits_that_are_not_synced",
        "journal/queries.sql",
        "PRAGMA synchronous = FULL;",
        "PRAGMA synchronous = NORMAL;",
        "what was acknowledged is gone when the power is",
        "Inv8",
        2,
    ),
    Mutant(
        "no_dedup_of_fills",
        "core/fills.py",
        "    if trade in fills.trades:",
        '    if (trade := replace(trade, exec_id=f"{trade.exec_id}/{len(fills.trades)}")) in fills.trades:',
        "a fill that is told twice counts twice",
        "Inv3",
        0,
    ),
    Mutant(
        "resend_where_ids_are_free",
        "core/rules.py",
        "FREE_IDS: Final = Lookups(",
        "FREE_IDS: Final = Lookups(resends_max=2, ",
        "a broker that takes an id twice is sent it twice",
        "Inv1",
        7,
    ),
    Mutant(
        "not_found_is_believed",
        "core/rules.py",
        "UNIQUE_IDS: Final = Lookups(",
        "UNIQUE_IDS: Final = Lookups(are_final=True, ",
        "an order that comes late is taken for lost, and another is sent",
        "one_child",
        6,
    ),
    Mutant(
        "blind_restart",
        "engine/recovery.py",
        "            order = doubt.doubt_unanswered(desk, desk.book.orders[key], INTERRUPTED, now_ns)",
        "            order = desk.book.orders[key]; desk.effect(doubt.Submit(request=order.first))",
        "a start writes again what may have left before it",
        "Inv5",
        94,
    ),
    Mutant(
        "partial_fill_forgotten_on_cancel",
        "core/folding.py",
        "    return _ended(order, done)\n\n\ndef _ended",
        "    return replace(_ended(order, done), fills=fills.Fills())\n\n\ndef _ended",
        "what was filled before the cancel is bought again",
        "Inv8",
        1,
    ),
    Mutant(
        "cancel_tells_no_sum",
        "core/folding.py",
        "    if not isinstance(report, Rejected) and report.cum_qty is not None:",
        "    if not isinstance(report, Rejected) and report.cum_qty is None:",
        "a fill that was reported after its order's cancel was heard is bought again",
        "Inv5",
        116,
    ),
    Mutant(
        "doubt_is_no_exposure",
        "core/order.py",
        "        return self.cum_qty >= self.order_qty or self.done_as is not None",
        "        return self.cum_qty >= self.order_qty or self.done_as is not None or bool(self.failures)",
        "an order in doubt does not count as live",
        "Inv5",
        0,
    ),
    Mutant(
        "limits_without_working_orders",
        "engine/desk.py",
        "            change = 1 if is_live else -1",
        "            change = 0 if is_live else 0",
        "open orders are not counted against their limit",
        "Inv5",
        39,
    ),
    Mutant(
        "late_is_sent",
        "engine/cycle.py",
        "        if not text and now_ns > request.send_by_ns:",
        "        if not text and now_ns > request.send_by_ns and not request.price:",
        "after a slow commit a request leaves with an old price",
        "send_by",
        7,
    ),
    Mutant(
        "double_allocation",
        "core/book.py",
        "            self.move(key, sign * bought, sign * paid + fees)",
        "            self.move(key, sign * bought * 2, sign * paid + fees)",
        "a sleeve owns twice what was traded",
        "Inv6",
        0,
    ),
    Mutant(
        "foreign_trade_adopted",
        "core/book.py",
        "        order = self.order_of(record.report.cl_ord_id)",
        "        order = self.order_of(record.report.cl_ord_id) or next(iter(self.orders.values()), None)",
        "somebody else's fill is taken for ours",
        "Inv3",
        0,
    ),
    Mutant(
        "unknown_cancel_is_done",
        "core/order.py",
        "        return self.cum_qty >= self.order_qty or self.done_as is not None",
        "        return self.cum_qty >= self.order_qty or self.done_as is not None or any("
        "self.key != one.cl_ord_id and one.outcome is Outcome.UNKNOWN for one in self.failures)",
        "a cancel of which nobody knows is taken for done",
        "one_child",
        4,
    ),
    Mutant(
        "used_id_is_a_rejection",
        "engine/facts.py",
        "    if isinstance(report, Rejected) and report.code == USED_ID and not order.is_done:",
        "    if isinstance(report, Rejected) and report.code == USED_ID and order.is_done:",
        "an order that lives under its id is taken for rejected",
        "Inv11",
        6,
    ),
    Mutant(
        "overfill_is_nothing",
        "engine/facts.py",
        "    if order.cum_qty > order.order_qty:",
        "    if order.cum_qty > order.order_qty * 100:",
        "nobody is called when a broker fills too much",
        "Inv12",
        1,
    ),
    Mutant(
        "gap_is_nothing",
        "engine/engine.py",
        '        desk.alert("stream_gap", text)',
        "        desk.take_effects()",
        "what was missed while the stream was down is not asked for",
        "Inv12",
        0,
    ),
    Mutant(
        "halt_is_forgotten",
        "engine/halting.py",
        '        if key.account in {"", account} and key.symbol in {"", symbol}:\n            return halt',
        '        if key.account in {"", account} and key.symbol in {symbol}:\n            return halt',
        "a halt of an account binds none of its symbols",
        "halted",
        2,
    ),
    Mutant(
        "kill_is_forgotten",
        "engine/halting.py",
        '    binding = [kill for kill in (book.kills.get(account), book.kills.get("")) if kill is not None]',
        "    binding = [kill for kill in (book.kills.get(account),) if kill is not None and kill.reason == account]",
        "a kill level is latched and binds nobody",
        "Inv10",
        17,
    ),
    Mutant(
        "two_children_at_once",
        "algos/worker.py",
        "        if view.children:\n            return self._watch(view, view.children[0])",
        "        if view.children and view.children[0].acked_ns is not None:\n"
        "            return self._watch(view, view.children[0])",
        "a parent places again while its first order is on its way",
        "Inv11",
        0,
    ),
    Mutant(
        "same_file_twice",
        "engine/receiving.py",
        "    if known is not None:\n        if known.content_hash == item.content_hash:",
        "    if known is not None and known.content_hash != item.content_hash:\n"
        "        if known.content_hash == item.content_hash:",
        "a file that comes again trades again",
        "accepted_once",
        1,
    ),
    Mutant(
        "failed_resend_settles",
        "core/order.py",
        "        is_resent = bool(self.resent_n) and cl_ord_id == self.key",
        "        is_resent = bool(self.resent_n) and cl_ord_id != self.key",
        "a second attempt that was not sent ends the doubt about the first",
        "Inv11",
        6,
    ),
    Mutant(
        "empty_is_flat",
        "engine/reconcile_positions.py",
        "    if not shown and any(",
        "    if not shown and not any(",
        "an empty list of positions is believed",
        "Inv6",
        8,
    ),
    Mutant(
        "asked_by_our_clock",
        "engine/reconciling.py",
        "        watch.shown_ns = max(watch.shown_ns, snapshot.broker_ns or snapshot.asked_ns)",
        "        watch.shown_ns = max(watch.shown_ns, snapshot.asked_ns)",
        "with a clock that is ahead, what was missed is asked for from the future",
        "Inv6",
        38,
    ),
    Mutant(
        "bust_that_is_not_folded",
        "core/folding.py",
        "fills=fills.add_bust(order.fills, report.exec_ref_id, report.transact_ns)",
        "fills=order.fills",
        "a fill that was taken back stays",
        "Inv3",
        5,
    ),
    Mutant(
        "flatten_is_done_too_soon",
        "engine/controllers/flatten.py",
        "        now_ns = view.now_ns\n        if view.legs:\n            return self._again(view)",
        "        now_ns = view.now_ns\n        if view.legs and not now_ns:\n            return self._again(view)",
        "a flatten says that it is done while something is owned",
        "flat",
        5,
    ),
    Mutant(
        "report_lost_on_recall",
        "engine/facts.py",
        "    told = [report for name in names for report in desk.book.external.get(name, ())]",
        "    told = [report for name in names[:1] for report in desk.book.external.get(name, ())]",
        "of a parent that left memory only what was said of its first request is counted",
        "Inv8",
        0,
    ),
    Mutant(
        "ended_lives_again",
        "engine/desk.py",
        "        if status.is_terminal:\n",
        "        if status.is_terminal and not reason:\n",
        "an overfill holds a parent that has ended",
        "Inv9",
        1,
    ),
    Mutant(
        "alert_is_swallowed",
        "engine/doubt.py",
        "    desk.alert(IN_DOUBT, told, parent_id=order.first.parent_id)",
        "    del told",
        "nobody hears that a request is in doubt",
        "Inv12",
        0,
    ),
)
