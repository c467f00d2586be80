"""Shipped presets, and what the section `execution` says in their place.

The six files of config/presets are part of the program: a wheel carries them inside this package, a checkout has them
where people look for them. They are read without the question whose they are, as the program itself is. Files of the
operator's own are the loader's to find (`loader`).
"""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace
from pydantic import ValidationError

from execd.config.fields_preset import Own
from execd.config.files import Document, read_document
from execd.config.sections_preset import PresetSettings
from execd.config.sections_trading import Execution
from execd.config.strict_text import nearest
from execd.core.preset import Preset, Way
from execd.errors import ConfigError

_S: Final = 1_000_000_000
_OFFSETS: Final = ("offset", "adaptive_offset")


def shipped_dir() -> Path:
    """Return where the shipped presets lie."""
    inside = Path(__file__).parent / "preset_files"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "config" / "presets"


def shipped_names() -> tuple[str, ...]:
    """Return the names of the shipped presets."""
    return tuple(sorted(file.stem for file in shipped_dir().glob("*.yaml")))


def shipped_document(name: str) -> Document:
    """Return what a shipped file says. Raises ConfigError where there is none of this name."""
    if name not in shipped_names():
        known = shipped_names()
        raise ConfigError(f"there is no preset {name} (shipped: {', '.join(known)}){nearest(name, known)}")
    return read_document(shipped_dir() / f"{name}.yaml", is_trusted=True)


@cache
def shipped(name: str) -> PresetSettings:
    """Return a shipped preset. Raises ConfigError where there is none of this name."""
    try:
        return PresetSettings.model_validate(shipped_document(name).mapping)
    except ValidationError as error:
        raise ConfigError(f"the shipped preset {name} cannot be read: {error}") from None


def own_parameters(execution: Execution) -> dict[str, dict[str, Any]]:
    """Return the parameters that the section gives the offset tactics, where it gives any."""
    given = _given(bps=execution.offset_bps, ttl_ns=execution.offset_ttl_s)
    return dict.fromkeys(_OFFSETS, given) if given else {}


def overlaid(preset: Preset, execution: Execution) -> Preset:
    """Return the preset with the numbers that the section `execution` says itself."""
    if not isinstance(execution.collar_bps, Own):
        preset = replace(preset, collar_bps=execution.collar_bps, collar_class_bps={})
    if not isinstance(execution.small_order_market_usd, Own):
        preset = replace(preset, small_notional_max=execution.small_order_market_usd)
    high = _given(spread_fraction=execution.high_spread_fraction, ttl_ns=execution.high_ttl_s)
    own = own_parameters(execution)
    return replace(
        preset,
        low=_with(preset.low, own),
        normal=_with(preset.normal, own),
        high=_with(preset.high, {**own, "marketable": high}),
    )


def _with(way: Way, own: Mapping[str, Mapping[str, Any]]) -> Way:
    given = own.get(way.tactic["name"])
    return replace(way, tactic={**way.tactic, **given}) if given else way


def _given(**values: Decimal | Own) -> dict[str, Any]:
    """Return the values that are said, as plans store them: spans in nanoseconds, the others as text."""
    found = {name: value for name, value in values.items() if not isinstance(value, Own)}
    return {name: int(one * _S) if name.endswith("_ns") else format(one, "f") for name, one in found.items()}
