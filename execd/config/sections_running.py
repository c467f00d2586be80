"""The sections about the daemon itself: journal, process, clock, outbox, alerts, control, surface, inbox, logging.

They describe, and do nothing. Each key has its default, its bounds and, below it, what it means: config/execd.yaml and
docs/configuration.md are made from that text. A new key is a field here.
"""

from decimal import Decimal
from typing import Annotated, Self

from pydantic import BeforeValidator, SecretStr, model_validator

from execd.config.fields import (
    Count,
    Days,
    Flag,
    FormatWord,
    GroupText,
    KillWord,
    LevelWord,
    LogFormat,
    LogLevel,
    Mebibytes,
    Port,
    SecretUrl,
    Severity,
    SeverityWord,
    Span,
    SpanOrNone,
    StopPolicy,
    StopWord,
    Text,
    UserId,
    items,
)
from execd.config.section import Section
from execd.config.strict_text import refusal
from execd.core.scopes import KillLevel


class Journal(Section):
    """How the journal is kept, and when it is full."""

    memory_parents_max: Count = 10_000
    """So many ended intents stay in memory; the journal answers for the others."""
    memory_h: Span = Decimal(24)
    """Ended intents stay in memory no longer than this."""
    archive_days: Days = 30
    """Older records of ended intents move to <state>/archive; 0 never."""
    checkpoint_records: Count = 50_000
    """At least one checkpoint for so many records: a start reads what came after the last."""
    ballast_mib: Mebibytes = 8
    """Kept on the disk, and freed when it is full, so that cancels can still be written."""
    disk_free_mib_min: Mebibytes = 256
    """With less free, no new risk is taken."""
    slow_commit_s: Span = Decimal(1)
    """After a commit slower than this, no new risk is taken until one is faster."""
    unsafe_filesystem: Flag = False
    """true: use a file system that is known to lose what was written."""


class Process(Section):
    """How the daemon watches itself, stops, and starts again."""

    watchdog_s: SpanOrNone = Decimal(10)
    """It ends with 70 when nothing moved for so long; 0 never."""
    stop: StopWord = StopPolicy.LEAVE
    """leave: at a stop working orders stay at the broker; or cancel."""
    stop_grace_s: Span = Decimal(5)
    """So long a stop waits for answers."""
    unclean_starts_max: Count = 3
    """After so many starts without a clean stop before them it takes no new risk, and pages."""
    unclean_window_s: Span = Decimal(600)
    """The window in which they are counted."""


class KillSwitch(Section):
    """What the kill switch does where nobody says how much."""

    default_level: KillWord = KillLevel.CANCEL_ALL
    """The level of an empty file KILL, of SIGUSR1, and of execd kill: halt_new, cancel_all or flatten."""


class ClockRules(Section):
    """What is done when the wall's clock and ours part."""

    skew_alert_s: Span = Decimal(2)
    """A difference above this raises an alert."""
    skew_halt_s: Span = Decimal(30)
    """A difference above this halts: no new risk is taken."""
    suspend_s: Span = Decimal(5)
    """A machine that slept longer than this has missed reports: all is asked anew."""
    check_s: Span = Decimal(1)
    """So often the clocks are compared."""

    @model_validator(mode="after")
    def _alerts_before_it_halts(self) -> Self:
        if self.skew_alert_s > self.skew_halt_s:
            raise refusal("bad_value", "skew_halt_s must be at least skew_alert_s", field="skew_halt_s")
        return self


class OutboxRules(Section):
    """How reports are written."""

    pace_ms: Span = Decimal(250)
    """The report of one intent is written at most once in this time; its last one always at once."""


class Alerts(Section):
    """Who is told when something needs a person. Without a program and an address alerts are only logged and shown."""

    exec: Annotated[tuple[Text, ...], BeforeValidator(items)] = ()
    """A program and its arguments, such as [/usr/local/bin/page]; it reads the alert as JSON."""
    webhook: SecretUrl = SecretStr("")
    """An address to which the alert is posted as JSON; better in a secrets file alerts__webhook."""
    severity_min: SeverityWord = Severity.WARNING
    """What is less than this (info, warning, critical) pages nobody."""
    repeat_s: Span = Decimal(300)
    """An alert that nobody acknowledged is sent again after this."""
    timeout_s: Span = Decimal(10)
    """So long a program or an address may take."""
    dead_man_url: SecretUrl = SecretStr("")
    """An address that is asked while all is well, so that silence is noticed elsewhere."""
    dead_man_s: Span = Decimal(60)
    """The dead man's address is asked so often."""


class Control(Section):
    """Who may do what over the control socket, by user id. The daemon's own user and root may do everything."""

    viewers: Annotated[tuple[UserId, ...], BeforeValidator(items)] = ()
    """They look."""
    operators: Annotated[tuple[UserId, ...], BeforeValidator(items)] = ()
    """They also submit, cancel, amend, pause and acknowledge."""
    admins: Annotated[tuple[UserId, ...], BeforeValidator(items)] = ()
    """They also lift halts, release, adopt, reload and stop."""
    socket_group: GroupText = ""
    """The group that may open the control socket; empty: only the daemon's user."""


class Surface(Section):
    """Metrics and health, on this machine only."""

    http_host: Text = "127.0.0.1"
    """127.0.0.1, ::1 or localhost."""
    http_port: Port = 0
    """0: any free port, told by `execd status`; fix one for Prometheus, such as 8787."""

    @model_validator(mode="after")
    def _is_loopback(self) -> Self:
        if self.http_host not in {"127.0.0.1", "::1", "localhost"}:
            text = f"{self.http_host} is not this machine: nothing here asks for a password; put a proxy before it"
            raise refusal("bad_value", text, field="http_host")
        return self


class Inbox(Section):
    """Who may drop files, and how the directory is watched."""

    owners: Annotated[tuple[UserId, ...], BeforeValidator(items)] = ()
    """User ids that may drop files; empty: the daemon's and the inbox directory's owner."""
    scan_s: Span = Decimal(1)
    """The directory is looked at least this often, whatever the kernel told."""
    settle_ms: Span = Decimal(500)
    """A file that was not renamed in must have stood still this long."""


class Logging(Section):
    """What is logged, and how it looks."""

    level: LevelWord = LogLevel.INFO
    """debug, info, warning or error."""
    format: FormatWord = LogFormat.AUTO
    """json or console; auto is console on a terminal."""
