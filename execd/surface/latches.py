"""The verbs that bind more than one intent: kill, unkill, pauses of a scope, flatten.

Each is one event to the engine, like the verbs of a single intent (`verbs`).
Stopping is for operators; taking risk up again is for admins. A new such verb
is a method, a line in `routes`, and a file in `execd/cli`.
"""

from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from execd.core.commands import FlattenScope, KillTrading, PauseScope, ResumeScope, UnkillTrading
from execd.core.enums import Horizon
from execd.core.scopes import KillLevel, Scope
from execd.runtime.kill_file import PRESENT, KillFile
from execd.surface.answers import Problem, known_account
from execd.surface.bodies import AccountName, Reason, needed, read
from execd.surface.gate import Route
from execd.surface.peers import Role
from execd.surface.verbs import Verbs, small

StrategyOrAny = Annotated[str, Meta(pattern=r"\A([A-Za-z0-9][A-Za-z0-9._:-]{0,63})?\Z")]
SymbolOrAny = Annotated[str, Meta(pattern=r"\A([A-Z][A-Z0-9./]{0,11})?\Z")]


class Killing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Kill; without a level at the default one."""

    level: KillLevel | None = None
    account: AccountName = ""
    reason: Reason = ""


class Unkilling(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Lift a kill level."""

    account: AccountName = ""
    is_forced: bool = False
    reason: Reason = ""


class Scoping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Name a scope; what is left out is any."""

    account: AccountName = ""
    strategy: StrategyOrAny = ""
    horizon: Horizon | None = None
    symbol: SymbolOrAny = ""
    reason: Reason = ""

    @property
    def scope(self) -> Scope:
        """The scope."""
        return Scope(account=self.account, strategy=self.strategy, horizon=self.horizon, symbol=self.symbol)


class Latches:
    """The verbs and what they need."""

    def __init__(
        self, *, verbs: Verbs, accounts: Sequence[str], kill_file: KillFile, default: Callable[[], KillLevel]
    ) -> None:
        """`verbs` gives commands to the engine; `default` is the level that is meant where none is named."""
        self._verbs = verbs
        self._accounts = tuple(accounts)
        self._kill_file = kill_file
        self._default = default

    @property
    def routes(self) -> tuple[Route, ...]:
        """The routes with the role that each needs."""
        return (
            Route("POST", "/v1/kill", "kill", Role.OPERATOR, self.kill),
            Route("POST", "/v1/unkill", "unkill", Role.ADMIN, self.unkill),
            Route("POST", "/v1/pause_scope", "pause_scope", Role.OPERATOR, self.pause),
            Route("POST", "/v1/resume_scope", "resume_scope", Role.ADMIN, self.resume),
            Route("POST", "/v1/flatten", "flatten", Role.OPERATOR, self.flatten),
        )

    async def kill(self, request: web.Request) -> web.Response:
        """Latch a kill level."""
        body = read(await small(request), Killing)
        level = self._default() if body.level is None else body.level
        command = KillTrading(level=level, account=body.account, reason=body.reason)
        return await self._verbs.ask(request, command, "", f"killed, {level}")

    async def unkill(self, request: web.Request) -> web.Response:
        """Lift a kill level."""
        body = read(await small(request), Unkilling)
        reason = needed(body.reason, "unkill")
        if self._kill_file.is_there:
            text = "the file KILL is in the state directory and would kill again within a second; remove it first"
            raise Problem(PRESENT, text)
        command = UnkillTrading(account=body.account, is_forced=body.is_forced, reason=reason)
        answer = await self._verbs.ask(request, command, "", "lifted")
        self._kill_file.forget()
        return answer

    async def pause(self, request: web.Request) -> web.Response:
        """Pause a scope."""
        body = self._scoped(read(await small(request), Scoping))
        return await self._verbs.ask(request, PauseScope(scope=body.scope, reason=body.reason), "", "paused")

    async def resume(self, request: web.Request) -> web.Response:
        """Resume a scope."""
        body = self._scoped(read(await small(request), Scoping))
        return await self._verbs.ask(request, ResumeScope(scope=body.scope, reason=body.reason), "", "resumed")

    async def flatten(self, request: web.Request) -> web.Response:
        """Flatten a scope."""
        body = self._scoped(read(await small(request), Scoping))
        return await self._verbs.ask(request, FlattenScope(scope=body.scope, reason=body.reason), "", "flattening")

    def _scoped(self, body: Scoping) -> Scoping:
        """Return a body that names something. Raises Problem: everything at once is what a kill is for."""
        if body.scope == Scope() or (body.horizon is not None and not body.strategy):
            raise Problem("missing_field", "name a symbol, a sleeve or an account", field="account")
        known_account(body.account, self._accounts)
        return body
