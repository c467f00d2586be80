"""docs/configuration.md: every key of the configuration, in words and tables.

The tables are the rows of `keys`; the prose around them stands here. It holds no fact about a key: that belongs below
the key's field.
"""

from collections.abc import Iterator
from typing import Final

from execd.config.keys import Key, Part, rows
from execd.config.plain import scalar
from execd.config.settings import Settings
from execd.config.sources import sources_text

_HEAD: Final = """\
# Configuration

Written by `python -m execd.config.document manual`; a test compares it with the program.

execd runs without any configuration: the defaults trade on the simulated venue. `config/execd.yaml` holds every key
with its default, so what you do not change may be deleted.

## Which file, and what wins

The file is `--config FILE`, else `EXECD_CONFIG`; either must exist. Else the first of `$CONFIGURATION_DIRECTORY`
(systemd's), `$XDG_CONFIG_HOME/execd` (`~/.config/execd`) and `./config` that holds an `execd.yaml`. Else the defaults.
`execd status` says which file a running daemon was started with.

`instruments.yaml` is read from the directory of that file. **A configuration elsewhere does not find the one in
`config/`**: copy it, or name it in `instruments_file` (a path from the configuration's directory). Without one every
symbol is an ordinary US share; `execd status`, `execd doctor` and the line `configured` of the log say so.

State lies in `--state-dir`, else `EXECD_STATE_DIR`, else `$STATE_DIRECTORY` (systemd's), else `$XDG_STATE_HOME/execd`,
else `~/.local/state/execd`.

A preset is a file: `presets/NAME.yaml` in the directory of that file, else one that is shipped (`balanced`, `offset`,
`progressive`, `swing`, `scheduled`, `cross_asset`; [How a plan is chosen](policy.md)). Every key of such a file is
needed. One number is changed without a copy: `presets: {balanced: {collar: {bps: 10}}}` in the configuration, or
`EXECD_PRESETS__BALANCED__COLLAR__BPS=10`.

Other paths (`sim.venue_dir`, `sim.tapes`, `refdata.bars_dir`, `secrets_dir`) that do not begin with `/` count from the
directory in which execd is started; under systemd that is `/`, so write them whole.

What wins over what:

1. An environment variable with prefix, `EXECD_<SECTION>__<KEY>`, two underscores at each step:
   `EXECD_SIM__SPEED=10`, `EXECD_ACCOUNTS__SIM__LIMITS__ORDER_QTY_MAX=50`. Capitals and small letters are the same.
2. The same without prefix, for the section `execution` only: `EXECUTION__ENABLE_SMART_EXECUTION=false`.
3. A secret file, for secrets only.
4. The file.
5. The default.

Lists and mappings are written in a variable as in one line of YAML, `EXECD_SIM__SYMBOLS="[AAPL, MSFT]"`; a single text
is a list of one. `execd config show --origins` tells for each value which of these gave it.

## What stops the start

A setting that is silently not read is the worst kind, so a start ends with exit code 78, the place and the nearest
name:

- an unknown or misspelt key, and a key that stands twice;
- a variable that begins with `EXECD_` and matches nothing, or that nearly is one of ours: `EXECUTON__OFFSET_BPS`,
  `EXECUTION_OFFSET_BPS` (one underscore). What could be anybody's, such as `EXECUTION_ID`, is left alone;
- an account without one of its limits: a limit that is missing would be no limit;
- a configuration or instruments file that belongs to neither you nor root, or that others may write. A group of which
  you are the only member may write it;
- anchors, aliases, tags, merge keys, a second document, nesting deeper than 16, more than 4 MiB.

Two names for one key, and secrets where others may see them, are warnings in the log and in `execd check-config`.

## How text is read

Every value is text until its key reads it, so nothing of YAML's guessing happens: `NO`, `ON` and `TRUE` are symbols
where symbols belong, `09:30` is a time, and only `true` and `false` are booleans. Numbers are plain digits, at most
nine of them after a point, below 10⁹: `010`, `1e3`, `1_000` and full-width digits are refused. The last word of a name
is its unit. `TZ` and the locale change nothing.

## Secrets

Keys marked *secret* are shown as `**********` wherever they are printed, and their values are in no error. They are
best kept in files: one file a secret, named as its key (`alerts__webhook`), in `secrets_dir`, else in
`$CREDENTIALS_DIRECTORY` (`LoadCredential=alerts__webhook:…` in systemd), else in `/run/secrets` where it exists. One
line end at the end is taken off. A file name that is no secret of ours stops the start; in `/run/secrets`, where the
secrets of others may lie, only one that nearly is ours. A file that others can read is a warning (`chmod 600`).
A secret in a variable works, with a warning: the environment of a process shows in `/proc`.

## Before and while it runs

- `execd check-config [--config FILE]` checks all of this, and that what it names is there and can be used: tapes, bars,
  the state directory, the port, the length of the socket's path, the alert program. It creates and changes nothing.
  It ends as `execd run` would: 0, or 78.
- `execd config show [--origins] [--json]` prints what is in force. The YAML loads again.
- `execd config schema` prints a JSON Schema. Editors that know yaml-language-server check a file against it:
  `execd config schema > execd.schema.json`, and as the first line of the file
  `# yaml-language-server: $schema=execd.schema.json`.
- `execd reload`, or SIGHUP, takes up the keys marked *reload*, at once and together; of the others it tells that they
  need a restart. A file that cannot be read changes nothing. A limit is tightened at will and raised at most twofold at
  once; the limits of a live account are only tightened.
- The journal holds the digest of the configuration of each start: the sha256 of all values, secrets masked.

## Keys
"""
_TABLE_HEAD: Final = ("| key and variable | default | takes | meaning |", "|---|---|---|---|")


