"""The answers of the control API: JSON, and one shape for every refusal.

`{"code", "message", "field", "line"}`; codes are stable, scripts read them.
Which HTTP status a code has is said here and nowhere else.
"""

from collections.abc import Sequence
from typing import Final, NoReturn

import msgspec
from aiohttp import web

from execd.core.codec import encode
from execd.core.events import Reply

STATUS: Final = {
    "forbidden": 403,
    "not_found": 404,
    "too_slow": 408,
    "already_ended": 409,
    "already_paused": 409,
    "not_paused": 409,
    "not_held": 409,
    "not_halted": 409,
    "not_killed": 409,
    "still_open": 409,
    "kill_file_present": 409,
    "still_in_doubt": 409,
    "busy": 429,
    "internal": 500,
    "not_supported": 501,
    "timeout": 504,
    "journal_full": 507,
}
"""Every other code is 422: understood, and refused."""
PLAIN: Final = {
    "reason": "one line of text without control characters or marks that turn or hide text",
    "qty": "a decimal number such as 100, -7 or 0.5",
    "px": "a decimal number such as 190.05",
    "symbol": "a symbol in capital letters, such as AAPL or BRK.B",
    "account": "an account's name: letters, digits and . _ : -",
    "strategy": "a strategy's name: letters, digits and . _ : -",
    "which": "a code or an id: letters, digits and . _ : -",
    "cause": "a code or an id: letters, digits and . _ : -",
}
"""What a field takes, for a person; patterns are for the decoder."""


class Problem(Exception):  # It is an answer, not a failure of ours.
    """A request ends here with a refusal."""

    def __init__(self, code: str, message: str, *, field: str | None = None, line: int | None = None) -> None:
        """`message` says what is wrong and what to do."""
        super().__init__(message)
        self.code = code
        self.field = field
        self.line = line

    def response(self) -> web.Response:
        """Return the refusal as an answer."""
        return refusal(self.code, str(self), field=self.field, line=self.line)


def json(value: object, *, status: int = 200) -> web.Response:
    """Return an answer; nobody may keep it or take it for anything else."""
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return web.Response(body=encode(value), status=status, content_type="application/json", headers=headers)


def refusal(code: str, message: str, *, field: str | None = None, line: int | None = None) -> web.Response:
    """Return a refusal."""
    told = {"code": code, "message": message, "field": field, "line": line}
    return json(told, status=STATUS.get(code, 422))


def answered(reply: Reply, intent_id: str, *, done: str = "") -> web.Response:
    """Return what the engine replied; `done` says it for a person where the reply has no text."""
    if not reply.is_ok:
        return refusal(reply.code, reply.text or reply.code, field=reply.field or None)
    return json({"id": intent_id, "code": reply.code, "message": reply.text or done or reply.code})


def known_account(account: str, accounts: Sequence[str]) -> None:
    """Raise the refusal for an account that the configuration does not have; none named is well."""
    if account and account not in accounts:
        text = f"no account is called {account}; there is {', '.join(accounts)}"
        raise Problem("unknown_account", text, field="account")


def unknown(intent_id: str) -> NoReturn:
    """Raise the refusal for an id that nobody knows."""
    raise Problem("not_found", f"no intent has the id {intent_id}; see execd orders")


def as_problem(error: msgspec.MsgspecError) -> Problem:
    """Return the refusal for a body that is not what it should be; the field is named where the decoder says it."""
    text, _, place = str(error).partition(" - at `$.")
    if "matching regex" in text:
        text = PLAIN.get(place.rstrip("`"), "a character that this field does not take, or a wrong form")
    return Problem("bad_value", text, field=place.rstrip("`") or None)
