"""Brokers by the name that the configuration gives them.

An adapter is imported when it is asked for, never before: its library may be
an extra that is not installed. A new adapter is a name and a case here.
"""

from typing import Final

from execd.errors import ConfigError
from execd.ports import Broker

NAMES: Final = ("sim",)


def broker_class(name: str) -> type[Broker]:
    """Return the adapter of a broker. Raises ConfigError for a name that is not in NAMES."""
    match name:
        case "sim":
            from execd.brokers.sim import SimBroker

            return SimBroker
        case _:
            raise ConfigError(f"broker {name!r} is not known; known are: {', '.join(NAMES)}")
