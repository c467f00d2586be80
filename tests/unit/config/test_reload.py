"""What a running daemon takes up from a new configuration: what may change does, the rest is refused by its name."""

from decimal import Decimal
from pathlib import Path

import pytest

from execd.config.fields import Adapter
from execd.config.keys import ANY, keys
from execd.config.loader import load
from execd.config.reload import Changes, changes, is_reloadable, reloaded
from execd.config.sections_trading import SIM_LIMITS, Account
from execd.config.settings import Settings
from execd.errors import ConfigError


def refused(found: Changes) -> list[tuple[str, str | None]]:
    """Return the names that were refused, and why."""
    return [(change.name, change.refusal) for change in found.refused]


def applied(found: Changes) -> list[str]:
    """Return the names that were taken up."""
    return [change.name for change in found.applied]


def written(folder: Path, text: str) -> Path:
    """Return a configuration file that holds `text`."""
    file = folder / "execd.yaml"
    file.write_text(text)
    return file


def test_the_same_configuration_changes_nothing(tmp_path: Path) -> None:
    """A reload of an unchanged file is told as such, and the very same settings go on."""
    old = Settings()
    settings, found = reloaded(old, written(tmp_path, "mode: trade\n"), {})

    assert (True, True) == (settings is old, found.is_same)


def test_what_may_change_is_taken_up_and_the_rest_keeps_its_value(tmp_path: Path) -> None:
    """Execution, alerts and sleeves change while orders work; the venue and the journal need a restart."""
    text = (
        "execution: {offset_bps: 7}\nalerts: {repeat_s: 60, exec: [/bin/page, -v]}\n"
        "sleeves: {fast: {horizon: intraday}}\n"
        "sim: {seed: 9}\njournal: {ballast_mib: 1}\nlogging: {level: debug, format: json}\n"
    )
    settings, found = reloaded(Settings(), written(tmp_path, text), {})

    assert ["execution.offset_bps", "alerts.exec", "alerts.repeat_s", "logging.level", "sleeves.fast"] == applied(found)
    assert [("sim.seed", "restart"), ("journal.ballast_mib", "restart"), ("logging.format", "restart")] == refused(
        found
    )
    assert (Decimal(7), 1, "debug", "auto", ["fast"]) == (
        settings.execution.offset_bps,
        settings.sim.seed,
        settings.logging.level,
        settings.logging.format,
        list(settings.sleeves),
    )


def test_a_sleeve_that_is_gone_is_taken_out() -> None:
    """What the new file does not say any more is not in force any more."""
    old = load(None, {"EXECD_SLEEVES__fast__HORIZON": "intraday"})
    found = changes(old, Settings())

    assert [("sleeves.fast", '{horizon: intraday, preset: ""}', "")] == [
        (one.name, one.old, one.new) for one in found.applied
    ]
    assert {} == reloaded(old, None, {})[0].sleeves


@pytest.mark.parametrize(
    "value, outcome",
    [("1", None), ("9999", None), ("10001", None), ("20000", None), ("20001", "limit_step"), ("1000000", "limit_step")],
)
def test_a_limit_is_raised_at_most_twofold_at_once(value: str, outcome: str | None) -> None:
    """Fault H3: a limit that is raised a hundredfold is refused by name; a tighter one always counts."""
    settings, found = reloaded(Settings(), None, {"EXECD_ACCOUNTS__SIM__LIMITS__ORDER_QTY_MAX": value})
    name = "accounts.sim.limits.order_qty_max"

    assert ([] if outcome else [name]) == applied(found)
    assert ([(name, outcome)] if outcome else []) == refused(found)
    assert Decimal(10_000 if outcome else value) == settings.accounts["sim"].limits.order_qty_max


def test_a_limit_of_a_live_account_is_only_tightened() -> None:
    """Fault H3: to raise a limit where real money is at stake takes a restart."""
    # No live adapter is built yet, so no text can name one.
    account = Account(adapter=Adapter.SIM, limits=SIM_LIMITS).model_copy(update={"adapter": "live"})
    old = Settings().model_copy(update={"accounts": {"a": account}})
    wider = account.model_copy(update={"limits": SIM_LIMITS.model_copy(update={"open_orders_max": 501})})
    tighter = account.model_copy(update={"limits": SIM_LIMITS.model_copy(update={"open_orders_max": 499})})

    assert [("accounts.a.limits.open_orders_max", "limit_live")] == refused(
        changes(old, old.model_copy(update={"accounts": {"a": wider}}))
    )
    assert ["accounts.a.limits.open_orders_max"] == applied(
        changes(old, old.model_copy(update={"accounts": {"a": tighter}}))
    )


def test_an_account_comes_and_goes_only_with_a_restart() -> None:
    """Orders of an account that vanished would have nobody."""
    limits = "{order_qty_max: 1, order_notional_usd_max: 1, price_collar_ratio: 0.1, open_orders_max: 1}"
    two = load(None, {"EXECD_ACCOUNTS__B": f"{{adapter: sim, limits: {limits}}}"})

    assert [("accounts.B", "restart")] == refused(changes(Settings(), two))
    assert [("accounts.B", "restart")] == refused(changes(two, Settings()))


def test_an_invalid_file_keeps_the_old_configuration(tmp_path: Path) -> None:
    """Fault H9: a reload that cannot be read raises with its place, and nothing of it is taken up."""
    old = Settings()
    digest = old.digest()

    with pytest.raises(ConfigError, match=r"execd\.yaml:1: execution\.offset_bps: 'x' is not a number"):
        reloaded(old, written(tmp_path, "execution: {offset_bps: x, collar_bps: 3}\n"), {})
    assert digest == old.digest()


def test_a_secret_changes_without_being_shown() -> None:
    """Fault I12: the answer to a reload says that a secret changed, and not to what."""
    old = load(None, {"EXECD_ALERTS__WEBHOOK": "https://old.example/canary-1"})
    settings, found = reloaded(old, None, {"EXECD_ALERTS__WEBHOOK": "https://new.example/canary-2"})

    assert ["alerts.webhook: ********** → **********"] == [change.text for change in found.applied]
    assert "https://new.example/canary-2" == settings.alerts.webhook.get_secret_value()
    assert "canary" not in repr(found)


def test_every_key_says_whether_it_can_be_reloaded() -> None:
    """The mark in the manual is the rule of the reload."""
    marked = {key.path for key in keys() if key.is_reloadable}

    assert {path for path in marked if path[0] == "accounts"} == {
        ("accounts", ANY, "limits", name) for name in type(SIM_LIMITS).model_fields
    }
    assert not is_reloadable(("surface", "http_port"))
    assert is_reloadable(("execution", "offset_bps"))


def test_a_change_is_told_with_its_reason() -> None:
    """What is refused says what to do instead."""
    found = changes(Settings(), load(None, {"EXECD_SURFACE__HTTP_PORT": "8787"}))

    assert ["surface.http_port: 0 → 8787: needs a restart"] == [change.text for change in found.refused]
