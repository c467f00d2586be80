"""Coverage-guided fuzzing of the inbox's parser: `python tests/fuzz/fuzz_inbox.py -max_total_time=300`.

It starts from the committed corpus and leaves that as it is. It needs atheris, which is there for few platforms only;
the same target runs everywhere from `test_fuzz_inbox.py`. A finding is written to the working directory by libFuzzer;
put it into tests/fuzz/corpus/inbox when it is mended.
"""

import sys
import tempfile
from pathlib import Path

import atheris

CORPUS = Path(__file__).parent / "corpus" / "inbox"

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with atheris.instrument_imports(include=["execd.intake", "execd.config", "yaml", "json"]):
    from tests.fuzz.inbox_target import check


def main() -> None:
    """Fuzz until a finding, or until the time that was asked for is over."""
    with tempfile.TemporaryDirectory(prefix="execd-fuzz-inbox-") as folder:
        # libFuzzer writes what it finds worth keeping into the first directory.
        atheris.Setup([*sys.argv, folder, str(CORPUS)], check)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
