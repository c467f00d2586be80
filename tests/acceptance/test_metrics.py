"""What a scraper sees: metrics that a linter accepts, and health."""

import shutil
import subprocess
import urllib.error
import urllib.request

import pytest

from tests.acceptance.daemon import Execd, buy


def fetch(url: str) -> tuple[int, str]:
    """Return status and body of a page on loopback."""
    assert url.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(url, timeout=10) as page:  # noqa: S310  # The line above says where.
        return page.status, page.read().decode()


@pytest.fixture(scope="module")
def base(running: Execd) -> str:
    """Return where the daemon serves its pages, after something has traded."""
    running.drop("metered.json", buy("metered-one"))
    running.ended("metered-one")
    return str(running.json("status")["metrics_url"]).removesuffix("/metrics")


def test_metrics_pass_the_linter_of_prometheus(base: str) -> None:
    """`promtool check metrics` finds nothing in /metrics."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("PROMTOOL ABSENT: /metrics is not checked; it is part of the package prometheus")
    _, text = fetch(f"{base}/metrics")
    checked = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)

    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_a_fill_is_counted_once(base: str) -> None:
    """Intents, plans, parents, orders and fills of one filled intent are one each."""
    _, text = fetch(f"{base}/metrics")

    wanted = [
        'execd_intents_total{source="inbox",status="accepted"} 1.0',
        'execd_parents_total{algo="offset",status="filled",urgency="normal"} 1.0',
        'execd_child_orders_total{side="buy",status="filled",type="limit",venue="sim"} 1.0',
        'execd_fills_total{venue="sim"} 1.0',
        'execd_filled_notional_total{currency="USD",venue="sim"} ',
    ]
    assert [line for line in wanted if line not in text] == []


def test_no_label_is_an_id_or_a_symbol(base: str) -> None:
    """Labels are bounded: neither an intent's id nor a symbol nor an order's id is one."""
    _, text = fetch(f"{base}/metrics")

    assert [word for word in ("metered-one", "AAPL", "cl_ord_id") if word in text] == []


def test_health_and_readiness_answer(base: str) -> None:
    """/healthz and /readyz answer 200 while the daemon works."""
    assert (fetch(f"{base}/healthz"), fetch(f"{base}/readyz")) == ((200, "ok\n"), (200, "ready\n"))


def test_another_path_is_not_found(base: str) -> None:
    """Nothing else is served there."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        fetch(f"{base}/v1/status")

    code = refused.value.code
    refused.value.close()
    assert code == 404
