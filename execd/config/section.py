"""What all sections of the configuration share.

Frozen, strict, without unknown keys, and with no value in an error. It holds no key; the keys are in
`sections_trading`, `sections_venue` and `sections_running`.
"""

from typing import Final

from pydantic import BaseModel, ConfigDict

STRICT: Final = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)


class Section(BaseModel):
    """A part of the configuration; the text below a field is what the file and the manual say about its key."""

    model_config = STRICT
