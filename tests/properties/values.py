"""Any value of a core type, drawn from its annotations: a new record or event is in the laws without a line here."""

from decimal import Decimal
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=9)
LEAVES: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(alphabet=st.characters(codec="utf-8"), max_size=12),
    int: st.integers(min_value=-(2**63), max_value=2**63 - 1),
    bool: st.booleans(),
    Decimal: DECIMALS,
    NoneType: st.none(),
    msgspec.Raw: st.sampled_from([msgspec.Raw(b'{"n":1,"px":"1.50"}'), msgspec.Raw(b"[]"), msgspec.Raw(b"null")]),
    # Parameters of algorithms: text, numbers and booleans.
    Any: st.text(max_size=5) | st.integers(min_value=-9, max_value=9) | st.booleans(),
}


@cache
def values(kind: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401  # A union of types is no `type[T]`.
    """Return any value of `kind`: a leaf, an enum, a container, a union or a struct of such."""
    if kind in LEAVES:
        return LEAVES[kind]
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        return st.one_of([values(argument) for argument in arguments])
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple and arguments[-1] is not Ellipsis:
        return st.tuples(*map(values, arguments))
    if origin is tuple:
        return st.lists(values(arguments[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(values(arguments[0]), values(arguments[1]), max_size=3)
    if issubclass(kind, Enum):
        return st.sampled_from(kind)
    hints = get_type_hints(kind)
    return st.builds(kind, **{field.name: values(hints[field.name]) for field in msgspec.structs.fields(kind)})
