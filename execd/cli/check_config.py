"""`execd check-config`: whether `execd run` would take this configuration.

It loads and converts everything, looks at what the configuration names, and starts, creates and changes nothing.
"""

import argparse
import os
from typing import TYPE_CHECKING, Final

from execd.cli.exits import CliError, Exit
from execd.cli.options import Subparsers, add_command, add_config, paths_of
from execd.cli.show import as_json, paint, safe
from execd.runtime.paths import config_file

if TYPE_CHECKING:
    from execd.cli.checks import Check
    from execd.config.loader import Loaded

EPILOG: Final = "exit 0: `execd run` would start; 78: it would not, and the lines with `fail` say why"
_COLOURS: Final = {"ok": "ok", "warn": "held", "fail": "bad"}


def add(commands: Subparsers) -> None:
    """Add the command."""
    add_config(add_command(commands, "check-config", run, "check the configuration without starting", epilog=EPILOG))


def run(args: argparse.Namespace) -> int:
    """Load the configuration and look at what it names; exit 78 where a start would fail."""
    from execd.cli.checks import Check
    from execd.cli.provision import provisions
    from execd.config.loader import read
    from execd.errors import ConfigError

    file = config_file(args.config, os.environ)
    try:
        loaded = read(file, os.environ)
        loaded.settings.to_rules()
    except ConfigError as error:
        raise CliError(Exit.CONFIG, str(error)) from None
    settings = loaded.settings
    accounts = ", ".join(f"{name} ({part.adapter})" for name, part in settings.accounts.items())
    name = str(file) if file else "built-in defaults"
    checks = [Check("configuration", "ok", f"{name}: mode {settings.mode}, {accounts}")]
    checks += [Check("configuration", "warn", warning) for warning in loaded.warnings]
    checks += provisions(settings, paths_of(args))
    is_ok = not any(check.level == "fail" for check in checks)
    print(_document(loaded, checks, is_ok=is_ok) if args.json else _text(loaded, checks))
    return Exit.OK if is_ok else Exit.CONFIG


def _document(loaded: "Loaded", checks: "list[Check]", *, is_ok: bool) -> str:
    from execd.config.show import overrides

    settings = loaded.settings
    return as_json(
        {
            "file": str(loaded.file) if loaded.file else "built-in defaults",
            "is_ok": is_ok,
            "mode": str(settings.mode),
            "accounts": {account: str(part.adapter) for account, part in settings.accounts.items()},
            "digest": settings.digest(),
            "checks": [check._asdict() for check in checks],
            "overrides": [
                {"key": ".".join(path), "value": value, "origin": origin} for path, value, origin in overrides(loaded)
            ],
        }
    )


def _text(loaded: "Loaded", checks: "list[Check]") -> str:
    from execd.config.show import overrides

    lines: list[str] = []
    width = max(len(check.name) for check in checks)
    for check in checks:
        lines.append(f"{paint(f'{check.level:<4}', _COLOURS[check.level])}  {check.name:<{width}}  {safe(check.text)}")
        if check.next:
            lines.append(f"{'':<{width + 8}}→ {safe(check.next)}")
    changed = [(".".join(path), value, origin) for path, value, origin in overrides(loaded) if path[0] != "instruments"]
    if changed:
        lines += ["", "set, beside the defaults:"]
        wide = max(len(f"{name}: {value}") for name, value, _ in changed)
        lines += [f"  {safe(f'{name}: {value}'):<{wide}}  {safe(origin)}" for name, value, origin in changed]
    return "\n".join(lines)
