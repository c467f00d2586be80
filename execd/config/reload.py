"""What of a new configuration a running daemon may take up.

A pure comparison of two settings; nothing is applied here. A key that may change while orders work is a row in
RELOADABLE, everything else needs a restart.
"""

from typing import Final

KeyPath = tuple[str, ...]
# A section, or one key of it. `accounts.<name>.limits` has a rule of its own on top.
RELOADABLE: Final = (
    ("accounts", "*", "limits"),
    ("execution",),
    ("throttle",),
    ("risk",),
    ("sleeves",),
    ("clock",),
    ("outbox",),
    ("alerts",),
    ("logging", "level"),
)


def is_reloadable(path: KeyPath) -> bool:
    """Return whether the key at `path` may change while the daemon runs."""
    return any(
        len(path) >= len(row) and all(want in {"*", part} for want, part in zip(row, path, strict=False))
        for row in RELOADABLE
    )
