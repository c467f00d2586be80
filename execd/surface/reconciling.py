"""The routes that compare an account with its broker now: `/v1/reconcile`, and how fresh that is for status.

The engine asks for a reading, compares, and answers with its verdicts. `GET`
only tells (a dry run): it changes nothing, is not journaled, and whoever may
look may ask, one at a time. `POST` carries out what follows. Accounts are asked
one after another.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from aiohttp import web

from execd.core.commands import Operated
from execd.core.events import CommandReceived, Reply
from execd.core.reading import ReadingAsked
from execd.core.verdict import Verdict
from execd.engine.desk import Desk
from execd.ports import Clock
from execd.runtime.pump import Pump
from execd.runtime.replies import Replies
from execd.surface.answers import Problem, json, known_account
from execd.surface.bodies import AccountName, Reason, read
from execd.surface.gate import Route, asker
from execd.surface.peers import Role
from execd.surface.verbs import small, unless_full

READ_S_MAX: Final = 30.0
"""Four tries of a broker that refuses at once take seven seconds; one that hangs is given up here."""
NS_PER_S: Final = 1_000_000_000


class ReconcileBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which account; empty: all."""

    account: AccountName = ""
    reason: Reason = ""


class Reconciling:
    """The verb reconcile."""

    def __init__(self, *, pump: Pump, replies: Replies, clock: Clock, accounts: Sequence[str]) -> None:
        """`accounts` are the names that may be asked about."""
        self._pump = pump
        self._replies = replies
        self._clock = clock
        self._accounts = tuple(accounts)
        # Each reading costs the broker some requests: those who only look wait for each other.
        self._looking = asyncio.Lock()

    @property
    def routes(self) -> tuple[Route, ...]:
        """The routes with the role that each needs."""
        return (
            Route("GET", "/v1/reconcile", "reconcile_dry", Role.VIEWER, self.look),
            Route("POST", "/v1/reconcile", "reconcile", Role.OPERATOR, self.reconcile),
        )

    async def look(self, request: web.Request) -> web.Response:
        """Compare now and only tell what differs; `?account=` names one account."""
        account = request.query.get("account", "")
        known_account(account, self._accounts)
        async with self._looking:
            return await self._told(account, is_dry=True)

    async def reconcile(self, request: web.Request) -> web.Response:
        """Compare now, carry out what follows, and tell what differs."""
        body, peer = read(await small(request), ReconcileBody), asker(request)
        known_account(body.account, self._accounts)
        command = Operated(verb="reconcile", text=body.account or "all accounts", reason=body.reason)
        now_ns = self._clock.now_ns()
        self._pump.post(CommandReceived(now_ns=now_ns, command=command, uid=peer.journal_uid, pid=peer.pid))
        return await self._told(body.account, is_dry=False)

    async def _told(self, chosen: str, *, is_dry: bool) -> web.Response:
        rows: list[dict[str, str]] = []
        for account in (chosen,) if chosen else self._accounts:
            rows += [row_of(account, verdict) for verdict in await self._verdicts(account, is_dry=is_dry)]
        told = f"{len(rows)} differences" if len(rows) != 1 else "1 difference"
        return json({"id": "", "code": "reconciled", "message": told if rows else "nothing differs", "verdicts": rows})

    async def _verdicts(self, account: str, *, is_dry: bool) -> tuple[Verdict, ...]:
        ref, answer = self._replies.future("command")
        self._pump.post(ReadingAsked(now_ns=self._clock.now_ns(), account=account, ref=ref, is_dry=is_dry))
        try:
            async with asyncio.timeout(READ_S_MAX):
                reply: Reply = await unless_full(self._pump, answer)
        except TimeoutError:
            raise Problem("timeout", f"the broker of {account} did not say what it holds; see the log") from None
        if not reply.is_ok:
            raise Problem(reply.code, reply.text)
        return reply.verdicts


def row_of(account: str, verdict: Verdict) -> dict[str, str]:
    """Return a verdict as plain values."""
    return {
        "account": account,
        "rule": verdict.rule,
        "subject": verdict.subject,
        "symbol": verdict.symbol,
        "right": verdict.right,
        "text": verdict.text,
        "follows": follows(verdict),
    }


def follows(verdict: Verdict) -> str:
    """Return what is done about a verdict, in a word or two."""
    if verdict.facts:
        records = ", ".join(dict.fromkeys(type(fact).__name__ for fact in verdict.facts))
        return f"{records}, {verdict.symbol} halted" if verdict.halts else records
    if verdict.halts:
        return f"{verdict.symbol} halted"
    if verdict.lifts:
        return f"{verdict.symbol} free again"
    if verdict.recall:
        return "the journal is asked"
    return "asked about" if verdict.ask else "read again" if verdict.suspect else "told"


def reconciled_rows(desk: Desk, now_ns: int) -> list[dict[str, Any]]:
    """Return how fresh the comparison of each account is; `age_s` is None before the first whole reading."""
    external_n = desk.comparing.external_n
    return [
        {
            "account": account,
            "age_s": round((now_ns - watch.good_ns) / NS_PER_S, 1) if watch.good_ns else None,
            "drift_qty": str(watch.drift_qty),
            "suspects": len(watch.suspects),
            "external_orders": external_n.get(account, 0),
        }
        for account, watch in desk.comparing.watches.items()
    ]
