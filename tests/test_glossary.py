"""The glossary tells the truth about the names in the code.

It reads the syntax of `execd/core`, not the values; a term that core does not have yet must not be in the table.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


def names_of_core() -> frozenset[str]:
    """Return every field and property of a class in core."""
    names: set[str] = set()
    for path in sorted((REPOSITORY / "execd" / "core").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                names |= set(_members(node))
    return frozenset(names)


def _members(node: ast.ClassDef) -> Iterator[str]:
    for part in node.body:
        match part:
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.FunctionDef(name=name):
                yield name
            case _:
                pass


def test_every_field_of_the_glossary_exists_in_core() -> None:
    """A reader who looks a FIX term up finds a name that can be searched for."""
    text = (REPOSITORY / "docs" / "glossary.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| [^|]+ \| [\d, ]+ \| `(\w+)` \|", text, re.MULTILINE)

    assert (len(told) > 25, sorted(set(told) - names_of_core())) == (True, [])
