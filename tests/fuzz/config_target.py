"""One input for the configuration's loader, and what must hold of whatever it is.

Bytes become a file and some variables; the loader answers with settings or with ConfigError, and never shows a secret.
`fuzz_config.py` feeds it from atheris, `test_fuzz_config.py` from the corpus and hypothesis.
"""

import os
from pathlib import Path
from typing import Final

from execd.config.loader import read
from execd.config.show import as_document, yaml_text
from execd.errors import ConfigError

CANARY: Final = "canary-5d1e"
SPLIT: Final = b"\n%%%\n"
"""Before it the file, behind it lines of NAME=value."""
VARIABLES_MAX: Final = 20


def check(body: bytes, folder: Path) -> None:
    """Load `body`; raises whatever the loader should not have raised, and AssertionError where a law is broken."""
    text, _, rest = body.partition(SPLIT)
    file = folder / "execd.yaml"
    file.write_bytes(text)
    env = dict(_variables(rest))
    try:
        loaded = read(file, env, shared_secrets=folder / "none")
    except ConfigError as error:
        told = str(error)
        assert told, "an error without a text"
        _assert_hidden(told, body)
        return
    loaded.settings.to_rules()
    for shown in (repr(loaded), yaml_text(loaded, has_origins=True), repr(as_document(loaded))):
        _assert_hidden(shown, body)


def _variables(rest: bytes) -> list[tuple[str, str]]:
    lines = rest.decode("utf-8", "surrogateescape").split("\n")[:VARIABLES_MAX]
    pairs = (line.partition("=") for line in lines)
    # What a process cannot have in its environment is no case.
    return [
        (os.fsdecode(os.fsencode(name)), value) for name, mark, value in pairs if mark and name and "\0" not in name
    ]


def _assert_hidden(shown: str, body: bytes) -> None:
    """Fail if a secret shows. It counts as one only where it stands as the value of a secret's key."""
    if _is_secret(body):
        assert CANARY not in shown, shown


def _is_secret(body: bytes) -> bool:
    """Return whether the canary stands only where a secret belongs: after the name of one, on the same line."""
    holding = [line for line in body.split(b"\n") if CANARY.encode() in line]
    return bool(holding) and all(
        line.lstrip().startswith(
            (b"webhook:", b"dead_man_url:", b"EXECD_ALERTS__WEBHOOK=", b"EXECD_ALERTS__DEAD_MAN_URL=")
        )
        for line in holding
    )
