"""The routes that change something: each is one event to the engine, or one call to who carries it out.

The engine journals every command with user, process and reason, and answers
after the commit. A new verb is a method, a line in `routes` with the role it
needs, and a file in `execd/cli`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec
from aiohttp import web

from execd.core.commands import (
    AdoptPosition,
    AmendParent,
    CancelParent,
    Command,
    HaltNew,
    Operated,
    PauseParent,
    ReleaseParent,
    ResolveOrder,
    ResumeNew,
    ResumeParent,
)
from execd.core.events import CommandReceived
from execd.ports import Clock
from execd.runtime.alerts import Alerts
from execd.runtime.pager import Pager
from execd.runtime.pump import Pump
from execd.runtime.replies import Replies
from execd.runtime.supervisor import first_of
from execd.surface.alarms import alarm_rows
from execd.surface.answers import Problem, answered, as_problem, json, known_account
from execd.surface.bodies import Acking, Adopting, Because, Halting, Resolving, Resuming, needed, number, read
from execd.surface.gate import Route, asker, body_of
from execd.surface.peers import Role

REPLY_S_MAX: Final = 10.0
NO_ROOM: Final = "journal_full"
NO_ROOM_TEXT: Final = (
    "the journal has no room, and nothing is done before it is written: make room on its disk. What was asked for is "
    "taken as soon as there is some, unless execd ends before that"
)
SMALL_BYTES_MAX: Final = 64 * 1024
"""A command's body; only what holds intents may be larger."""

_Told = TypeVar("_Told")
Amend = Callable[[str, Mapping[str, object]], AmendParent]
"""(intent id, fields as in an amend document) to the command; raises Problem."""
Reload = Callable[[int, int], Awaitable[Mapping[str, Any]]]
"""(uid, pid) to what was applied and refused; raises Problem."""


