"""When an account is compared with its broker, and what follows from what is found.

The engine asks for a reading; what comes back is compared by `reconcile`,
and here its verdicts become records, questions, halts and alerts. Nothing is
ever sent to a broker to make a difference go away.
"""

from typing import assert_never

from execd.core.events import SnapshotFailed, SnapshotReceived
from execd.engine.desk import Desk


def on_reading(desk: Desk, event: SnapshotReceived | SnapshotFailed) -> None:
    """Take a reading, or the word that there was none."""
    match event:
        case SnapshotReceived(snapshot=snapshot):
            desk.seen[snapshot.account] = snapshot
        case SnapshotFailed(account=account, text=text):
            # It proves nothing, and least of all that nothing is there.
            desk.alert("snapshot_failed", f"what {account} holds could not be read: {text}", about=account)
        case _:
            assert_never(event)