def manual_text() -> str:
    """Return docs/configuration.md."""
    return f"{_HEAD}{chr(10).join(_lines())}\n\n{sources_text()}"


def _lines() -> Iterator[str]:
    yield from ("", "### The top", "", "Keys that belong to no section.", "", *_TABLE_HEAD)
    yield from (_row(row) for row in rows() if isinstance(row, Key) and len(row.path) == 1)
    is_first = True
    for row in rows():
        match row:
            case Part():
                yield from ("", f"### {'.'.join(row.path)}", "", row.meaning)
                is_first = True
            case Key() if len(row.path) > 1:
                yield from ("", *_TABLE_HEAD) if is_first else ()
                yield _row(row)
                is_first = False
            case Key():
                continue


def _row(key: Key) -> str:
    marks = [mark for mark, is_so in (("secret", key.is_secret), ("reload", key.is_reloadable)) if is_so]
    told = " ".join([key.meaning, *(f"*{mark}*" for mark in marks)])
    cells = (f"`{key.path[-1]}`<br>`{key.variable}`", _default(key), _takes(key), told)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(key: Key) -> str:
    if key.is_needed:
        return f"needed; of `sim`: {_of_sim(key)}" if key.path[0] == "accounts" else "needed"
    return "none" if key.is_secret else f"`{scalar(key.default)}`"


def _of_sim(key: Key) -> str:
    account = Settings().accounts["sim"]
    return f"`{scalar(getattr(account, key.path[-1], None) or getattr(account.limits, key.path[-1]))}`"


def _takes(key: Key) -> str:
    if key.words:
        return ", ".join(f"`{word}`" for word in key.words)
    kind = {
        "array": "a list",
        "object": "a mapping",
        "boolean": "`true`, `false`",
        "string": "text",
        "integer": "a whole number",
    }
    parts = [kind.get(key.json_type, "a number"), key.bounds, f"or `{key.instead}`" if key.instead else ""]
    return ", ".join(part for part in parts if part) + (f" ({key.unit})" if key.unit else "")