class Verbs:
    """The verbs and what they need."""

    def __init__(
        self,
        *,
        pump: Pump,
        replies: Replies,
        clock: Clock,
        accounts: Sequence[str],
        amend: Amend,
        alerts: Alerts,
        pager: Pager,
        reload: Reload,
    ) -> None:
        """`accounts` are the names that commands may use."""
        self._pump = pump
        self._replies = replies
        self._clock = clock
        self._accounts = tuple(accounts)
        self._amend = amend
        self._alerts = alerts
        self._pager = pager
        self._reload = reload

    @property
    def routes(self) -> tuple[Route, ...]:
        """The routes with the role that each needs."""
        return (
            Route("POST", "/v1/cancel/{id}", "cancel", Role.OPERATOR, self.cancel),
            Route("POST", "/v1/amend/{id}", "amend", Role.OPERATOR, self.amend),
            Route("POST", "/v1/pause/{id}", "pause", Role.OPERATOR, self.pause),
            Route("POST", "/v1/resume/{id}", "resume", Role.OPERATOR, self.resume),
            Route("POST", "/v1/halt", "halt", Role.OPERATOR, self.halt),
            Route("GET", "/v1/alerts", "alerts", Role.VIEWER, self.alerts),
            Route("POST", "/v1/ack", "ack", Role.OPERATOR, self.ack),
            Route("POST", "/v1/page", "page", Role.OPERATOR, self.page),
            Route("POST", "/v1/resume", "resume_halt", Role.ADMIN, self.resume_halt),
            Route("POST", "/v1/release/{id}", "release", Role.ADMIN, self.release),
            Route("POST", "/v1/resolve/{id}", "resolve", Role.ADMIN, self.resolve),
            Route("POST", "/v1/adopt", "adopt", Role.ADMIN, self.adopt),
            Route("POST", "/v1/reload", "reload", Role.ADMIN, self.reload),
        )

    async def cancel(self, request: web.Request) -> web.Response:
        """Stop working an intent."""
        intent_id, reason = await _about(request)
        done = "canceling; what is filled stays"
        return await self.ask(request, CancelParent(parent_id=intent_id, reason=reason), intent_id, done)

    async def pause(self, request: web.Request) -> web.Response:
        """Pull what an intent has out, and place nothing more."""
        intent_id, reason = await _about(request)
        done = "paused; its orders are being pulled, and its deadline goes on (execd resume)"
        return await self.ask(request, PauseParent(parent_id=intent_id, reason=reason), intent_id, done)

    async def resume(self, request: web.Request) -> web.Response:
        """Go on with a paused intent."""
        intent_id, reason = await _about(request)
        return await self.ask(request, ResumeParent(parent_id=intent_id, reason=reason), intent_id, "goes on")

    async def release(self, request: web.Request) -> web.Response:
        """Let a held intent go on."""
        intent_id, reason = await _about(request)
        command = ReleaseParent(parent_id=intent_id, reason=needed(reason, "release"))
        return await self.ask(request, command, intent_id, "released; it goes on")

    async def resolve(self, request: web.Request) -> web.Response:
        """Take a person's word on an order in doubt."""
        cl_ord_id, body = request.match_info["id"], read(await small(request), Resolving)
        command = ResolveOrder(
            cl_ord_id=cl_ord_id,
            is_lost=body.is_lost,
            order_id=body.order_id,
            reason=needed(body.reason, "resolve"),
        )
        told = "taken as lost" if body.is_lost else "taken as live at the broker"
        return await self.ask(request, command, cl_ord_id, told)

    async def amend(self, request: web.Request) -> web.Response:
        """Change what an intent asks for."""
        intent_id = request.match_info["id"]
        try:
            fields = msgspec.json.decode(await small(request), type=dict[str, Any])
        except msgspec.MsgspecError as error:
            raise as_problem(error) from None
        reason = read(msgspec.json.encode({"reason": fields.pop("reason", "")}), Because).reason
        command = msgspec.structs.replace(self._amend(intent_id, fields), reason=reason)
        told = ", ".join(f"{name} {value}" for name, value in fields.items() if value is not None)
        return await self.ask(request, command, intent_id, f"amended: {told}")

    async def halt(self, request: web.Request) -> web.Response:
        """Take no new risk."""
        body = read(await small(request), Halting)
        known_account(body.account, self._accounts)
        done = "halted: no new risk until execd resume --halt; exits and cancels go on"
        return await self.ask(request, HaltNew(account=body.account, reason=body.reason), "", done)

    async def resume_halt(self, request: web.Request) -> web.Response:
        """Lift halts."""
        body = read(await small(request), Resuming)
        known_account(body.account, self._accounts)
        command = ResumeNew(account=body.account, cause=body.cause, reason=needed(body.reason, "lifting a halt"))
        return await self.ask(request, command, "", "lifted; new risk is taken again")

    async def adopt(self, request: web.Request) -> web.Response:
        """Declare a holding that was not traded here."""
        body = read(await small(request), Adopting)
        account = body.account or (self._accounts[0] if len(self._accounts) == 1 else "")
        if not account:
            names = ", ".join(self._accounts)
            raise Problem("missing_field", f"there are several accounts ({names}); name one", field="account")
        known_account(account, self._accounts)
        qty = number(body.qty)
        if not qty:
            raise Problem("bad_value", "the quantity must not be zero", field="qty")
        command = AdoptPosition(
            account=account,
            symbol=body.symbol,
            qty=qty,
            px=None if body.px is None else number(body.px),
            strategy=body.strategy,
            horizon=body.horizon,
            is_external=body.is_external,
            reason=needed(body.reason, "adopt"),
        )
        owner = "external" if body.is_external else f"{body.strategy}/{body.horizon}"
        return await self.ask(request, command, "", f"adopted {body.qty} {body.symbol} on {account} as {owner}")

    async def alerts(self, _: web.Request) -> web.Response:
        """List alarms, the latest first."""
        return json(alarm_rows(self._alerts.rows()))

    async def ack(self, request: web.Request) -> web.Response:
        """Acknowledge alerts: they are not sent again."""
        body, peer = read(await small(request), Acking), asker(request)
        acked_n = self._alerts.ack(body.which, peer.journal_uid, body.reason)
        if not acked_n and body.which:
            raise Problem("not_found", f"no open alert has the code or id {body.which}; see execd alerts")
        self.note(request, "ack", f"{acked_n} of {body.which or 'all'}", body.reason)
        return json({"id": "", "code": "acked", "message": f"{acked_n} acknowledged", "acked": acked_n})

    async def page(self, request: web.Request) -> web.Response:
        """Send a test page through every route."""
        self.note(request, "page", "test")
        return json(await self._pager.page_test())

    async def reload(self, request: web.Request) -> web.Response:
        """Read the configuration again."""
        peer = asker(request)
        return json(await self._reload(peer.journal_uid, peer.pid))

    async def ask(self, request: web.Request, command: Command, intent_id: str, done: str) -> web.Response:
        """Give a command to the engine and return its answer."""
        ref, answer = self._replies.future("command")
        peer, now_ns = asker(request), self._clock.now_ns()
        event = CommandReceived(now_ns=now_ns, command=command, uid=peer.journal_uid, pid=peer.pid, ref=ref)
        self._pump.post(event)
        async with asyncio.timeout(REPLY_S_MAX):
            return answered(await unless_full(self._pump, answer), intent_id, done=done)

    def note(self, request: web.Request, verb: str, text: str, reason: str = "") -> None:
        """Journal a verb that others carry out."""
        peer, command = asker(request), Operated(verb=verb, text=text, reason=reason)
        now_ns = self._clock.now_ns()
        self._pump.post(CommandReceived(now_ns=now_ns, command=command, uid=peer.journal_uid, pid=peer.pid))


async def small(request: web.Request) -> bytes:
    """Return the body of a command. Raises Problem where it is longer than any command."""
    if (request.content_length or 0) > SMALL_BYTES_MAX:
        raise Problem("too_large", f"a command has at most {SMALL_BYTES_MAX} bytes")
    body = await body_of(request)
    if len(body) > SMALL_BYTES_MAX:
        raise Problem("too_large", f"a command has at most {SMALL_BYTES_MAX} bytes")
    return body


async def unless_full(pump: Pump, answer: asyncio.Future[_Told]) -> _Told:
    """Return the engine's answer. Raises Problem where the journal has no room for what was asked."""
    await first_of(answer, pump.without_room())
    if answer.cancelled() or not answer.done():
        raise Problem(NO_ROOM, NO_ROOM_TEXT)
    return answer.result()


async def _about(request: web.Request) -> tuple[str, str]:
    """Return which intent a command is about, and why."""
    return request.match_info["id"], read(await small(request), Because).reason
