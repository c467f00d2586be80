"""What is written beside a refused file: `<name>.error.json`.

Stable names, one object; `rows` only where the file held many orders. It writes nothing itself. A new thing that a
producer should know of a refusal is a key here, and in docs/intents.md.
"""

import msgspec

from execd.errors import IntentError


def reason_of(error: IntentError) -> bytes:
    """Return the content of an `.error.json`."""
    told: dict[str, object] = {
        "code": error.code,
        "message": error.message,
        "field": error.field,
        "line": error.line,
    }
    if error.rows:
        told["rows"] = [row._asdict() for row in error.rows]
    return msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n"
