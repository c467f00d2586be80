"""A test page by the routes of the configuration, with no daemon to ask.

The same routes as the daemon's, tried once each, all at once.
"""

import asyncio
import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from execd.core.codec import encode
from execd.runtime.routes import ExecRoute, Route, RouteError, WebhookRoute

if TYPE_CHECKING:
    from execd.config.settings import Settings


def page(settings: "Settings") -> list[dict[str, Any]]:
    """Send a test page by every route; return what became of each."""
    alerts, timeout_s = settings.alerts, float(settings.alerts.timeout_s)
    routes: list[Route] = []
    if alerts.exec:
        routes.append(ExecRoute(alerts.exec, timeout_s, os.environ))
    if url := alerts.webhook.get_secret_value():
        routes.append(WebhookRoute(url, timeout_s))
    return asyncio.run(_all(routes))


async def _all(routes: Sequence[Route]) -> list[dict[str, Any]]:
    return list(await asyncio.gather(*(_one(route) for route in routes)))


async def _one(route: Route) -> dict[str, Any]:
    now_ns, began_s = time.time_ns(), time.monotonic()
    told = {
        "source": "execd",
        "id": "test",
        "code": "test",
        "severity": "info",
        "text": "execd info: test: this is a test of execd's alert routes; nothing is wrong",
        "parent_id": "",
        "count": 1,
        "first_ns": now_ns,
        "last_ns": now_ns,
        "is_test": True,
    }
    error = ""
    try:
        await route.send(encode(told))
    except RouteError as failure:
        error = str(failure)
    seconds = round(time.monotonic() - began_s, 3)
    return {"route": route.name, "is_ok": not error, "seconds": seconds, "error": error}
