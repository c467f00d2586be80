"""The inbox of a simulated daemon: files are read by the real parser and stay until they are answered.

It keeps what a directory would keep over a death of the process. What became
of a file is its answer; a file that cannot be read is put aside at once.
"""

from typing import TYPE_CHECKING, Final

from execd.core.events import Reply
from execd.errors import IntentError
from execd.intake.parse import ParseContext, Parsed, parse_file
from execd.simulation.wishes import Dropped

if TYPE_CHECKING:
    from execd.simulation.world import World

STOPPING: Final = "stopping"


class Inbox:
    """Files that wait, and how the others ended."""

    def __init__(self, accounts: tuple[str, ...]) -> None:
        """`accounts` are those that an intent may name."""
        self.waiting: list[Dropped] = []
        self.refused: dict[str, str] = {}
        self._accounts = accounts
        self._asked: dict[str, Dropped] = {}

    def drop(self, world: "World", dropped: Dropped) -> None:
        """Let a file come."""
        if dropped in self.waiting:
            return  # Written over itself in the same instant: a folder has it once.
        self.waiting.append(dropped)
        self._hand_in(world, dropped)

    def begin(self, world: "World") -> None:
        """Read everything that lies there, as a process does that starts."""
        self._asked.clear()
        for dropped in list(self.waiting):
            self._hand_in(world, dropped)

    def answered(self, reply: Reply) -> None:
        """Move a file that was answered."""
        dropped = self._asked.pop(reply.ref, None)
        if dropped is not None and reply.code != STOPPING:
            self.waiting.remove(dropped)

    def _hand_in(self, world: "World", dropped: Dropped) -> None:
        life = world.life
        if life is None:
            return
        try:
            parsed = self._parsed(dropped, life.now_ns)
        except IntentError as error:
            if dropped.name.startswith("bad"):
                world.faults.count("bad_file")
            self.refused[dropped.name] = error.code
            self.waiting.remove(dropped)
            return
        if dropped.name.startswith("again-"):
            world.faults.count("same_file")
        known = {one: what for one in parsed.ids if (what := life.journal.known(one)) is not None}
        ref = f"file:{dropped.name}:{dropped.at_ns}"
        self._asked[ref] = dropped
        world.post(parsed.event(0, now_ns=life.now_ns, known=known, ref=ref))

    def _parsed(self, dropped: Dropped, now_ns: int) -> Parsed:
        context = ParseContext(
            now_ns=now_ns, mtime_ns=now_ns, accounts=self._accounts, default_account=self._accounts[0], seed=1
        )
        return parse_file(dropped.name, dropped.body, context=context)
