"""One command to the daemon, and its answer: what all verbs that change something share.

A verb's file says its options; the fields go as one JSON object, and the
daemon checks them. It is no command itself.
"""

import argparse
import json
from urllib.parse import quote

from execd.cli.client import ask
from execd.cli.options import paths_of
from execd.cli.show import as_json, safe


def command(args: argparse.Namespace, verb: str, intent_id: str = "", **fields: object) -> int:
    """Send `verb`, about an intent where one is named, with the fields that were given; print the answer."""
    target = f"/v1/{verb}/{quote(intent_id, safe='')}" if intent_id else f"/v1/{verb}"
    given = {name: value for name, value in fields.items() if value is not None}
    answer = ask(paths_of(args), "POST", target, json.dumps(given).encode())
    if args.json:
        print(as_json(answer))
    else:
        about = answer.get("id")
        print(safe(f"{about}: {answer['message']}" if about else answer["message"]))
    return 0
