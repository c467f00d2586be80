"""What a start does not wait for is there afterwards, and nothing is changed for others."""

import json
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Final

from execd.runtime.quick_start import late_certificates

REPOSITORY: Final = Path(__file__).resolve().parents[3]
PROGRAM: Final = """
import json, ssl, sys
from execd.runtime.quick_start import import_structlog, late_certificates
import_structlog()
has_rich = "rich" in sys.modules
with late_certificates() as load:
    import aiohttp.connector
context = aiohttp.connector._SSL_CONTEXT_VERIFIED
before = context.cert_store_stats()["x509"]
load()
import rich
is_filled = context.cert_store_stats() == ssl.create_default_context().cert_store_stats()
told = [has_rich, before, is_filled, context.verify_mode == ssl.CERT_REQUIRED]
print(json.dumps(told))
"""


def test_a_start_reads_no_certificates_and_has_them_afterwards() -> None:
    """Aiohttp's context verifies from the beginning, nobody at first, then whom the machine trusts; rich can be had."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=REPOSITORY, capture_output=True, text=True, check=True)

    assert [False, 0, True, True] == json.loads(done.stdout)


def test_contexts_that_are_made_outside_are_filled_at_once() -> None:
    """The way in which contexts are made is as it was, also after an error inside."""
    before = ssl.SSLContext.set_default_verify_paths
    try:
        with late_certificates():
            int("no number")
    except ValueError:
        pass

    assert before == ssl.SSLContext.set_default_verify_paths
