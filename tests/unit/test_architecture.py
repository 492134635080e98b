"""Rules of the code that a reader may rely on, read off its syntax trees."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

SERVICE = Path(__file__).parents[2] / "service"
# Among the console's packages there is Python too, of others.
MODULES = sorted(path for path in SERVICE.rglob("*.py") if "node_modules" not in path.parts)
LONGEST_FILE = 400

# What a package may import of ours besides itself. The modules directly in `service` put them together.
MAY_IMPORT: dict[str, set[str]] = {
    "domain": set(),
    "observability": {"domain"},
    "scheduling": {"domain"},
    "database": {"domain"},
    "execution": {"domain", "database"},
    "handlers": {"domain", "database"},
    "api": {"domain", "database"},
    "console": set(),
}
# The version is a fact of the whole.
FREE_FOR_ALL = {"service"}

CLOCK_READS = {
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "time": {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "gmtime"},
    "loop": {"time"},
    "get_running_loop": {"time"},
}
SQL_BEGINS_WITH = {"select", "insert", "update", "delete", "with", "create", "drop", "set"}
BOUNDED_CALLS = {"fetch", "fetchrow", "fetchval", "execute", "executemany"}
# A group would wait for ever for a handler that refuses to end: see the class.
OWNS_TASKS_OUTSIDE_A_GROUP = {"service.execution.runner"}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All of a module's tree; to walk through it takes longer than to ask every rule."""
    return tuple(ast.walk(tree(path)))


