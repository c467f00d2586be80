"""`python -m execd.cli` is `execd`.

Nothing else belongs here.
"""

import sys

from execd.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
