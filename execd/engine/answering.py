"""What became of a command: the value that every verb of the engine returns.

It says nothing about how; `commanding` journals it and replies with it.
"""

from typing import Final

import msgspec

ACCEPTED: Final = "accepted"


class Answer(msgspec.Struct, frozen=True):
    """What became of a command: `accepted` or a stable refusal code, and words."""

    code: str
    text: str = ""
    field: str = ""

    @property
    def is_ok(self) -> bool:
        """Whether it was done."""
        return self.code == ACCEPTED


DONE: Final = Answer(ACCEPTED)


def done(text: str) -> Answer:
    """Return that it was done, with words."""
    return Answer(ACCEPTED, text)


def unknown_account(account: str) -> Answer:
    """Return that there is no such account."""
    return Answer("unknown_account", f"there is no account {account!r}", "account")
