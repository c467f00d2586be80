"""What `execd status` tells of kill levels, paused scopes and flattens at work.

Read-only. A new latch that binds more than one intent is a key here.
"""

from typing import Any

from execd.core.scopes import Kill
from execd.engine.desk import Desk
from execd.surface.views import instant


def latch_rows(desk: Desk) -> dict[str, list[dict[str, Any]]]:
    """Return the latches in force, and the controllers at work."""
    return {
        "kills": [_kill(kill) for kill in desk.book.kills.values()],
        "pauses": [
            {"scope": pause.scope.text, "reason": pause.reason, "uid": pause.uid, "since": instant(pause.now_ns)}
            for pause in desk.book.pauses.values()
        ],
        "flattens": [
            {
                "id": flatten.flatten_id,
                "scope": flatten.scope.text,
                "phase": str(flatten.phase),
                "round": flatten.round_n,
                "reason": flatten.reason,
                "told": flatten.told,
                "since": instant(flatten.began_ns),
            }
            for flatten in desk.controllers.values()
        ],
    }


def _kill(kill: Kill) -> dict[str, Any]:
    return {
        "account": kill.account,
        "level": str(kill.level),
        "by": kill.by,
        "uid": kill.uid,
        "reason": kill.reason,
        "since": instant(kill.now_ns),
    }
