"""Every code with which a file, an intent or a command is answered: what it means, and what to do.

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
    Code("not_learned", "a volume profile of past days that nobody learns", "add it to `refdata.profiles`"),
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
    Code("window_passed", "the window of the schedule is over", "write a later one"),
    Code(
        "window_outside_session",
        "the window of the schedule begins or ends outside the session in which it would be worked",
        "see the session in the message",
    ),
    Code("no_limits", "the account has no limits in the configuration", "set them: a missing limit refuses"),
    Code("max_order_qty", "more shares than one order of the account may have", "split it, or raise the limit"),
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
        "market_closed",
        "the market is closed, and `on_closed` is `reject`; with `queue` it waits for the session that the text names",
        "send it later, or leave it to the queue",
    ),
    Code(
        "market_not_allowed",
        "the preset permits no market orders but small ones, outside its gates and not of low urgency",
        "give a limit_price, or leave order_type out",
    ),
    Code(
        "collar_excludes_touch",
        "`marketable` is to work it (by name, or as at urgency high), and `max_slippage_bps` forbids the price of now",
        "allow more, or ask for what may rest: another urgency, another algorithm",
    ),
    Code("smart_execution_off", "the policy may not choose: smart execution is off", "name an `algo`"),
    Code("limit_price_required", "the plan needs a limit_price", "give one"),
    Code("sell_exceeds_owned", "sells more than the sleeve owns and others leave", "`sell_short` opens a short"),
    Code("short_while_long", "sells short while the sleeve owns shares", "sell them first"),
    Code("cover_exceeds_short", "covers more than the sleeve is short", "`buy` opens a position"),
    Code("nothing_to_close", "nothing is owned that is not being closed already", "nothing"),
    Code(
        "partial_coverage",
        "the feed sees a part of the market, and nobody said how much of its volume that is",
        "set `market_data.partial_volume_scale`, or ask for a schedule that needs no volume",
    ),
    Code("at_target", "the target is reached already; the report says `filled`", "nothing"),
    Code("qty_step", "not a multiple of the instrument's step", "round it"),
    Code("qty_below_minimum", "less than the instrument's smallest order", "ask for more"),
)
"""What needs the market or the position: the file is in `accepted/` then, and the report has the code as its reason."""

BEFORE_AN_ORDER: Final = (
    Code(
        "max_order_notional",
        "one order as asked, or the least quantity, is worth more than `order_notional_usd_max` of the account",
        "give it an `algo`, whose children are cut to fit; or split it, or raise the limit",
    ),
    Code("price_collar", "a price further beyond the middle than `price_collar_ratio` allows", "see the message"),
    Code("rejected_by_venue", "the broker refused the order; its own code and words follow", "see its words"),
)
"""What the last gate, or the broker, says of an order: the report is `failed`, or `partially_filled`."""

WAITING: Final = (
    Code("not_before", "its time has not come", "nothing"),
    Code("superseding", "what it replaces is being cancelled first", "nothing"),
    Code("halted", "no new risk: a halt, the kill level `halt_new`, or a halted symbol", "`execd status` says why"),
    Code("killed", "kill level `cancel_all` or `flatten`; its orders are cancelled", "`execd unkill` lets it go on"),
    Code("flattening", "a flatten of its symbol, sleeve or account is at work", "it goes on when that is over"),
    Code("paused", "an operator paused it, and a kill or flatten that stood before is over", "`execd resume`"),
    Code("scope_paused", "its symbol, sleeve or account is paused; exits go on", "`execd status` says by whom and why"),
    Code(
        "reconcile_stale",
        "what the account holds was not read from its broker, or too long ago, or differs in the symbol",
        "`execd reconcile` says how it stands",
    ),
    Code("no_quote", "the symbol has had no quote yet", "is it spelled as the market does?"),
    Code("quote_unusable", "the quote is crossed, locked or one-sided", "nothing"),
    Code("spread_too_wide", "the spread is wider than anything is priced from", "is the quote right?"),
    Code("soft_spread", "the spread is wider than resting orders like", "a higher urgency crosses"),
    Code("soft_size", "less than a round lot is displayed on the side that would be joined", "the same"),
    Code("not_wanted_yet", "the market is not what the sniper waits for", "nothing, or ask for less"),
    Code(
        "got_nothing",
        "an `ioc` or `fok` order got nothing; pauses grow before the next",
        "a limit that reaches the touch",
    ),
    Code("quote_stale", "the quote is too old for what is to be done", "is the market's feed up?"),
    Code("stale_reference", "no fresh quote to hold a price against", "the same"),
    Code("max_open_orders", "as many orders are out as `open_orders_max` allows", "it goes on when one has ended"),
    Code("before_window", "the window of its schedule has not begun", "nothing"),
    Code(
        "participation_cap",
        "it is as large a part of the printed volume as it may be; as a reason of the end: that left the rest over",
        "see the numbers beside it",
    ),
    Code("opposing_order", "it could trade with an order of the same account", "it goes on when that has ended"),
)
"""Why an intent waits, `queued` or `working`; it goes on by itself, or ends at its deadline."""

HELD: Final = (
    Code(
        "duplicate_suspected", "the sleeve asked for the same within `risk.duplicate_window_s`", "release or cancel it"
    ),
    Code("sent_before", "the broker knows an order of this id, the journal does not", "compare; release or cancel it"),
    Code(
        "in_doubt", "the broker shows no trace of an order that may have left", "look there, `execd resolve`, release"
    ),
    Code("overfill", "more was filled than was asked", "ask the broker; release or cancel it"),
    Code("conflicting_execution", "one ExecID came with two contents", "the same"),
    Code("cancel_refused", "the broker refuses to cancel an order again and again", "the same"),
    Code("children_over_parent", "an order would have gone beyond its intent: a defect", "report it; cancel it"),
    Code("unknown_algo_state", "this version does not know the saved state of its algorithm", "run the version before"),
)
"""Why an intent is `held`: nothing is decided until somebody does; see the manual of operation."""

ENDED: Final = (
    Code("valid_until_passed", "`valid_until` came before working could start", "see why it waited"),
    Code("deadline", "the deadline came before all was filled", "nothing"),
    Code("schedule_over", "its schedule's last slice was over before all was filled", "a later `duration` or end"),
    Code("skipped", "what came too late was left out, as `catch_up: skip` asks", "nothing"),
    Code(
        "timeout",
        "its tactic was over, or it was planned anew as often as `execution.replans_max` allows",
        "a higher urgency",
    ),
    Code("ended_by_venue", "the one order of `passthrough` ended before all was filled", "it is not sent again"),
    Code("accepted_partial", "`execution.partial_accept_ratio` or more is filled, and that is enough", "nothing"),
    Code("rest_below_minimum", "what is left is less than the smallest order", "nothing"),
    Code("canceled", "somebody cancelled it; the reason follows", "nothing"),
    Code("observe", "`mode: observe`: an order would have left here", "nothing"),
)
"""Why an intent has ended that was neither filled nor refused."""

OF_A_COMMAND: Final = (
    Code("already_paused", "it is paused, or being stopped", "`execd resume` lets it go on"),
    Code("not_paused", "it is not paused", "nothing"),
    Code("not_held", "it is not held", "nothing"),
    Code("not_in_doubt", "nothing of that order is in doubt", "nothing"),
    Code("still_in_doubt", "an order of it is in doubt; the broker is being asked once more", "release it anew"),
    Code("not_killed", "no kill level is in force there", "`execd status` lists them"),
    Code(
        "still_open",
        "not compared with the broker lately, orders in doubt or not confirmed as cancelled, or a flatten at work",
        "wait or resolve it; `--force` lifts the kill all the same",
    ),
    Code("snapshot_failed", "the broker did not say what the account holds", "again, once its line is well"),
    Code("kill_file_present", "the file `KILL` is still there and would kill again", "remove it"),
    Code("not_halted", "no such halt is in force", "`execd status` lists them"),
    Code("stopping", "the daemon is stopping", "again after the restart"),
)
"""What only a command is refused with; it may be refused with the codes of a document, too."""

CODES: Final = (
    *(*AT_THE_DOOR, *IN_THE_TEXT, *IN_A_FIELD, *AT_THE_GATE, *ABOUT_THE_TARGET, *AT_THE_START),
    *(*BEFORE_AN_ORDER, *WAITING, *HELD, *ENDED, *OF_A_COMMAND),
)
