"""A secret of the configuration is in no output, whatever goes wrong with it.

The canary stands in addresses that fail, so that errors are made of it; then everything that execd writes, shows or
passes on is searched.
"""

import signal
import urllib.request
from pathlib import Path
from typing import Final

from tests.acceptance.daemon import Execd, buy

CANARY: Final = "canary4fd1e9c7b2"
# Nobody listens on the discard port; the path and the token are what must not be told.
WEBHOOK: Final = f"http://127.0.0.1:9/{CANARY}?token={CANARY}"


def secrets(folder: Path) -> Path:
    """Return a directory of secret files, as a service manager would make it."""
    folder.mkdir(mode=0o700)
    for name in ("alerts__webhook", "alerts__dead_man_url"):
        file = folder / name
        file.write_text(f"{WEBHOOK}\n")
        file.chmod(0o600)
    return folder


def test_a_secret_is_in_no_output(execd: Execd, tmp_path: Path) -> None:
    """Logs, journal, outbox, state files, status, alerts, metrics, doctor, config show, argv, children. Fault I12."""
    config = tmp_path / "execd.yaml"
    page = tmp_path / "page"
    page.write_text(f"#!/bin/sh\nenv > {tmp_path}/page.env\ncat > {tmp_path}/page.stdin\nexit 3\n")
    page.chmod(0o700)
    config.write_text(
        f"sim: {{process: false}}\nalerts:\n  exec: [{page}]\n  timeout_s: 2\nlogging: {{level: debug}}\n"
    )
    config.chmod(0o600)
    execd.environment |= {"EXECD_CONFIG": str(config), "EXECD_SECRETS_DIR": str(secrets(tmp_path / "secrets"))}
    execd.start()
    execd.until_ready()
    assert execd.process is not None
    for n, qty in enumerate((1, 2)):
        execd.drop(f"{n}.json", buy("one", qty=qty))
    execd.until(lambda: failing(execd) == {"exec", "webhook"}, what="two failing routes")
    config.write_text(config.read_text() + "control: {socket_group: no-such-group}\n")
    shown = {
        command: execd.run(*command.split())
        for command in (
            "status --json",
            "alerts --json",
            "doctor --page",
            "doctor --json",
            "config show --json",
            "config show",
            "check-config",
            "reload --json",
            "explain one",
            "config schema",
        )
    }
    outputs = {name: done.stdout + done.stderr for name, done in shown.items()}
    with urllib.request.urlopen(execd.json("status")["metrics_url"]) as answer:  # noqa: S310  # Our own loopback address.
        outputs["metrics"] = answer.read().decode()
    for name in ("cmdline", "environ"):
        outputs[name] = Path(f"/proc/{execd.process.pid}/{name}").read_text()
    execd.end(signal.SIGTERM)
    outputs["log"] = execd.log.read_text()
    files = [file for file in (*execd.root.rglob("*"), *tmp_path.glob("page.*")) if file.is_file()]
    outputs |= {str(file): file.read_bytes().decode("latin-1") for file in files}

    assert ([], 1, True, True) == (
        [name for name, text in outputs.items() if CANARY in text],
        shown["doctor --page"].returncode,
        "page by webhook" in outputs["doctor --page"],
        (tmp_path / "page.stdin").exists(),
    )


def failing(execd: Execd) -> set[str]:
    """Return the names of the alert routes that failed."""
    return {one["name"] for one in execd.json("status")["alert_routes"] if one["error"]}
