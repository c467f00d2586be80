"""The venue in a process of its own: found or started, outliving the daemon, looked into and made to fail."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from tests.acceptance.daemon import REPOSITORY, buy
from tests.acceptance.venued import Venued


def test_positions_and_resting_orders_outlive_the_daemon(venued: Venued) -> None:
    """Neither a stop nor SIGKILL touches them: the next daemon finds its venue and its order."""
    venued.start()
    venued.until_ready()
    venued.drop("a.json", buy("a", urgency="high"))
    venued.drop("b.json", buy("b", symbol="MSFT", limit_price="1.00", deadline="10m"))
    venued.ended("a")
    venued.until(lambda: venued.json("venue", "orders"), what="resting order")
    pid = venued.venue_pid()
    assert venued.end() == 0
    after_stop = venued.json("venue", "orders")
    venued.log.write_text("")
    venued.start()
    venued.until_ready()
    venued.end(signal.SIGKILL)
    (position,) = venued.json("venue", "positions")

    assert (pid, after_stop) == (venued.venue_pid(), venued.json("venue", "orders"))
    assert ("AAPL", "100", 1) == (position["symbol"], position["qty"], len(after_stop))


def test_a_fill_while_the_daemon_is_dead_reaches_the_next_one(venued: Venued) -> None:
    """An order that was on its way when the daemon died trades, and the next daemon hears of it. Fault D8."""
    venued.start(EXECD_SIM__LATENCY_MS="500")
    venued.until_ready()
    venued.drop("a.json", buy("a", urgency="high"))
    venued.until(lambda: venued.json("venue", "status")["requests_in_flight"], what="request on its way")
    venued.end(signal.SIGKILL)
    venued.until(lambda: venued.json("venue", "executions"), what="fill")
    venued.log.write_text("")
    venued.start()
    venued.until_ready()
    report = venued.ended("a")
    (execution,) = venued.json("venue", "executions")

    assert ("filled", "100") == (report["status"], report["cum_qty"])
    assert [execution["exec_id"]] == [fill["exec_id"] for fill in venued.json("fills")]


def test_a_venue_that_is_killed_under_the_daemon_is_started_again(venued: Venued) -> None:
    """The daemon stays, connects again, and goes on trading on the same ledger."""
    venued.start()
    venued.until_ready()
    venued.drop("a.json", buy("a", urgency="high"))
    venued.ended("a")
    before = venued.venue_pid()
    venued.end_venue(signal.SIGKILL)
    venued.until(lambda: venued.venue_pid() not in {0, before}, what="new venue")
    venued.drop("b.json", buy("b", urgency="high"))
    report = venued.ended("b")

    assert ("filled", 2) == (report["status"], len(venued.json("venue", "executions")))


def test_a_ledger_that_cannot_be_read_is_refused_untouched(venued: Venued) -> None:
    """The daemon ends with the configuration's exit code and the reason."""
    venued.venue.mkdir(parents=True)
    ledger = venued.venue / "ledger.db"
    ledger.write_text("a letter")
    venued.start()
    code = venued.wait()

    assert (78, "a letter") == (code, ledger.read_text())
    assert "not a ledger" in venued.log.read_text()


def test_a_directory_has_one_venue(venued: Venued) -> None:
    """The second one ends at once and names the first."""
    venued.start()
    venued.until_ready()
    second = venued.run("venue", "sim")

    assert (1, True) == (second.returncode, f"pid {venued.venue_pid()}" in second.stderr)


def test_a_venue_that_nobody_needs_ends_by_itself(venued: Venued) -> None:
    """It has its own patience; its ledger stays, and its socket does not."""
    done = venued.run("venue", "sim", "--idle-exit-s", "0.2")

    assert (0, True, False) == (done.returncode, (venued.venue / "ledger.db").exists(), venued.has_door())


def test_a_fault_is_switched_on_shown_hit_and_cleared(venued: Venued) -> None:
    """An order is rejected for real; the status counts it."""
    venued.start()
    venued.until_ready()
    wrong = venued.run("venue", "fault", "sulk")
    assert venued.run("venue", "fault", "reject", "--every", "1", "--for", "60", "--code", "halted").returncode == 0
    venued.drop("a.json", buy("a", urgency="high", deadline="20s"))
    venued.ended("a")
    (fault,) = venued.json("venue", "status")["faults"]
    cleared = venued.run("venue", "fault", "--clear")

    assert (2, "reject", True) == (wrong.returncode, fault["name"], fault["hit_n"] > 0)
    assert (0, []) == (cleared.returncode, venued.json("venue", "status")["faults"])


def test_a_lost_report_is_told_again(venued: Venued) -> None:
    """The daemon sees that a number is missing, connects again, and ends with the fill. Fault D1."""
    venued.start()
    venued.until_ready()
    assert venued.run("venue", "fault", "drop", "report", "--count", "2").returncode == 0
    venued.drop("a.json", buy("a", urgency="high", deadline="5m"))

    assert "filled" == venued.ended("a")["status"]


