"""Files that are held open for the day when no more can be opened.

They are nothing but numbers that the kernel keeps for us: given back, they let
the daemon write a report, start the program that pages, and end in order. When
to take them and when to give them back is said in `resources.py`.
"""

import os
from contextlib import suppress
from typing import Final

RESERVE_FILES: Final = 16
"""A page by a program needs about ten for a moment: three pipes, their ends, the word of its start."""


class Reserve:
    """Open files that mean nothing."""

    def __init__(self) -> None:
        """Begin with none."""
        self._files: list[int] = []

    @property
    def files_n(self) -> int:
        """How many are held."""
        return len(self._files)

    def take(self) -> None:
        """Hold all of them, or as many as there still are."""
        with suppress(OSError):
            while len(self._files) < RESERVE_FILES:
                self._files.append(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))

    def give(self) -> int:
        """Give all back; return how many there were."""
        files, self._files = self._files, []
        for file in files:
            os.close(file)
        return len(files)
