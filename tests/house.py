"""The rules of the house, each a function from a file to what is wrong with it.

`tests/test_house.py` runs them over the tree, `tests/test_house_rules.py` shows each one a bad file. A rule reads text
and syntax only: it imports nothing of execd, so a broken room cannot hide from it. What ruff, mypy and import-linter
already hold is not repeated here. A new rule is a function here, a row in RULES and a bad file in the rules' test.
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from tests.house_sets import set_iterations

FILE_LINES_MAX = 400
FILE_LINES_SOFT_MAX = 300
FUNCTION_LINES_MAX = 60

# The picture of the rooms: who may import whom, directly. A room that is not here may not exist.
ADAPTER = frozenset({"core", "ports", "errors"})
ROOMS: dict[str, frozenset[str]] = {
    "errors": frozenset(),
    "core": frozenset({"errors"}),
    "ports": frozenset({"core", "errors"}),
    "algos": frozenset({"core", "errors"}),
    "policy": frozenset({"algos", "core", "errors"}),
    "engine": frozenset({"policy", "algos", "core", "errors"}),
    "runtime": frozenset({"engine", "policy", "algos", "core", "ports", "errors"}),
    "surface": frozenset({"runtime", "engine", "policy", "algos", "core", "ports", "errors"}),
    "journal": ADAPTER,
    "intake": ADAPTER | {"config"},
    "refdata": ADAPTER,
    "brokers": ADAPTER | {"venue"},
    "venue": ADAPTER,
    "simulation": frozenset({"engine", "policy", "algos", "venue", "journal", "intake", "core", "ports", "errors"}),
    "analysis": frozenset({"journal", "core", "errors"}),
    # A settings model hands over the domain's own values, so it must be able to name them.
    "config": frozenset({"engine", "policy", "algos", "core", "errors"}),
}
# The composition root with its parts (markets, doors, guards, entrance), and the commands above, may name every room.
ROOMS["markets"] = frozenset(ROOMS)
ROOMS["doors"] = frozenset(ROOMS)
ROOMS["guards"] = frozenset(ROOMS)
ROOMS["entrance"] = frozenset(ROOMS)
ROOMS["wires"] = frozenset(ROOMS)
ROOMS["restoring"] = frozenset(ROOMS)
ROOMS["opening"] = frozenset(ROOMS)
ROOMS["pinning"] = frozenset(ROOMS)
ROOMS["reference"] = frozenset(ROOMS)
ROOMS["app"] = frozenset(ROOMS)
ROOMS["cli"] = frozenset(ROOMS)
# What of a room a certain room may see, where that is less than the whole.
NARROW = {
    ("brokers", "venue"): "execd.brokers.sim",
    ("simulation", "intake"): "execd.intake.parse",
    ("intake", "config"): "execd.config.strict_",  # docs/adr/0018.
}

PURE_ROOMS = frozenset({"core", "algos", "policy", "engine", "simulation"})
IMPURE_MODULES = frozenset(
    "asyncio concurrent importlib logging multiprocessing os random secrets socket sqlite3 structlog subprocess "
    "threading time uuid".split(),
)
IMPURE_CALLS = frozenset(
    "__import__ breakpoint eval exec getrandbits hash id input monotonic monotonic_ns open perf_counter "
    "perf_counter_ns print time_ns urandom uuid1 uuid4".split(),
)
CLOCK_METHODS = frozenset({"now", "today", "utcnow"})
CLOCK_OWNERS = frozenset({"date", "datetime"})
CORE_LIBRARIES = frozenset(sys.stdlib_module_names) | {"execd", "msgspec"}


@dataclass(frozen=True)
class Source:
    """A Python file: its path from the top of the repository, and its text."""

    path: PurePosixPath
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed text."""
        return ast.parse(self.text, filename=str(self.path))

    @property
    def room(self) -> str | None:
        """The room of execd it belongs to; None for tests, benchmarks and `execd/__init__.py`."""
        parts = self.path.parts
        if parts[0] != "execd" or self.path == PurePosixPath("execd/__init__.py"):
            return None
        return parts[1].removesuffix(".py")

    @property
    def is_pure(self) -> bool:
        """Whether clock, chance, disk and log are forbidden here."""
        return self.room in PURE_ROOMS or self.path.as_posix().startswith("execd/venue/matching")

    @property
    def is_package(self) -> bool:
        """Whether it is the `__init__.py` of a package."""
        return self.path.name == "__init__.py"


def too_long(source: Source) -> Iterator[str]:
    """Report a file or a function above its hard limit, docstring included, decorators not."""
    lines = len(source.text.splitlines())
    if lines > FILE_LINES_MAX:
        yield f"{source.path}: {lines} lines, {FILE_LINES_MAX} allowed"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES_MAX:
                yield f"{source.path}:{node.lineno}: {node.name} has {length} lines, {FUNCTION_LINES_MAX} allowed"


def untold(source: Source) -> Iterator[str]:
    """Report a module that does not say what it holds: a line for a package, a few sentences for any other."""
    docstring = ast.get_docstring(source.tree)
    if docstring is None:
        yield f"{source.path}: no module docstring"
    elif source.room is not None and not source.is_package and len(docstring.splitlines()) < 2:
        yield f"{source.path}: one line of docstring; say also what it never does and where the next goes"


