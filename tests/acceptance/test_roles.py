"""Roles against a whole daemon: other users at its socket, as the kernel names them.

Only root can be somebody else: a child takes another user and the group of the socket, and speaks plain HTTP, because
that user need not be able to read this repository.
"""

import grp
import http.client
import json
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest

from tests.acceptance.daemon import Execd, buy, clean_environment
from tests.acceptance.test_verbs import commands

GROUP: Final = grp.getgrnam("daemon")
"""A group of every system, and no user of the test has it unless told."""
VIEWER, OPERATOR, ADMIN, STRANGER = 54_001, 54_002, 54_003, 54_004
ROLES: Final = (
    f"control:\n  socket_group: {GROUP.gr_name}\n  viewers: [54001]\n  operators: [54002]\n  admins: [54003]\n"
)
BYTES_MAX: Final = 1 << 20
HOLD_S_MAX: Final = 40.0

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can be other users: ROLES ARE UNCHECKED")


class Door(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("execd", timeout=10)
        self.path = path

    def connect(self) -> None:
        """Connect where the base class would look for a host."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(str(self.path))


@pytest.fixture(scope="module")
def desk(pycache: Path) -> Iterator[Execd]:
    """Return a daemon whose state directory the group may enter."""
    folder = Path(tempfile.mkdtemp(prefix="execd-roles-"))
    folder.chmod(0o755)
    root, config = folder / "state", folder / "execd.yaml"
    root.mkdir(mode=0o750)
    os.chown(root, -1, GROUP.gr_gid)
    config.write_text(ROLES)
    one = Execd(root, clean_environment(pycache) | {"EXECD_CONFIG": str(config)})
    one.start()
    try:
        one.until_ready()
        yield one
    finally:
        one.close()
        shutil.rmtree(folder)


def ask(
    desk: Execd, uid: int, verb: str, body: Mapping[str, object] | None = None, *, gid: int = GROUP.gr_gid
) -> tuple[int, dict[str, Any]]:
    """Return what a user is answered; a body makes it a POST, and no connection is status zero."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.setgroups([gid])
            os.setgid(gid)
            os.setuid(uid)
            door = Door(desk.root / "control.sock")
            door.request("POST" if body else "GET", f"/v1/{verb}", json.dumps(body) if body else None)
            answer = door.getresponse()
            told = json.dumps([answer.status, json.loads(answer.read())])
        except OSError as error:
            told = json.dumps([0, {"code": type(error).__name__}])
        finally:
            os.write(theirs, told.encode())
            os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as file:
        status, answer_body = json.loads(file.read(BYTES_MAX))
    os.waitpid(pid, 0)
    return status, answer_body if isinstance(answer_body, dict) else {"rows": answer_body}


def code(desk: Execd, uid: int, verb: str, **body: object) -> str:
    """Return the code of an answer."""
    _, told = ask(desk, uid, verb, body)
    return str(told.get("code", "read"))


def test_each_role_may_what_the_one_before_it_may_and_no_more(desk: Execd) -> None:
    """SPEC 17: a viewer reads, an operator steers and may halt, only an admin takes risk up again. Fault H7."""
    far = buy("a", limit_price="1", deadline="10m")
    table = {
        who: [
            code(desk, who, "status"),
            code(desk, who, "submit", **far),
            code(desk, who, "halt", reason="looking"),
            code(desk, who, "resume", reason="looked"),
            code(desk, who, "kill", level="halt_new"),
            code(desk, who, "unkill", reason="looked"),
            code(desk, who, "flatten", symbol="ZZZ"),
        ]
        for who in (STRANGER, VIEWER, OPERATOR, ADMIN)
    }

    assert {
        STRANGER: ["forbidden"] * 7,
        VIEWER: ["read", *(["forbidden"] * 6)],
        OPERATOR: ["read", "accepted", "accepted", "forbidden", "accepted", "forbidden", "accepted"],
        ADMIN: ["read", "duplicate", "accepted", "accepted", "accepted", "accepted", "accepted"],
    } == table


@pytest.mark.parametrize(
    "verb, body, role",
    [
        ("release/a", {"reason": "x"}, "admin"),
        ("adopt", {"symbol": "IBM", "qty": "1", "is_external": True, "reason": "x"}, "admin"),
        ("reload", {"reason": "x"}, "admin"),
        ("stop", {"reason": "x"}, "admin"),
        ("unkill", {"reason": "x"}, "admin"),
        ("resume_scope", {"symbol": "AAPL"}, "admin"),
    ],
)
def test_who_is_refused_is_told_which_role_it_needs(desk: Execd, verb: str, body: dict[str, str], role: str) -> None:
    """Fault I14: the answer names the missing role and the key that gives it."""
    status, told = ask(desk, OPERATOR, verb, body)

    assert (403, True, True) == (
        status,
        f"needs the role {role}, user {OPERATOR} is operator" in told["message"],
        f"control.{role}s" in told["message"],
    )


def test_a_refused_user_is_journaled_with_the_verb(desk: Execd) -> None:
    """Fault I14: who was refused what is in the journal, and what was done says who did it."""
    code(desk, STRANGER, "cancel/a", reason="mine")
    code(desk, OPERATOR, "cancel/a", reason="theirs")
    told = [(one["uid"], one["command"], one["code"]) for one in commands(desk)]

    refused = {(uid, command["verb"]) for uid, command, _ in told if command["type"] == "Operated"}
    canceled = [(uid, command["reason"], result) for uid, command, result in told if command["type"] == "CancelParent"]
    assert {(STRANGER, "refused:status"), (VIEWER, "refused:submit"), (STRANGER, "refused:cancel")} <= refused
    assert [(OPERATOR, "theirs", "accepted")] == canceled


def test_who_is_not_in_the_group_finds_no_door(desk: Execd) -> None:
    """The mode of the socket keeps everybody else away, whatever role a configuration gives them."""
    status, told = ask(desk, ADMIN, "status", gid=STRANGER)

    assert (0, "PermissionError", 0o660) == (
        status,
        told["code"],
        (desk.root / "control.sock").stat().st_mode & 0o777,
    )


def hold(desk: Execd, uid: int, gid: int, held_n: int) -> int:
    """Begin to hold connections as another user, half a question on each and anew when cut; return the process."""
    pid = os.fork()
    if pid:
        return pid
    os.setgroups([gid])
    os.setgid(gid)
    os.setuid(uid)
    held: list[socket.socket] = []
    until_s = time.monotonic() + HOLD_S_MAX
    while time.monotonic() < until_s:
        held = [one for one in held if is_open(one)]
        with suppress(OSError):
            while len(held) < held_n:
                one = socket.socket(socket.AF_UNIX)
                held.append(one)
                one.setblocking(False)  # noqa: FBT003  # The library's own signature.
                one.connect(str(desk.root / "control.sock"))
                one.send(b"GET /v1/status HTTP/1.1\r\nHo")
        time.sleep(0.01)
    os._exit(0)


def is_open(one: socket.socket) -> bool:
    """Whether the daemon has not hung up."""
    try:
        is_there = one.recv(10_000) != b""
    except BlockingIOError:
        return True
    except OSError:
        is_there = False
    if not is_there:
        one.close()
    return is_there


@pytest.mark.parametrize("uid", [VIEWER, STRANGER])
def test_who_holds_two_hundred_connections_locks_nobody_out(desk: Execd, uid: int) -> None:
    """Fault I15: beside a viewer, or a group member without a role, halt and resume are taken at once."""
    holder = hold(desk, uid, GROUP.gr_gid, 200)
    try:
        time.sleep(1)
        began_s = time.monotonic()
        told = [desk.run("halt", "--reason", "looking") for _ in range(5)]
        told += [desk.run("resume", "--halt", "--reason", "looked")]
        steered = [code(desk, OPERATOR, "halt", reason="looking"), code(desk, ADMIN, "resume", reason="looked")]
        took_s = time.monotonic() - began_s
    finally:
        os.kill(holder, signal.SIGKILL)
        os.waitpid(holder, 0)

    assert ([""] * 6, ["accepted"] * 2) == ([one.stderr for one in told], steered)
    assert took_s < HOLD_S_MAX / 2
