"""What the intake's tests share: a context, and a way to name a refusal."""

from execd.core.session import AlwaysOpen, Session
from execd.errors import IntentError
from execd.intake.parse import ParseContext, Parsed, ParsedIntent, ParsedList, parse_file

S = 1_000_000_000
NOW_NS = 1_772_461_800 * S
"""2026-03-02 14:30 UTC, a Monday, 09:30 in New York."""


def context(*, mtime_ns: int = NOW_NS, now_ns: int = NOW_NS, session: Session | None = None) -> ParseContext:
    """Return what a daemon with one account knows."""
    return ParseContext(
        now_ns=now_ns,
        mtime_ns=mtime_ns,
        accounts=("sim",),
        default_account="sim",
        session=session if session is not None else AlwaysOpen(),
    )


def answered(name: str, text: str | bytes, *, given: ParseContext | None = None) -> Parsed:
    """Parse a text as the file `name`."""
    body = text.encode() if isinstance(text, str) else text
    return parse_file(name, body, context=given or context())


def parsed(name: str, text: str | bytes, *, given: ParseContext | None = None) -> ParsedIntent:
    """Parse a text that is one order."""
    found = answered(name, text, given=given)
    assert isinstance(found, ParsedIntent)
    return found


def listed(name: str, text: str | bytes) -> ParsedList:
    """Parse a text that is many orders."""
    found = answered(name, text)
    assert isinstance(found, ParsedList)
    return found


def refusal(name: str, text: str | bytes, *, given: ParseContext | None = None) -> tuple[str, str | None, int | None]:
    """Return code, field and line of the refusal of a file."""
    try:
        answered(name, text, given=given)
    except IntentError as error:
        return error.code, error.field, error.line
    raise AssertionError("the file was taken")


def yaml(**fields: str) -> str:
    """Return a valid order with these fields changed or added; an empty value takes the field out."""
    order = {"id": "a1", "symbol": "AAPL", "side": "buy", "qty": "100"} | fields
    return "".join(f"{name}: {value}\n" for name, value in order.items() if value)