def impure(source: Source) -> Iterator[str]:
    """Report a clock, a draw, a file, a log or a print in a pure room, and a foreign library in core."""
    if not source.is_pure:
        return
    for statement, name in imports(source):
        top = name.partition(".")[0]
        if top in IMPURE_MODULES:
            yield f"{source.path}:{statement.lineno}: imports {top} in a pure room"
        elif source.room == "core" and top not in CORE_LIBRARIES:
            yield f"{source.path}:{statement.lineno}: core imports {top}; it may use the standard library and msgspec"
    hashing = {id(inner) for node in ast.walk(source.tree) if _is_hash_method(node) for inner in ast.walk(node)}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and (called := _forbidden_call(node)):
            if called == "hash" and id(node) in hashing:
                continue
            yield f"{source.path}:{node.lineno}: calls {called}() in a pure room"


def imprecise(source: Source) -> Iterator[str]:
    """Report a float in core: prices, quantities and money are Decimal, instants are integers."""
    if source.room != "core":
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield f"{source.path}:{node.lineno}: the float {node.value} in core"


def unordered(source: Source, *, set_fields: frozenset[str] = frozenset()) -> Iterator[str]:
    """Report an iteration over a set in a pure room: its order changes with PYTHONHASHSEED."""
    if source.is_pure:
        for line in set_iterations(source.tree, set_fields=set_fields):
            yield f"{source.path}:{line}: iterates a set in a pure room; sort it first"


def wrong_way(source: Source) -> Iterator[str]:
    """Report an import against the arrows, or a room without a row in ROOMS."""
    room = source.room
    if room is None:
        return
    if room not in ROOMS:
        yield f"{source.path}: {room} is no room of the house; give it a row in tests/house.py and a page in docs/adr"
        return
    for node, name in imports(source):
        parts = name.split(".")
        other = parts[1] if parts[0] == "execd" and len(parts) > 1 else room
        narrow = NARROW.get((room, other))
        if other in {room, "__version__"}:
            continue
        if other not in ROOMS[room]:
            yield f"{source.path}:{node.lineno}: {room} imports {other}"
        elif narrow and not _dotted(source).startswith(narrow) and not name.startswith(narrow):
            yield f"{source.path}:{node.lineno}: {room} and {other} meet only in {narrow}"


def catches_all(source: Source) -> Iterator[str]:
    """Report `except Exception` (or wider) whose line gives no reason in words."""
    lines = source.text.splitlines()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type):
            comment = lines[node.lineno - 1].partition("#")[2]
            if len(re.sub(r"noqa(: *[A-Z0-9, ]+)?", "", comment).split()) < 3:
                yield f"{source.path}:{node.lineno}: catches everything without a reason on the line"


def unnamed_ignore(source: Source) -> Iterator[str]:
    """Report a `type: ignore` that does not name what it ignores."""
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT and re.search(r"type:\s*ignore(?!\[)", token.string):
            yield f"{source.path}:{token.start[0]}: ignores a type error without naming it"


# The letters in brackets keep these lines from reporting themselves.
UNFINISHED = re.compile(r"\b(T[O]DO|F[I]XME)\b|(#|//)\s*X[X]X\b")
MACHINE_PATH = re.compile(r"(?<![\w.}])/(w[o]rk/|r[o]ot/|f[a]rm/|h[o]me/\w|U[s]ers/\w|t[m]p/\w)")
INDEX_HOST = re.compile(r"p[y]pi\.org|p[y]thonhosted|i[n]dex-url|n[p]mjs\.(org|com)|deb\.d[e]bian\.org|/s[i]mple/")


def unclean(path: PurePosixPath, text: str) -> Iterator[str]:
    """Report unfinished work, a path of somebody's machine, or a package index, in any tracked text."""
    for number, line in enumerate(text.splitlines(), start=1):
        for what, pattern in (("unfinished", UNFINISHED), ("machine path", MACHINE_PATH), ("index host", INDEX_HOST)):
            if found := pattern.search(line):
                yield f"{path}:{number}: {what} {found.group()!r}"
        if path.name == "requirements.lock" and "//" in line:
            yield f"{path}:{number}: the lock names a place; it may name only packages and hashes"


def imports(source: Source) -> Iterator[tuple[ast.stmt, str]]:
    """Yield each import of the file, wherever it stands, as the dotted name it reaches; `from a import b` is a.b."""
    package = source.path.parts[:-1]
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join((*above, *((node.module,) if node.module else ())))
            yield from ((node, f"{base}.{alias.name}") for alias in node.names)


def _dotted(source: Source) -> str:
    return ".".join(source.path.with_suffix("").parts)


def _is_hash_method(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name == "__hash__"


def _forbidden_call(node: ast.Call) -> str | None:
    match node.func:
        case ast.Name(id=name) if name in IMPURE_CALLS:
            return name
        case ast.Attribute(attr=name) if name in IMPURE_CALLS - {
            "id",
            "hash",
            "open",
            "input",
            "exec",
            "eval",
            "print",
        }:
            return name
        case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name) if (
            owner in CLOCK_OWNERS and name in CLOCK_METHODS
        ):
            return f"{owner}.{name}"
        case ast.Attribute(attr="astimezone") if not node.args and not node.keywords:
            return "astimezone"
        case _:
            return None


def _is_broad(caught: ast.expr | None) -> bool:
    match caught:
        case None:
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in {"Exception", "BaseException"}
        case ast.Tuple(elts=elements):
            return any(_is_broad(element) for element in elements)
        case _:
            return False


Rule = Callable[[Source], Iterator[str]]
RULES: tuple[Rule, ...] = (too_long, untold, impure, imprecise, wrong_way, catches_all, unnamed_ignore)
