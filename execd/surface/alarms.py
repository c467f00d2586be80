"""Alarms as rows for people and programs, and how the ways out do.

Plain functions; instants are RFC 3339. A new column is added at the end.
"""

from collections.abc import Iterable

import msgspec

from execd.runtime.alerts import Alarm
from execd.runtime.pager import RouteState
from execd.surface.views import instant


class AlarmRow(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm; `about` is the intent, order, symbol or account it is about, `pages_n` how often it reached somebody.

    It is open until somebody has acknowledged it, or it is over.
    """

    id: str
    code: str
    severity: str
    text: str
    about: str
    count: int
    first: str
    last: str
    paged: str | None
    pages_n: int
    is_acked: bool
    acked: str | None
    acked_uid: int | None
    acked_reason: str
    is_open: bool
    over: str | None
    over_text: str


def alarm_rows(alarms: Iterable[Alarm]) -> list[AlarmRow]:
    """Return the rows of alarms, in their order."""
    return [
        AlarmRow(
            id=one.id,
            code=one.code,
            severity=one.severity,
            text=one.text,
            about=one.parent_id or one.about,
            count=one.count,
            first=instant(one.first_ns),
            last=instant(one.last_ns),
            paged=_instant(one.paged_ns),
            pages_n=one.pages_n,
            is_acked=one.acked_ns is not None,
            acked=_instant(one.acked_ns),
            acked_uid=one.acked_uid,
            acked_reason=one.acked_reason,
            is_open=one.is_open,
            over=_instant(one.over_ns),
            over_text=one.over_text,
        )
        for one in alarms
    ]


def route_rows(states: Iterable[RouteState]) -> list[dict[str, object]]:
    """Return how each way out does."""
    return [
        {
            "name": one.name,
            "sent": one.sent_n,
            "failed": one.failed_n,
            "error": one.error,
            "last_ok": _instant(one.last_ok_ns),
        }
        for one in states
    ]


def _instant(ns: int | None) -> str | None:
    return None if ns is None else instant(ns)
