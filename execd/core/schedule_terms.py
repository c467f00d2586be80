"""The parameters of schedules, and the table of everything that may be asked for.

What a term is is in `algo_terms`; nothing is read or checked here. A new schedule is a value here, named in
`SCHEDULE_TERMS`.
"""

from typing import Final

from execd.core.algo_terms import AlgoTerms
from execd.core.tactic_terms import SPECIAL_TERMS, TACTIC_TERMS

SCHEDULE_TERMS: Final[tuple[AlgoTerms, ...]] = ()
ALGO_TERMS: Final = {one.name: one for one in (*SCHEDULE_TERMS, *TACTIC_TERMS, *SPECIAL_TERMS)}
"""By name; the registry has a row for each."""
