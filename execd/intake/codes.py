"""Every code with which a file is refused: what it means, and what to do.

Stable: a code may be added, never given another meaning. A test holds this table against the sources: no code is
raised that is not here, and none is here that nobody raises. A new code is a row, under the stage at which it is said.
"""

from typing import Final, NamedTuple


class Code(NamedTuple):
    """One code."""

    code: str
    meaning: str
    remedy: str


AT_THE_DOOR: Final = (
    Code("not_a_file", "a link, a pipe, a device, or a file with two names", "write a plain file and rename it in"),
    Code("wrong_owner", "its owner may not submit", "add the user to `inbox.owners`"),
    Code("unreadable", "the daemon has no right to read it, or the disk failed", "mend its mode or owner"),
    Code("empty_file", "nothing in it (a file: for longer than 5 s)", "write elsewhere, rename in"),
    Code("too_large", "above 64 KiB, or 1,000 keys and values, an order; 8 MiB, or 10,000 rows, a list", "split it"),
)
"""What a file is, before anything in it is read."""

IN_THE_TEXT: Final = (
    Code("unknown_format", "the name ends in none of `.json`, `.yaml`, `.yml`, `.csv`", "rename it"),
    Code("not_utf8", "a byte order mark, NUL bytes, or another encoding", "save as UTF-8"),
    Code("syntax", "not JSON, YAML or csv", "see `line`"),
    Code("too_deep", "nested deeper than 16", "no order needs that"),
    Code("duplicate_key", "a key or a column stands twice", "keep one"),
    Code("yaml_feature", "anchor, alias, tag, merge, second document", "write the value out"),
    Code("ragged_row", "a csv row has more or fewer cells than the header", "quote cells that hold commas"),
)
"""What the text is, before any field; such a file is refused whole, whatever `on_error` says."""

IN_A_FIELD: Final = (
    Code("unknown_field", "no such field or parameter", "the message names the nearest"),
    Code("missing_field", "a field is needed", "add it"),
    Code("wrong_type", "a list, mapping or boolean where text or a number belongs, or the reverse", "see `field`"),
    Code("bad_number", "not a number as above", "write digits"),
    Code("out_of_range", "a number or time outside its bounds, or a price below the smallest step", "see the message"),
    Code("bad_value", "not one of the words allowed", "the message names the nearest"),
    Code("bad_id", "characters or length not allowed in an id", "see `id`"),
    Code("bad_symbol", "not a symbol as the exchange spells it", "ASCII capitals"),
    Code("bad_text", "characters or length not allowed in a name or a note", "see the message"),
    Code("bad_time", "not a time as above, or one that does not exist", "see the message"),
    Code("one_quantity", "none or several of `qty`, `notional`, `target_qty`, `close`", "give exactly one"),
    Code("conflicting_fields", "two fields, or two rows, contradict each other", "leave one out"),
    Code("times_out_of_order", "`deadline` or `valid_until` before `not_before`", "put them in order"),
    Code("future_file", "modified more than 5 s ahead of the daemon's clock", "check the clocks"),
    Code("unknown_account", "no such account in the configuration", "the message names the nearest"),
    Code("not_supported", "known, and not built yet", "the message says what to do instead"),
    Code("not_in_list", "a list holds orders only", "write the document as a file of its own"),
    Code("duplicate_id", "two rows of one file have the same id; both are refused", "each order needs its own"),
    Code("amend_nothing", "an amend that changes nothing", "give at least one field"),
    Code("rows_refused", "some rows were refused, the others taken (`on_error: skip`)", "see `rows`"),
)
"""What a field says."""

AT_THE_GATE: Final = (
    Code("id_conflict", "the id was used for something else; the first one stands", "give it an id of its own"),
    Code("cancelled_before", "a cancel of this id came first", "if it is wanted, send it under another id"),
    Code("superseded_before", "an intent that replaces this one came first", "the same"),
    Code(
        "used_before_restore",
        "the id was used after the backup that the journal was restored from; it may have traded",
        "see its report; what is wanted once more needs a new id",
    ),
    Code("stale_file", "`valid_until`, given or by default, has passed", "write a new file"),
    Code("deadline_passed", "the deadline has passed", "write a later one"),
    Code("no_limits", "the account has no limits in the configuration", "set them: a missing limit refuses"),
    Code("max_order_qty", "more than one order of the account may have", "split it, or raise the limit"),
    Code("poison", "the daemon died of this id once; it is not taken again", "tell the operator; use another id"),
)
"""What the engine says when the file arrives, before anything is sent."""

ABOUT_THE_TARGET: Final = (
    Code("not_found", "an amend of an intent that is not known", "see `execd orders`"),
    Code("already_ended", "the target has ended, or is being ended", "its report says how"),
    Code("amend_loosens", "a limit or a collar would become looser", "cancel, and send anew"),
    Code("amend_below_filled", "less than what is filled and working", "pause the intent, amend it, resume it"),
)
"""What the engine says of a cancel or an amend."""

AT_THE_START: Final = (
    Code(
        "market_closed", "the market is closed and `on_closed` is `reject`", "send it later, or leave it to the queue"
    ),
    Code("market_not_allowed", "a market order above `execution.small_market_notional_max`", "give a limit_price"),
    Code("smart_execution_off", "the policy may not choose: smart execution is off", "name an `algo`"),
    Code("limit_price_required", "the plan needs a limit_price", "give one"),
    Code("sell_exceeds_owned", "sells more than the sleeve owns and others leave", "`sell_short` opens a short"),
    Code("short_while_long", "sells short while the sleeve owns shares", "sell them first"),
    Code("cover_exceeds_short", "covers more than the sleeve is short", "`buy` opens a position"),
    Code("nothing_to_close", "nothing is owned that is not being closed already", "nothing"),
    Code("at_target", "the target is reached already; the report says `filled`", "nothing"),
    Code("qty_step", "not a multiple of the instrument's step", "round it"),
    Code("qty_below_minimum", "less than the instrument's smallest order", "ask for more"),
)
"""What needs the market or the position: the file is in `accepted/` then, and the report has the code as its reason."""

CODES: Final = (*AT_THE_DOOR, *IN_THE_TEXT, *IN_A_FIELD, *AT_THE_GATE, *ABOUT_THE_TARGET, *AT_THE_START)