def name_of(path: Path) -> str:
    """service/domain/clock.py is service.domain.clock."""
    parts = path.relative_to(SERVICE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {name_of(path) for path in MODULES}


def imports(path: Path) -> Iterator[str]:
    """Every module that a module imports, wherever in it."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}: imports are absolute"
            assert node.module
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in NAMES else node.module


def calls(path: Path) -> Iterator[tuple[ast.Call, str, str]]:
    """Every call of an attribute: the node, the last word before the dot, and the name called."""
    for node in nodes(path):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            before = ast.unparse(node.func.value).removesuffix("()").split(".")[-1]
            yield node, before, node.func.attr


def package(module: str) -> str | None:
    """The package of ours that a module stands in; None directly below `service`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and (SERVICE / parts[1]).is_dir() else None


def place(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(SERVICE.parent)}:{getattr(node, 'lineno', 0)}"


def test_imports_point_one_way():
    """domain imports nothing of ours; api, scheduling, execution and handlers do not import each other."""
    wrong = [
        f"{name_of(path)} imports {imported}"
        for path in MODULES
        if (own := package(name_of(path))) is not None
        for imported in imports(path)
        if imported.split(".")[0] == "service" and imported not in FREE_FOR_ALL
        if package(imported) not in {own, *MAY_IMPORT[own]}
    ]
    assert wrong == []


def test_every_package_has_its_rule():
    """A new package says what it may import."""
    packages = {path.name for path in SERVICE.iterdir() if (path / "__init__.py").exists()}
    assert packages == set(MAY_IMPORT)


def test_no_module_imports_itself_by_a_detour():
    """Modules can be read in an order in which each needs only those before it."""
    graph = {
        name_of(path): {each for each in imports(path) if each in NAMES and each != name_of(path)}
        for path in MODULES
    }
    # Importing a module runs its packages first.
    for name, needed in graph.items():
        needed |= {package for each in needed for package in parents(each) if package in NAMES}
        needed -= {name, *parents(name)}
    assert list(TopologicalSorter(graph).static_order())


def parents(module: str) -> Iterator[str]:
    while "." in module:
        module = module.rpartition(".")[0]
        yield module


def test_the_console_is_built_before_anything_is_installed():
    """What builds it needs the standard library alone, and hatchling where that runs it."""
    needed = {
        name.split(".")[0]
        for path in MODULES
        if name_of(path).startswith("service.console")
        for name in imports(path)
    }
    assert needed - sys.stdlib_module_names == {"service", "hatchling"}


@pytest.mark.parametrize(
    ("library", "allowed"),
    [
        ("croniter", "service.domain.cron"),
        ("asyncpg", "service.database"),
    ],
)
def test_a_library_is_imported_in_one_place(library, allowed):
    """Whoever replaces it knows where to look."""
    users = {name_of(path) for path in MODULES for name in imports(path) if name.split(".")[0] == library}
    assert {user for user in users if not user.startswith(allowed)} == set()


def test_only_the_clock_reads_a_clock():
    """Everything else is given the time, so that a test can move it."""
    readers = [
        f"{place(path, node)} {before}.{name}()"
        for path in MODULES
        if name_of(path) != "service.domain.clock"
        for node, before, name in calls(path)
        if name in CLOCK_READS.get(before, ())
    ]
    assert readers == []


def test_only_the_clock_imports_time():
    """`from time import monotonic` would pass by the test above."""
    assert {name_of(path) for path in MODULES if "time" in set(imports(path))} <= {"service.domain.clock"}


def test_no_statement_goes_round_the_bounded_way():
    """`pool.fetch` and `timeout=` hang without bound on a half-open socket (asyncpg issue 1326)."""
    wrong = [
        f"{place(path, node)} {before}.{name}"
        for path in MODULES
        for node, before, name in calls(path)
        if name in BOUNDED_CALLS
        if before in ("pool", "_pool") or any(keyword.arg == "timeout" for keyword in node.keywords)
    ]
    assert wrong == []


def test_sql_is_never_put_together_from_parts():
    """Every statement is a constant, or comes from a file of ours; every value is a $n."""
    # Lists with filters join constant conditions, and number the places of their values: one file may.
    files = sorted(set((SERVICE / "database").rglob("*.py")) - {SERVICE / "database" / "lists.py"})
    wrong = [
        f"{place(path, node)} {ast.unparse(node.args[0])[:60]}"
        for path in files
        for node, _, name in calls(path)
        if name in BOUNDED_CALLS and node.args
        if not isinstance(node.args[0], ast.Constant | ast.Name | ast.Attribute | ast.Starred)
    ]
    constants = [
        f"{place(path, node)} {ast.unparse(node)[:60]}"
        for path in files
        for node in nodes(path)
        if is_text_put_together(node) and looks_like_sql(ast.unparse(node))
    ]
    assert wrong + constants == []


def is_text_put_together(node: ast.AST) -> bool:
    """f"…{x}…", "…" + x, "…" % x, "…".format(x)."""
    match node:
        case ast.JoinedStr():
            return any(isinstance(part, ast.FormattedValue) for part in node.values)
        case ast.BinOp(op=ast.Add() | ast.Mod()):
            return any(isinstance(side, ast.Constant | ast.JoinedStr) for side in (node.left, node.right))
        case ast.Call(func=ast.Attribute(attr="format")):
            return True
    return False


def looks_like_sql(text: str) -> bool:
    words = text.strip("f'\"\\n ").lower().split()
    return bool(words) and words[0] in SQL_BEGINS_WITH


def test_every_task_has_an_owner():
    """No fire-and-forget: a task belongs to a group."""
    wrong = [
        f"{place(path, node)} {before}.{name}"
        for path in MODULES
        if name_of(path) not in OWNS_TASKS_OUTSIDE_A_GROUP
        for node, before, name in calls(path)
        if name in ("create_task", "ensure_future") and before not in ("tasks", "_tasks")
    ]
    assert wrong == []


def test_no_package_takes_a_name_of_the_standard_library():
    """`python service` would find ours, and break aiohttp."""
    names = {path.name for path in SERVICE.iterdir() if path.is_dir()}
    assert names & sys.stdlib_module_names == set()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_says_what_it_is_for_and_stays_short(path):
    """A docstring in one sentence first, and at most 400 lines."""
    docstring = ast.get_docstring(tree(path))
    assert docstring
    assert docstring.splitlines()[0].endswith((".", "?", ":"))
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE
