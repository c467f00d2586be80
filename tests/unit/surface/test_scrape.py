"""Metrics for many at once: encoded once."""

import asyncio

from prometheus_client import CollectorRegistry, Gauge

from execd.surface.scrape import Scrapes


async def test_many_who_ask_at_once_cost_one_encoding() -> None:
    """Fault G14: a crowd of scrapers reads the gauges once, and all of them get the same figures."""
    registry, read = CollectorRegistry(), []
    gauge = Gauge("depth", "How deep.", registry=registry)

    def look() -> None:
        read.append(1)
        gauge.set(len(read))

    scrapes = Scrapes(registry, look)
    told = await asyncio.gather(*(scrapes.answer("") for _ in range(50)))

    assert (1, True, 1) == (len(read), b"depth 1.0" in told[0].body, len(set(told)))


async def test_each_format_is_answered_in_its_own() -> None:
    """Who asks for OpenMetrics is not given the text of somebody else."""
    scrapes = Scrapes(CollectorRegistry(), lambda: None)
    told = [await scrapes.answer(accept) for accept in ("", "application/openmetrics-text; version=1.0.0", "")]

    assert [False, True, False] == [one.content_type.startswith("application/openmetrics-text") for one in told]