def test_a_stop_that_cannot_cancel_ends_cleanly_and_says_what_stays(venued: Venued) -> None:
    """Fault G2: the venue stands still; `stop --cancel` names what is live and ends with 1, the daemon in order."""
    venued.start(EXECD_PROCESS__STOP_GRACE_S="1")
    venued.until_ready()
    for n in range(3):
        venued.drop(f"r{n}.json", buy(f"r{n}", limit_price="1.00", deadline="1h"))
    venued.until(lambda: venued.json("status")["orders_working"] == 3, what="resting orders")
    pid = venued.venue_pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        stopped = venued.run("stop", "--cancel")
        code = venued.wait()
    finally:
        os.kill(pid, signal.SIGCONT)
    alarms = {one["code"] for one in json.loads((venued.root / "alerts.json").read_text())}
    is_running = json.loads((venued.root / "starts.json").read_text())["is_running"]

    assert (1, 0, False) == (stopped.returncode, code, is_running), venued.log.read_text()[-2_000:]
    assert "3 orders are still at the broker" in stopped.stderr
    assert "stop_orders_left" in alarms


def test_a_start_beside_a_venue_that_stands_still_says_whose_turn_it_is(venued: Venued) -> None:
    """It is no defect of ours: exit 1, a line with the venue's pid and the next step; the next start finds it again."""
    venued.start()
    venued.until_ready()
    venued.end()
    pid = venued.venue_pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        done = venued.run("run")
    finally:
        os.kill(pid, signal.SIGCONT)
    venued.log.write_text("")
    venued.start()
    venued.until_ready()

    assert (1, True) == (done.returncode, f"kill -CONT {pid}" in done.stderr), done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_a_venue_in_use_is_stopped_only_by_force_and_one_that_is_not_at_once(venued: Venued) -> None:
    """`venue stop` names the daemon; without one it obeys, and then says that none runs."""
    venued.start()
    venued.until_ready()
    refused = venued.run("venue", "stop")
    venued.end()
    pid = venued.venue_pid()
    stopped = venued.run("venue", "stop")
    venued.until(lambda: venued.venue_pid() != pid, what="end of the venue")
    asked = venued.run("venue", "status")

    assert (1, 0, 3) == (refused.returncode, stopped.returncode, asked.returncode)


def test_in_process_leaves_no_venue_behind(venued: Venued) -> None:
    """The flag wins over the configuration."""
    with venued.log.open("ab") as log:
        venued.process = subprocess.Popen(
            [sys.executable, "-m", "execd.cli", "run", "--in-process", "--state-dir", str(venued.root)],
            cwd=REPOSITORY,
            env=venued.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    venued.until_ready()
    venued.drop("a.json", buy("a", urgency="high"))
    venued.ended("a")

    assert (0, False) == (venued.end(), venued.venue.exists())


def test_other_settings_than_the_running_venue_s_are_named(venued: Venued) -> None:
    """The venue that runs is used as it is, with a warning."""
    venued.start()
    venued.until_ready()
    venued.end()
    venued.log.write_text("")
    venued.start(EXECD_SIM__SEED="7", EXECD_SIM__LATENCY_MS="1")
    venued.until_ready()
    (told,) = (json.loads(line) for line in venued.log.read_text().splitlines() if "venue_differs" in line)

    assert ["sim.seed", "sim.latency_ns"] == told["keys"]


def test_a_venue_that_is_a_service_says_when_it_is_ready(venued: Venued, tmp_path: Path) -> None:
    """READY=1 comes once its socket is there; the daemon that comes after it finds it, and its stop leaves it."""
    command = [sys.executable, "-m", "execd.cli", "venue", "sim", "--state-dir", str(venued.root)]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(30)
        told = venued.environment | {"NOTIFY_SOCKET": str(tmp_path / "notify")}
        with subprocess.Popen(command, cwd=REPOSITORY, env=told, stderr=subprocess.DEVNULL) as service:
            heard, has_door = manager.recv(4096).decode(), venued.has_door()
            venued.start()
            venued.until_ready()
            found = venued.venue_pid()
            venued.end()
            after = service.poll()
            service.send_signal(signal.SIGTERM)
            code = service.wait(10)

    assert ("READY=1", True, True, None, 0) == (heard, has_door, found == service.pid, after, code)


def test_an_account_whose_reports_are_not_heard_is_asked(venued: Venued) -> None:
    """`streams.reports: false`: what the venue tells is not believed; the fill is found by asking, once."""
    venued.start(EXECD_STREAMS__REPORTS="false")
    venued.until_ready()
    venued.drop("a.json", buy("a", urgency="high"))
    report = venued.ended("a")
    fills = venued.json("fills")

    assert ("filled", "100") == (report["status"], report["cum_qty"])
    assert ["100"] == [fill["last_qty"] for fill in fills]
