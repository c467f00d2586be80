"""How a daemon starts, stops, and stands in the way of a second one."""

import resource
import signal
import socket

import pytest

from tests.acceptance.daemon import Execd, buy


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_signal_ends_with_exit_code_zero(execd: Execd, number: signal.Signals) -> None:
    """SIGTERM and SIGINT stop in order: exit 0, no socket left, and the journal closed."""
    execd.start()
    execd.until_ready()
    code = execd.end(number)

    left = sorted(path.name for path in execd.root.iterdir() if path.name.endswith((".sock", "-wal")))
    assert (code, left) == (0, [])


def test_a_restart_knows_what_was_and_goes_on(execd: Execd) -> None:
    """After a stop the next start has the same fills, and an order that rested is worked to its end."""
    execd.start()
    execd.until_ready()
    execd.drop("done.json", buy("done"))
    execd.drop("rests.json", buy("rests", limit_price="1.00", deadline="4s"))
    execd.ended("done")
    execd.until(lambda: execd.report("rests").get("children"), what="order")
    fills = execd.json("fills")
    execd.end()
    execd.log.write_text("")
    execd.start()
    execd.until_ready()
    report = execd.ended("rests")

    assert (execd.json("fills"), report["status"], len(report["children"])) == (fills, "expired", 1)


def test_a_second_daemon_is_refused(execd: Execd) -> None:
    """Another daemon on the same state directory ends with 1 and says who holds it and what to do. Fault B6."""
    execd.start()
    execd.until_ready()
    second = execd.run("run")
    assert execd.process is not None

    told = (f"pid {execd.process.pid}" in second.stderr, "--state-dir" in second.stderr)
    assert (second.returncode, told) == (1, (True, True))


def test_an_unusable_configuration_ends_with_78_and_the_place(execd: Execd) -> None:
    """A misspelt key stops the start, with file, line and the nearest name."""
    execd.root.mkdir()
    config = execd.root / "bad.yaml"
    config.write_text("execution:\n  offset_bsp: 3\n")
    done = execd.run("run", "--config", str(config))
    checked = execd.run("check-config", "--config", str(config))

    told = (f"{config}:2" in done.stderr, "offset_bps" in done.stderr)
    assert (done.returncode, told, checked.returncode) == (78, (True, True), 78)


def test_a_foreign_journal_is_left_as_it_is(execd: Execd) -> None:
    """A file that is no journal stops the start with 78, for a restart would not help, and is not touched."""
    execd.root.mkdir()
    journal = execd.root / "journal.db"
    journal.write_bytes(b"somebody else's bytes, long enough to be looked at" * 40)
    before = journal.read_bytes()
    done = execd.run("run")

    assert (done.returncode, journal.read_bytes() == before) == (78, True)


def test_a_state_directory_that_everybody_may_write_is_left_as_it_is(execd: Execd) -> None:
    """Fault I16: exit 78 as check-config says it, with the next step, and nothing is made in the directory."""
    execd.root.mkdir()
    execd.root.chmod(0o777)
    checked = execd.run("check-config")
    started = execd.run("run")

    assert (78, 78) == (checked.returncode, started.returncode)
    assert ("chmod o-w" in started.stderr, []) == (True, list(execd.root.iterdir()))


def test_a_start_without_room_says_so_and_leaves_the_journal(execd: Execd) -> None:
    """Fault B3: exit 1, for there may be room at the next try; the reason, the next step, not a byte changed."""
    execd.start()
    execd.until_ready()
    execd.end()
    before = (execd.root / "journal.db").read_bytes()
    # As on a full disk: a file can be opened and not grow.
    done = execd.run("run", before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64)))

    assert (1, before) == (done.returncode, (execd.root / "journal.db").read_bytes())
    assert "no space is left for the journal" in done.stderr
    assert "make room" in done.stderr


def test_smart_execution_can_be_switched_off_by_its_bare_name(execd: Execd) -> None:
    """EXECUTION__ENABLE_SMART_EXECUTION=false sends one order as asked: market without a limit, else that limit."""
    execd.start(EXECUTION__ENABLE_SMART_EXECUTION="false")
    execd.until_ready()
    execd.drop("plain.json", buy("plain"))
    execd.drop("limit.json", buy("limit", limit_price="193.00"))
    reports = [execd.ended("plain"), execd.ended("limit")]

    sent = [[(child["ord_type"], child["price"]) for child in report["children"]] for report in reports]
    assert sent == [[("market", None)], [("limit", "193")]]


def test_a_file_in_the_inbox_before_the_start_is_worked(execd: Execd) -> None:
    """What was dropped while no daemon ran is taken at the start."""
    execd.drop("early.json", buy("early"))
    execd.start()
    execd.until_ready()

    assert execd.ended("early")["status"] == "filled"


def test_a_port_that_is_taken_stops_the_start_with_78(execd: Execd) -> None:
    """Where metrics cannot be served as configured, the start says so instead of trading unseen."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        execd.environment["EXECD_SURFACE__HTTP_PORT"] = port
        done = execd.run("run")

    assert (done.returncode, "surface.http_port" in done.stderr, port in done.stderr) == (78, True, True)
