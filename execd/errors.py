"""Every exception of execd, in one tree; a docstring is the message's first half.

ExecdError
├── ConfigError        the configuration cannot be used (exit 78)
│   └── VenueError     the simulated venue cannot be started, found or read (exit 78)
│       └── VenueBusy  another venue holds the directory (exit 1)
├── IntentError        an intent file cannot be accepted (it is moved to rejected/)
├── BrokerError
│   ├── Refused        surely not live: the broker did not take the request
│   │   ├── NotSent       it never left this process: it may be decided afresh, and nobody refused it
│   │   ├── RateLimited   the account asked too often (429): all of it waits
│   │   └── Unauthorized  the account may do nothing there (401, or 403 for all of it): it is halted
│   ├── Unknown        may be live: ask before doing anything again
│   └── BrokerSilent   it did not answer while execd started (exit 1)
├── JournalError       the journal cannot be trusted or written (exit 70)
│   ├── JournalFull    no space: stop new risk, free the ballast (at a start: exit 1, for room may come)
│   ├── JournalBusy    another daemon holds the state directory
│   ├── JournalUnsafe  a file system that does not keep its promises, or a directory that is not ours (exit 78)
│   └── JournalForeign not ours: left untouched, and a restart would not help (exit 78)
│       ├── JournalNewer    a later execd wrote it
│       ├── JournalCorrupt  damaged: a page, a record, or the chain of their sums
│       ├── JournalLost     records that were committed are gone
│       └── JournalOther    it is of another account than the one that is configured or found
├── TapeError          a tape file cannot be read
└── RefDataError       calendars, bars or assets could not be had; what was cached stays
"""

from typing import NamedTuple


class RowFault(NamedTuple):
    """Why one row of a file of many was refused; `row` and `line` count from 1."""

    row: int
    line: int | None
    id: str | None
    code: str
    message: str
    field: str | None = None


class ExecdError(Exception):
    """Something went wrong that execd has a word for."""


class ConfigError(ExecdError):
    """The configuration cannot be used."""


class VenueError(ConfigError):
    """The simulated venue cannot be used; its ledger was left untouched."""


class VenueBusy(VenueError):
    """Another simulated venue holds this directory."""


class IntentError(ExecdError):
    """An intent cannot be accepted. `code` is stable; `field` and `line` say where, `rows` of a file of many."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        field: str | None = None,
        line: int | None = None,
        rows: tuple[RowFault, ...] = (),
    ) -> None:
        """`message` says what is wrong and what to do; `line` counts from 1."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.line = line
        self.rows = rows


class BrokerError(ExecdError):
    """A broker did not do what was asked."""


class Refused(BrokerError):
    """The request is surely not live: it may be decided afresh."""


class NotSent(Refused):
    """The request never left this process."""


class RateLimited(Refused):
    """The account asked too often; nobody judged the request. `until_ns` is the broker's own word, 0 for none."""

    def __init__(self, message: str, *, until_ns: int = 0) -> None:
        """`core.waiting` finds `until_ns` in an answer's headers."""
        super().__init__(message)
        self.until_ns = until_ns


class Unauthorized(Refused):
    """The broker does not let this account do anything; a person must look at its keys and its state."""


class Unknown(BrokerError):
    """The broker may or may not have acted; ask before trying again."""


class BrokerSilent(BrokerError):
    """The broker did not answer while execd started; nothing was sent, and a later start may find it."""


class JournalError(ExecdError):
    """The journal cannot be read or written; the process must end."""


class JournalFull(JournalError):
    """No space is left for the journal."""


class JournalBusy(JournalError):
    """Another execd holds this state directory."""


class JournalUnsafe(JournalError):
    """The state directory cannot hold a journal: its file system, its owner or its mode says so."""


class JournalForeign(JournalError):
    """The journal is corrupt, newer, or not ours; nothing was added to it or taken away."""


class JournalNewer(JournalForeign):
    """The journal was written by a later execd; run that one."""


class JournalCorrupt(JournalForeign):
    """The journal is damaged; restore a backup, or rebuild it from what can be read."""


class JournalLost(JournalForeign):
    """Records that were committed are gone from the journal; restore a backup, or accept the loss by a rebuild."""


class JournalOther(JournalForeign):
    """The journal is of another account; nothing was sent, and nothing was added to it."""


class TapeError(ExecdError):
    """A tape cannot be read; the message says which file and line."""


class RefDataError(ExecdError):
    """Reference data could not be had; what was cached before stays."""
